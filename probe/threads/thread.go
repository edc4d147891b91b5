package threads

import (
	"time"

	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// A Thread of a worker.
type Thread struct {
	TID          int
	Housekeeping bool // of its language's runtime: that it runs is no sign of work
	// Turns counts the ticks at which it was seen to have run: what was found of it holds as long as this stays the
	// same.
	Turns uint64
	// Moved is the last of these ticks, QuietBefore the tick before that one: it ran between the two. Zero: not since
	// it is watched.
	Moved, QuietBefore time.Time

	file  proc.OpenFile // its account, opened when it is first read by itself
	ended bool
	last  proc.Schedstat
	read  time.Time // last tick at which it was read
}

// note takes a thread's account at tick now, and says whether it ran since the tick before, and whether that matters.
func (t *Thread) note(is proc.Schedstat, now time.Time, first bool) (ran, mattered bool) {
	switch {
	case t.read.IsZero():
		ran, mattered = true, !first && !t.Housekeeping // a new thread
	case is.Ran != t.last.Ran || is.Runs != t.last.Runs:
		t.Moved, t.QuietBefore = now, t.read
		t.Turns++
		ran, mattered = true, !t.Housekeeping
	}
	t.last, t.read = is, now
	return ran, mattered
}

// Last is its account as of the last tick.
func (t *Thread) Last() proc.Schedstat { return t.last }

// Ended says whether it is no more.
func (t *Thread) Ended() bool { return t.ended }
