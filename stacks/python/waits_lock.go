package python

import "github.com/hangtime-dev/hangtime/stacks"

// lockWait tells which lock a thread waits for whose innermost function called for it: one on its stack whose futex
// the kernel has the thread wait for.
func (ws *waitReader) lockWait(t *threadState) stacks.Wait {
	if len(t.frames) == 0 {
		return stacks.Wait{}
	}
	f, candidates := t.frames[0], ws.locks.locksOn(t.frames[0])
	if len(candidates) == 0 {
		return stacks.Wait{}
	}
	futex := ws.runtime.futex(t.tid)
	for _, object := range candidates {
		if !ws.locks.isAt(object, futex) {
			continue
		}
		w := stacks.Wait{On: "lock", Object: object, Name: ws.names.nameOf(f, object), FD: -1}
		if ws.objects.typeOf(object).name == "_queue.SimpleQueue" {
			w.On = "queue"
			return w
		}
		if w.Name == "" && len(t.frames) > 1 {
			w.Name = ws.names.nameOf(t.frames[1], object)
		}
		ws.findHolder(&w)
		return w
	}
	return stacks.Wait{}
}

// findHolder says who has a lock: a thread here, or one of the parent's that had it when this process was forked from it.
func (ws *waitReader) findHolder(w *stacks.Wait) {
	if w.Object == 0 {
		return
	}
	if tid, _, ok := ws.runtime.holds(w.Object); ok {
		w.Owner = uint64(tid)
		return
	}
	w.Before = ws.forks.takenBefore(w.Object)
}

// lockAt finds the lock that waits at a futex, among what the threads of the last look have on their innermost stacks
// and in the globals of the modules that they run, and what it is called.
func (ws *waitReader) lockAt(futex uint64) (object uint64, name string, ok bool) {
	for _, t := range ws.runtime.threads {
		if len(t.frames) == 0 {
			continue
		}
		for _, object := range ws.locks.locksOn(t.frames[0]) {
			if ws.locks.isAt(object, futex) {
				return object, ws.names.nameOf(t.frames[0], object), true
			}
		}
	}
	if ws.runtime.layout.version >= 0x030e {
		return 0, "", false
	}
	seen := map[uint64]bool{}
	for _, t := range ws.runtime.threads {
		for _, f := range t.frames {
			globals := ws.unwinder.globals(f)
			if f.code.library || seen[globals] {
				continue
			}
			seen[globals] = true
			ws.objects.each(globals, func(key, value uint64) bool {
				if ws.locks.isLock(value) && ws.locks.isAt(value, futex) {
					object, name, ok = value, ws.objects.text(key), true
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
