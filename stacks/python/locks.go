package python

import (
	"slices"

	"github.com/hangtime-dev/hangtime/stacks"
)

// Where the objects of _thread keep their state (Modules/_threadmodule.c, _queuemodule.c): to 3.13 a pointer to a
// semaphore of the C library, whose first word is the futex; from 3.14 a byte whose second bit says that somebody waits.
const (
	lockState  = 16
	rlockOwner = 24 // pthread_self of the thread that has it
	boundSelf  = 24 // of methods: im_self and m_self are in the same place
	hasWaiters = 3
)

// lockWait tells which lock a thread waits for whose innermost function called for it: one on its stack whose futex
// the kernel has the thread wait for.
func (r *Reader) lockWait(t *thread) stacks.Wait {
	if len(t.frames) == 0 {
		return stacks.Wait{}
	}
	f, candidates := t.frames[0], r.locksOn(t.frames[0])
	if len(candidates) == 0 {
		return stacks.Wait{}
	}
	futex := r.futex(t.tid)
	for _, object := range candidates {
		if !r.isAt(object, futex) {
			continue
		}
		w := stacks.Wait{On: "lock", Object: object, Name: r.nameOf(f, object), FD: -1}
		if r.typeOf(object).name == "_queue.SimpleQueue" {
			w.On = "queue"
			return w
		}
		if w.Name == "" && len(t.frames) > 1 {
			w.Name = r.nameOf(t.frames[1], object)
		}
		r.findHolder(&w)
		return w
	}
	return stacks.Wait{}
}

// isAt says whether a lock is the one whose futex this is. A lock of 3.14, and a queue of 3.13, has no futex of its
// own: it is believed where it says that somebody waits.
func (r *Reader) isAt(object, futex uint64) bool {
	if futex == 0 {
		return false
	}
	switch queue := r.typeOf(object).name == "_queue.SimpleQueue"; {
	case queue && r.layout.version >= 0x030d: // has_threads_waiting
		return r.mem.octet(object+lockState) == 1
	case r.layout.version >= 0x030e:
		return r.mem.octet(object+lockState) == hasWaiters
	}
	at := r.mem.word(object + lockState)
	return at != 0 && (futex == at || futex == at+4)
}

// locksOn are the locks on the stack of a frame, those of calls that are in progress first; the remains of others may
// be among them.
func (r *Reader) locksOn(f frame) []uint64 {
	var out []uint64
	values := r.stack(f, f.code.stack)
	slices.Reverse(values)
	for _, value := range values {
		if value == 0 {
			continue
		}
		if c := r.typeOf(value); c.name == "builtin_function_or_method" {
			value = r.mem.word(value + boundSelf)
		}
		if r.isLock(value) && !slices.Contains(out, value) {
			out = append(out, value)
		}
	}
	return out
}

func (r *Reader) isLock(object uint64) bool {
	switch r.typeOf(object).name {
	case "_thread.lock", "_thread.RLock", "_queue.SimpleQueue":
		return true
	}
	return false
}

// LockAt finds the lock that waits at a futex, among what the threads of the last look have on their innermost stacks
// and in the globals of the modules that they run, and what it is called.
func (r *Reader) LockAt(futex uint64) (object uint64, name string, ok bool) {
	for _, t := range r.threads {
		if len(t.frames) == 0 {
			continue
		}
		for _, object := range r.locksOn(t.frames[0]) {
			if r.isAt(object, futex) {
				return object, r.nameOf(t.frames[0], object), true
			}
		}
	}
	if r.layout.version >= 0x030e {
		return 0, "", false
	}
	seen := map[uint64]bool{}
	for _, t := range r.threads {
		for _, f := range t.frames {
			globals := r.mem.word(f.at+r.layout.globals) &^ 7
			if f.code.library || seen[globals] {
				continue
			}
			seen[globals] = true
			r.each(globals, func(key, value uint64) bool {
				if r.isLock(value) && r.isAt(value, futex) {
					object, name, ok = value, r.text(key), true
				}
				return !ok
			})
			if ok {
				return object, name, true
			}
			break // the innermost of the application
		}
	}
	return 0, "", false
}
