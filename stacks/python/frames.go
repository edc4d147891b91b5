package python

// Bounds of one stack: far more than servers have, far less than nonsense would make.
const (
	maxFrames = 100
	maxHops   = 4 * maxFrames // links that are followed
)

// A stackFrame is a call as it is in memory.
type stackFrame struct {
	at          uint64
	code        *codeObject
	instruction int // place in the bytecode, in code units of two bytes; -1: not known
	generator   bool
}

// ownedByGenerator is FRAME_OWNED_BY_GENERATOR (pycore_frame.h).
const ownedByGenerator = 1

// An unwinder walks stacks, and reads what their frames have.
type unwinder struct {
	mem     *snapshot
	layout  *layout
	objects *objectReader
	codes   *codeReader
}

// frameAt reads one frame; false: it is not Python's own, or no frame at all.
func (u *unwinder) frameAt(at uint64) (f stackFrame, ok bool) {
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
	f = stackFrame{at: at, code: u.codes.codeAt(u.mem.word(at+l.code)&^7, u.mem.word(at+l.globals)&^7), instruction: -1,
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
func (u *unwinder) walk(at uint64) []stackFrame {
	out := make([]stackFrame, 0, 16)
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
