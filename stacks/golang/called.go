package golang

import "encoding/binary"

// follow unwinds a stack from a word of it that may be the address behind a call; nothing: it is none, or it does not
// lead to the goroutine's first call through calls of each function by the one before.
func (u *unwinder) follow(calls []call, stack []byte, at int) []call {
	pc := word(stack, at)
	if pc < u.text || pc >= u.etext {
		return nil
	}
	calls, whole := u.unwind(calls, pc, true, stack[at+8:])
	if !whole || !u.called(calls) {
		return nil
	}
	return calls
}

// called tells whether each of the calls on a stack is one that the next can have made. What is left of earlier calls
// may lead to the frames of those that are there now.
func (u *unwinder) called(calls []call) bool {
	for n := range len(calls) - 1 {
		if calls[n].function.name != asyncPreempt && !u.mayCall(calls[n+1].pc, calls[n].function.entry) {
			return false
		}
	}
	return true
}

// functionAt is the name of the function that an address behind a call is in; empty: it is in none.
func (u *unwinder) functionAt(pc uint64) string {
	if pc < u.text || pc >= u.etext {
		return ""
	}
	return u.site(pc, true).function.name
}

// mayCall tells whether the call before an address may be one of the function at entry: it is, or it does not say itself
// which one it calls (Intel's manual, volume 2, CALL: E8 has the distance to the function behind it, FF /2 where it
// stands that is called).
func (t *functions) mayCall(back, entry uint64) bool {
	var b [7]byte // of the longest call
	if t.image.read(back-uint64(len(b)), b[:]) != nil {
		return false
	}
	if b[2] == 0xe8 && back+uint64(int64(int32(binary.LittleEndian.Uint32(b[3:])))) == entry {
		return true
	}
	for _, length := range []int{2, 3, 4, 6, 7} {
		if at := len(b) - length; b[at] == 0xff && b[at+1]>>3&7 == 2 {
			return true
		}
	}
	return false
}
