package python

import "github.com/hangtime-dev/hangtime/stacks"

// holds says which thread of the last look has a lock, and where: the owner of an RLock, or a thread inside a `with`
// of it. A lock that was acquired otherwise says nothing of its holder.
func (r *cpython) holds(object uint64) (tid int, frame stacks.Frame, ok bool) {
	owner := uint64(0)
	if r.objects.typeOf(object).name == "_thread.RLock" {
		owner = r.mem.word(object + rlockOwner)
	}
	for _, t := range r.threads {
		for _, f := range t.frames {
			if r.unwinder.inside(f, object) {
				return t.tid, r.unwinder.tellOne(f), true
			}
		}
		if owner != 0 && t.ident == owner && len(t.frames) > 0 {
			return t.tid, r.unwinder.tellOne(t.frames[0]), true
		}
	}
	return 0, stacks.Frame{}, false
}

// inside says whether a frame is inside a `with` of an object: what leaves it is kept on its stack. To 3.13 that is
// the bound __exit__, from 3.14 the function and the object.
func (u *unwinder) inside(f stackFrame, object uint64) bool {
	for _, value := range u.kept(f) {
		switch {
		case value == 0:
		case value == object:
			if u.layout.version >= 0x030e {
				return true
			}
		default:
			if name := u.objects.typeOf(value).name; name != "builtin_function_or_method" && name != "method" {
				continue
			}
			self := u.mem.word(value + boundSelf)
			if self == object || u.objects.derives(u.objects.typeOf(self), "Condition") &&
				u.objects.attribute(self, "_lock") == object {
				return true
			}
		}
	}
	return false
}
