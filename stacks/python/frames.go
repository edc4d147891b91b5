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

// unwinder walks stacks, and reads what their frames have.
type unwinder struct {
	mem     *snapshot
	layout  *layout
	objects *objects
	codes   *codes
}

// frameAt reads one frame; false: it is not Python's own, or no frame at all.
func (u *unwinder) frameAt(at uint64) (f frame, ok bool) {
	l := &u.layout.frame
	owner := byte(0)
	if l.owners != 0 {
		raw := u.mem.bytes(at+l.owner, 1)
		if raw == nil || raw[0] >= l.owners {
			return f, false
		}
		owner = raw[0]
	}
	// 3.14 keeps marks in the lowest bits.
	f = frame{at: at, code: u.codes.codeAt(u.mem.word(at+l.code) &^ 7), instruction: -1,
		generator: owner == ownedByGenerator}
	if f.code == nil {
		return f, false
	}
	if u.layout.version == 0x030a {
		const generator = 88 // f_gen
		f.instruction, f.generator = int(int32(u.mem.half(at+l.instruction))), u.mem.word(at+generator) != 0
	} else if i := u.mem.word(at + l.instruction); i >= f.code.start && i-f.code.start < maxTable {
		f.instruction = int(i-f.code.start) / 2
	}
	return f, true
}

// walk follows the frames from one on, innermost first.
func (u *unwinder) walk(at uint64) []frame {
	out := make([]frame, 0, 16)
	for range maxHops {
		if at == 0 || len(out) >= maxFrames {
			break
		}
		if f, ok := u.frameAt(at); ok {
			out = append(out, f)
		}
		next := u.mem.word(at + u.layout.frame.previous)
		if next == at {
			break
		}
		at = next
	}
	return out
}

// tell gives frames their names.
func (u *unwinder) tell(frames []frame) []stacks.Frame {
	out := make([]stacks.Frame, 0, len(frames))
	for i, f := range frames {
		if i > 0 && traces(frames[i-1].code) && f.instruction > 0 {
			f.instruction--
		}
		out = append(out, u.tellOne(f))
	}
	return out
}

// traces says whether a frame is the function of a debugger that the interpreter calls before each line
// (sys.settrace). What it has interrupted stands before a line that has not run yet; where it came to its breakpoint
// is the line before.
func traces(c *code) bool {
	return strings.HasSuffix(c.function, "trace_dispatch") && strings.HasSuffix(c.file, "/bdb.py")
}

func (u *unwinder) tellOne(f frame) stacks.Frame {
	c := f.code
	function := c.function
	if u.layout.version == 0x030a && c.own == 0 { // it keeps no qualified names
		if own := u.objects.typeOf(u.own(f)).name; own != "" {
			function = own + "." + function
		}
	}
	return stacks.Frame{Function: function, File: c.file, Line: c.line(u.layout.version, f.instruction), Library: c.library}
}
