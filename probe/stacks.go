package probe

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

const (
	// stackAfter is how old a request, or a standstill, must be before the stacks are read: a worker is suspect by then.
	stackAfter = 200 * time.Millisecond
	// stackEvery is how often they are read again, where the worker ran meanwhile.
	stackEvery = time.Second
)

// readStacks records what the threads of a worker under suspicion do in their language's words: once for each standstill.
func (w *watcher) readStacks(now time.Time, one *worker) {
	s := one.sample
	if one.notPython || s.Oldest < stackAfter && s.Still < stackAfter {
		return
	}
	ran := one.threads.ran()
	if !one.stacksAt.IsZero() && (now.Sub(one.stacksAt) < stackEvery || ran == one.stacksRan) {
		return
	}
	one.stacksAt, one.stacksRan = now, ran
	if one.python == nil {
		py, err := openPython(w.proc, one.PID)
		if err != nil {
			one.notPython = true
			if errors.Is(err, os.ErrPermission) {
				w.unreadable(err, "the Python stacks of the workers")
			} else if !errors.Is(err, errNoPython) {
				w.trouble("read the Python stacks of the workers", fmt.Errorf("worker %d (pid %d): %w", one.Place, one.PID, err))
			}
			return
		}
		one.python = py
	}
	for _, stack := range one.attribute(one.python.stacks()) {
		w.rec.Record(history.Stack{PID: one.PID, TID: stack.tid, Language: "python", Frames: stack.frames, Holds: stack.holds})
	}
}

// attribute leaves out the stacks of no thread, and gives the main thread its own: one that was forked without Python's knowledge, as uWSGI does without --enable-threads,
// still bears the number that it had in its parent.
func (one *worker) attribute(all []pyStack) []pyStack {
	var out, strays []pyStack
	main := false
	for _, stack := range all {
		switch {
		case len(stack.frames) == 0:
		case one.threads.has(stack.tid):
			main = main || stack.tid == one.PID
			out = append(out, stack)
		default:
			strays = append(strays, stack)
		}
	}
	if len(strays) == 1 && !main {
		strays[0].tid = one.PID
		out = append(out, strays[0])
	}
	return out
}

func (t *threads) has(tid int) bool {
	for _, one := range t.all {
		if one.tid == tid {
			return true
		}
	}
	return false
}
