package python

import (
	"strings"

	"github.com/hangtime-dev/hangtime/stacks"
)

// Bounds of one stack: far more than servers have, far less than nonsense would make.
const (
	maxFrames = 100
	maxHops   = 4 * maxFrames // links that are followed
)

// A frame is a call as it is in memory.
type frame struct {
	at          uint64
	code        *code
	instruction int // place in the bytecode, in code units of two bytes; -1: not known
	generator   bool
}

// ownedByGenerator is FRAME_OWNED_BY_GENERATOR (pycore_frame.h).
const ownedByGenerator = 1

// frameAt reads one frame; false: it is not Python's own, or no frame at all.
func (r *Reader) frameAt(at uint64) (f frame, ok bool) {
	l := &r.layout
	owner := byte(0)
	if l.owners != 0 {
		raw := r.mem.bytes(at+l.owner, 1)
		if raw == nil || raw[0] >= l.owners {
			return f, false
		}
		owner = raw[0]
	}
	// 3.14 keeps marks in the lowest bits.
	f = frame{at: at, code: r.codeAt(r.mem.word(at+l.code) &^ 7), instruction: -1, generator: owner == ownedByGenerator}
	if f.code == nil {
		return f, false
	}
	if l.version == 0x030a {
		const generator = 88 // f_gen
		f.instruction, f.generator = int(int32(r.mem.half(at+l.instruction))), r.mem.word(at+generator) != 0
	} else if i := r.mem.word(at + l.instruction); i >= f.code.start && i-f.code.start < maxTable {
		f.instruction = int(i-f.code.start) / 2
	}
	return f, true
}

// walk follows the frames from one on, innermost first.
func (r *Reader) walk(at uint64) []frame {
	out := make([]frame, 0, 16)
	for range maxHops {
		if at == 0 || len(out) >= maxFrames {
			break
		}
		if f, ok := r.frameAt(at); ok {
			out = append(out, f)
		}
		next := r.mem.word(at + r.layout.previous)
		if next == at {
			break
		}
		at = next
	}
	return out
}

// tell gives frames their names.
func (r *Reader) tell(frames []frame) []stacks.Frame {
	out := make([]stacks.Frame, 0, len(frames))
	for i, f := range frames {
		if i > 0 && traces(frames[i-1].code) && f.instruction > 0 {
			f.instruction--
		}
		out = append(out, r.tellOne(f))
	}
	return out
}

// traces says whether a frame is the function of a debugger that the interpreter calls before each line
// (sys.settrace). What it has interrupted stands before a line that has not run yet; where it came to its breakpoint
// is the line before.
func traces(c *code) bool {
	return strings.HasSuffix(c.function, "trace_dispatch") && strings.HasSuffix(c.file, "/bdb.py")
}

func (r *Reader) tellOne(f frame) stacks.Frame {
	c := f.code
	function := c.function
	if r.layout.version == 0x030a && c.own == 0 { // it keeps no qualified names
		if own := r.typeOf(r.own(f)).name; own != "" {
			function = own + "." + function
		}
	}
	return stacks.Frame{Function: function, File: c.file, Line: c.line(r.layout.version, f.instruction), Library: c.library}
}

// variable is the value of a frame's local variable; 0: it has none of this name, or no value yet.
func (r *Reader) variable(f frame, name string) uint64 {
	found := uint64(0)
	for i, other := range f.code.names {
		if other == name {
			if value := r.variableAt(f, i); value != 0 {
				found = value
			}
		}
	}
	return found
}

// variableAt is the value of the local variable at a place, taken out of its cell where closures share it.
func (r *Reader) variableAt(f frame, place int) uint64 {
	value := r.mem.word(f.at+r.layout.locals+8*uint64(place)) &^ 7
	if value != 0 && r.typeOf(value).name == "cell" {
		const content = 16 // ob_ref
		return r.mem.word(value + content)
	}
	return value
}

// own is the object whose method a frame runs; 0: it is no method.
func (r *Reader) own(f frame) uint64 {
	if f.code.own < 0 {
		return 0
	}
	if own := r.variableAt(f, f.code.own); own != 0 {
		return own
	}
	return r.variable(f, "self") // 3.10 keeps arguments that closures share in another place
}

// kept is the part of a frame's stack that certainly is in use, the bottom first: what it must undo whatever its
// instruction raises.
func (r *Reader) kept(f frame) []uint64 {
	if r.layout.version != 0x030a {
		return r.stack(f, depth311(f.code.handlers, f.instruction))
	}
	blocks := int(int32(r.mem.half(f.at + frame310Block)))
	const most = 20 // CO_MAXBLOCKS
	if blocks < 1 || blocks > most {
		return nil
	}
	return r.stack(f, int(int32(r.mem.half(f.at+frame310Blocks+uint64(blocks-1)*frame310BlockSize+frame310BlockLevel))))
}

// stack is the lowest part of a frame's stack; above what is in use there are remains, so each value must prove itself.
func (r *Reader) stack(f frame, depth int) []uint64 {
	base := f.at + r.layout.locals + 8*uint64(len(f.code.names))
	if r.layout.version == 0x030a {
		base = r.mem.word(f.at + frame310Stack)
	}
	depth = min(depth, f.code.stack)
	var out []uint64
	for i := range depth {
		out = append(out, r.mem.word(base+8*uint64(i))&^7)
	}
	return out
}
