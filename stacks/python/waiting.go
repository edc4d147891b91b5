package python

import "github.com/hangtime-dev/hangtime/stacks"

// A wait is what a piece of work waits for while it is found out.
type wait struct {
	stacks.Wait
	fut   uint64 // asyncio's future, of a task
	self  uint64 // thread that asks; 0: a task does
	whole uint64 // what the application has a name for where Object is only a part of it; 0: Object itself
}

// isNamed says whether the application has a name for what is waited for: sockets and children are not looked for
// under theirs.
func (w *wait) isNamed() bool {
	return w.Object != 0 && w.On != "socket" && w.On != "pipe" && w.On != "child"
}

// threadWait tells what a thread waits for by where it stands: the farthest function up its stack that does nothing
// but wait for what the one below waits for.
func (r *Reader) threadWait(t *thread) stacks.Wait {
	if w, waits := r.interpreterWait(t); waits {
		return w
	}
	best, caller := wait{}, len(t.frames)
	for i, f := range t.frames {
		caller = i
		one := r.matching(f, f.code.said.waits)
		if one == nil {
			break
		}
		if one.on != "" {
			best = wait{Wait: stacks.Wait{On: one.on, FD: -1}, self: t.at}
			if one.find != nil {
				one.find(r, f, &best)
			}
		}
		caller = i + 1
		if one.last {
			break
		}
	}
	if best.On == "" {
		return r.lockWait(t)
	}
	if best.On == "lock" && best.Owner == 0 {
		r.findHolder(&best.Wait)
	}
	if best.isNamed() && best.Name == "" && caller < len(t.frames) {
		if best.Name = r.nameOf(t.frames[caller], best.Object); best.Name == "" {
			best.Name = r.nameOf(t.frames[caller], best.whole)
		}
	}
	return best.Wait
}

// matching is the row of a table that a frame is in; nil: none.
func (r *Reader) matching(f frame, rows []waitSpot) *waitSpot {
	for i := range rows {
		if r.at(f, rows[i].spot) {
			return &rows[i]
		}
	}
	return nil
}
