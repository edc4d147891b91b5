package python

import "github.com/hangtime-dev/hangtime/stacks"

// Holds says which thread of the last look has a lock, and where: the owner of an RLock, or a thread inside a `with`
// of it. A lock that was acquired otherwise says nothing of its holder.
func (r *Reader) Holds(object uint64) (tid int, frame stacks.Frame, ok bool) {
	owner := uint64(0)
	if r.typeOf(object).name == "_thread.RLock" {
		owner = r.mem.word(object + rlockOwner)
	}
	for _, t := range r.threads {
		for _, f := range t.frames {
			if r.inside(f, object) {
				return t.tid, r.tellOne(f), true
			}
		}
		if owner != 0 && t.ident == owner && len(t.frames) > 0 {
			return t.tid, r.tellOne(t.frames[0]), true
		}
	}
	return 0, stacks.Frame{}, false
}

// inside says whether a frame is inside a `with` of an object: what leaves it is kept on its stack. To 3.13 that is
// the bound __exit__, from 3.14 the function and the object.
func (r *Reader) inside(f frame, object uint64) bool {
	for _, value := range r.kept(f) {
		switch {
		case value == 0:
		case value == object:
			if r.layout.version >= 0x030e {
				return true
			}
		default:
			if name := r.typeOf(value).name; name != "builtin_function_or_method" && name != "method" {
				continue
			}
			self := r.mem.word(value + boundSelf)
			if self == object || r.derives(r.typeOf(self), "Condition") && r.attribute(self, "_lock") == object {
				return true
			}
		}
	}
	return false
}

// findHolder says who has a lock: a thread here, or one of the parent's that had it when this process was forked from it.
func (r *Reader) findHolder(w *stacks.Wait) {
	if w.Object == 0 {
		return
	}
	if tid, _, ok := r.Holds(w.Object); ok {
		w.Owner = uint64(tid)
		return
	}
	w.Before = r.takenBefore(w.Object)
}
