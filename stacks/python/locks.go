package python

import (
	"slices"
)

// Where the objects of _thread keep their state (Modules/_threadmodule.c, _queuemodule.c): to 3.13 a pointer to a
// semaphore of the C library, whose first word is the futex; from 3.14 a byte whose second bit says that somebody waits.
const (
	lockState  = 16
	rlockOwner = 24 // pthread_self of the thread that has it
	boundSelf  = 24 // of methods: im_self and m_self are in the same place
	hasWaiters = 3
)

// A lockReader reads the locks of _thread.
type lockReader struct {
	objects  *objectReader
	unwinder *unwinder
}

// isAt says whether a lock is the one whose futex this is. A lock of 3.14, and a queue of 3.13, has no futex of its
// own: it is believed where it says that somebody waits.
func (ls *lockReader) isAt(object, futex uint64) bool {
	if futex == 0 {
		return false
	}
	switch queue := ls.objects.typeOf(object).name == "_queue.SimpleQueue"; {
	case queue && ls.objects.layout.version >= 0x030d: // has_threads_waiting
		return ls.objects.mem.octet(object+lockState) == 1
	case ls.objects.layout.version >= 0x030e:
		return ls.objects.mem.octet(object+lockState) == hasWaiters
	}
	at := ls.objects.mem.word(object + lockState)
	return at != 0 && (futex == at || futex == at+4)
}

// locksOn are the locks on the stack of a frame, those of calls that are in progress first; the remains of others may
// be among them.
func (ls *lockReader) locksOn(f stackFrame) []uint64 {
	var out []uint64
	values := ls.unwinder.stack(f, f.code.stack)
	slices.Reverse(values)
	for _, value := range values {
		if value == 0 {
			continue
		}
		if c := ls.objects.typeOf(value); c.name == "builtin_function_or_method" {
			value = ls.objects.mem.word(value + boundSelf)
		}
		if ls.isLock(value) && !slices.Contains(out, value) {
			out = append(out, value)
		}
	}
	return out
}

func (ls *lockReader) isLock(object uint64) bool {
	switch ls.objects.typeOf(object).name {
	case "_thread.lock", "_thread.RLock", "_queue.SimpleQueue":
		return true
	}
	return false
}
