package python

import (
	"slices"

	"github.com/hangtime-dev/hangtime/stacks"
)

// A nestedLoop is a loop for events that runs inside of work that its thread does, as asyncio.run in a view: it waits for
// nothing but that work.
type nestedLoop struct {
	at   int    // place of the function that runs it among the thread's frames
	task uint64 // with whose end it ends
}

// nested finds the loop in whose wait a thread is, where what stands further out is at a request, or at a job of a pool
// that the application's code has.
func (ts *threadReader) nested(frames []stackFrame) (found nestedLoop, ok bool) {
	at := slices.IndexFunc(frames, func(f stackFrame) bool { return runsLoop(f.code) })
	if at < 0 {
		return found, false
	}
	found = nestedLoop{at, ts.unwinder.mainTask(frames[at])}
	outer := frames[at+1:]
	if q := ts.requests.request(outer); q.Path != "" || q.ID != "" {
		return found, true
	}
	own := false
	for _, f := range outer {
		own = own || !f.code.library
		for _, one := range f.code.said.pools {
			if own && ts.unwinder.runs(f, one.spot) {
				return found, true
			}
		}
	}
	return found, false
}

// nestedWork tells what a thread is at whose loop waits inside of its work: at what the loop's task is at.
func (ts *threadReader) nestedWork(t *threadState, loop nestedLoop, w *stacks.Work) {
	w.Idle = false
	w.Request = ts.requests.request(t.frames)
	if !ts.tasks.futures.isTask(loop.task) {
		return
	}
	frames, awaited := ts.unwinder.awaits(ts.runtime.mem.word(loop.task + ts.runtime.layout.asyncio.taskCoroutine))
	slices.Reverse(frames)
	w.Wait = ts.waits.taskWait(frames, awaited)
	w.Frames = ts.unwinder.tell(slices.Concat(frames, t.frames[loop.at:]))
	ts.tasks.told[loop.task] = true
}
