package golang

import "encoding/binary"

const (
	spill    = 64 // bytes above a frame in which the caller leaves room for the arguments that came in registers
	maxWords = 256
)

// slots are the words of frames in which the compiler keeps a pointer that is wanted: the same in each frame that stands at the same address of code. They are not in the tables of
// a stripped program, so they are learned: each pointer of a frame is tried until what it points to proves what it is.
type slots map[uint64]int

// pointer is the pointer in memory for which proves is true; 0: there is none. A slot that was learned under a key is not proven again: who reads what it points to sees it.
func (s slots) pointer(key uint64, memory []byte, proves func(at uint64) bool) uint64 {
	if slot, ok := s[key]; ok && slot+8 <= len(memory) {
		return binary.LittleEndian.Uint64(memory[slot:])
	}
	tried := map[uint64]bool{}
	for slot := 0; slot+8 <= len(memory) && len(tried) < maxWords; slot += 8 {
		at := binary.LittleEndian.Uint64(memory[slot:])
		if at < 1<<16 || at >= 1<<47 || at%8 != 0 || tried[at] {
			continue
		}
		if tried[at] = true; proves(at) {
			s[key] = slot
			return at
		}
	}
	return 0
}

// inFrame is the pointer in the frame of a call.
func (s slots) inFrame(c *call, stack []byte, proves func(at uint64) bool) uint64 {
	if c == nil {
		return 0
	}
	return s.pointer(c.pc, stack[min(c.at, len(stack)):min(c.end+spill, len(stack))], proves)
}

// forget makes that a slot is learned anew: it held something else.
func (s slots) forget(key uint64) { delete(s, key) }

func (s slots) forgetFrame(c *call) {
	if c != nil {
		s.forget(c.pc)
	}
}
