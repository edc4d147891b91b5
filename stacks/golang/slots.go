package golang

import "encoding/binary"

const (
	spill    = 64 // bytes above a frame in which the caller leaves room for the arguments that came in registers
	maxTried = 256
)

// slots are the words of frames in which the compiler keeps a pointer that is wanted, by the address of code at which
// the frame stands: the same in each such frame. They are not in the tables of a stripped program, so they are
// learned: what each pointer of a frame points to is asked whether it proves to be what is wanted. Another word may
// hold the same pointer in one frame by chance, from an earlier call; so each frame that was tried has a vote.
type slots map[uint64][]slot

type slot struct{ at, votes int }

// guess is the pointer in the word that has most votes; 0: none was learned. It is not proven.
func (s slots) guess(key uint64, frame []byte) uint64 {
	best := slot{}
	for _, candidate := range s[key] {
		if candidate.votes > best.votes {
			best = candidate
		}
	}
	if best.votes == 0 || best.at+8 > len(frame) {
		return 0
	}
	return binary.LittleEndian.Uint64(frame[best.at:])
}

// learn tries all words of a frame and gives the pointer that was proven; 0: none was.
func (s slots) learn(key uint64, frame []byte, proves func(at uint64) bool) uint64 {
	var found uint64
	tried := map[uint64]bool{}
	for at := 0; at+8 <= len(frame) && len(tried) < maxTried; at += 8 {
		pointer := binary.LittleEndian.Uint64(frame[at:])
		if pointer < 1<<16 || pointer >= 1<<47 || pointer%8 != 0 {
			continue
		}
		proven, known := tried[pointer]
		if !known {
			proven = proves(pointer)
			tried[pointer] = proven
		}
		if proven {
			found = pointer
			s.vote(key, at)
		}
	}
	return found
}

func (s slots) vote(key uint64, at int) {
	for i := range s[key] {
		if s[key][i].at == at {
			s[key][i].votes++
			return
		}
	}
	s[key] = append(s[key], slot{at, 1})
}

// bytes are those of a call's frame, with the arguments that it may have spilled.
func (c *call) bytes(stack []byte) []byte {
	return stack[min(c.at, len(stack)):min(c.end+spill, len(stack))]
}
