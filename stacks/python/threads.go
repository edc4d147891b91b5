package python

import "github.com/hangtime-dev/hangtime/stacks"

// A threadReader tells what the threads do.
type threadReader struct {
	runtime  *cpython
	unwinder *unwinder
	waits    *waitReader
	requests *requestReader
	jobs     *jobReader
	tasks    *taskReader
}

// work is what each of them does.
func (ts *threadReader) work() []stacks.Work {
	var out []stacks.Work
	for i := range ts.runtime.threads {
		out = append(out, ts.threadWork(&ts.runtime.threads[i]))
	}
	return out
}

// threadWork tells what a thread does.
func (ts *threadReader) threadWork(t *threadState) stacks.Work {
	w := stacks.Work{Kind: "thread", TID: t.tid, ID: t.at, Name: t.name, Frames: ts.unwinder.tell(t.frames),
		Lock: t.locked, Idle: ts.unwinder.idle(t.frames) || ts.unwinder.fetches(t.frames), Pool: ts.pool(t),
		Queued: ts.jobs.queued(t.frames), Script: course(t.frames)}
	for _, f := range t.frames {
		for _, one := range f.code.said.ends {
			w.Ends = w.Ends || ts.unwinder.runs(f, one)
		}
		for _, one := range f.code.said.helpers {
			w.Helper = w.Helper || ts.unwinder.runs(f, one)
		}
	}
	if w.Idle {
		if loop, ok := ts.nested(t.frames); ok {
			ts.nestedWork(t, loop, &w)
		}
		return w
	}
	w.Turn = inTurn(t.frames)
	w.Wait = ts.waits.threadWait(t)
	w.Request = ts.requests.request(t.frames)
	return w
}

// pool says whether a thread is one of a pool's or a server's, and at no job of the process's own. uWSGI calls the application from no frame of Python's,
// in threads that threading did not start.
func (ts *threadReader) pool(t *threadState) bool {
	for i := len(t.frames) - 1; i >= 0; i-- {
		f := t.frames[i]
		for _, one := range f.code.said.pools {
			if ts.unwinder.runs(f, one.spot) {
				return !ts.ownJob(t) || ts.schedules()
			}
		}
	}
	return ts.runtime.uwsgi && (len(t.frames) == 0 || t.frames[len(t.frames)-1].code.place != "threading.py")
}

// ownJob says whether a thread is at a job that nobody has asked the process for.
func (ts *threadReader) ownJob(t *threadState) bool {
	for _, f := range t.frames {
		for _, one := range f.code.said.own {
			if ts.unwinder.runs(f, one) {
				return true
			}
		}
	}
	return false
}

// schedules says whether the process is there for such jobs: its main thread does nothing but begin them.
func (ts *threadReader) schedules() bool {
	for _, t := range ts.runtime.threads {
		if t.tid != ts.runtime.process.PID {
			continue
		}
		for _, f := range t.frames {
			if f.code.place == "apscheduler/schedulers/blocking.py" {
				return true
			}
		}
	}
	return false
}
