package python

import "fmt"

func taskLock(r *Reader, f frame, w *wait) { w.Object = r.own(f) }

// futureVariable is what a function waits for in the place of a future of its own.
func futureVariable(name string) finder {
	return func(r *Reader, f frame, w *wait) {
		w.On, w.fut = "", r.variable(f, name)
		r.waitForFuture(w)
	}
}

// taskAmong is the first task of a set that is not done yet.
func taskAmong(name string) finder {
	return func(r *Reader, f frame, w *wait) { r.firstPending(r.variable(f, name), w) }
}

func taskOfGroup(r *Reader, f frame, w *wait) {
	w.Object = r.own(f)
	r.firstPending(r.attribute(w.Object, "_tasks"), w)
}

func (r *Reader) firstPending(set uint64, w *wait) {
	for _, task := range r.members(set, maxTasks) {
		if r.pending(task) {
			w.Owner = task
			return
		}
	}
}

func transportIn(name string) finder {
	return func(r *Reader, f frame, w *wait) {
		w.Object = r.attribute(r.own(f), name)
		if fd, ok := r.number(r.attribute(w.Object, "_sock_fd")); ok {
			w.FD = fd
		}
	}
}

func childOfTransport(r *Reader, f frame, w *wait) { pidAttribute("_pid")(r, f, w) }

// limiter is anyio's of how many threads may run at once.
func limiter(r *Reader, f frame, w *wait) {
	w.Object = r.own(f)
	out := r.size(r.attribute(w.Object, "_borrowers"))
	if all, ok := r.number(r.attribute(w.Object, "_total_tokens")); ok {
		w.Name = fmt.Sprintf("CapacityLimiter, %d of %d taken", out, all)
	}
}
