package http1

import (
	"time"

	"github.com/hangtime-dev/hangtime/loadgen/schedule"
)

// patience is how long nothing needs to be done.
func (e *Engine) patience(now time.Duration) time.Duration {
	next := now + longestWait
	for i := range e.flying {
		if c := e.flying[i].head; c != nil {
			next = min(next, c.deadline)
		}
	}
	if c := e.leave.head; c != nil {
		next = min(next, c.deadline)
	}
	if !e.closed {
		next = min(next, e.job.End())
	}
	if due := e.due(); due != schedule.Never {
		if e.busy < e.job.Senders {
			next = min(next, due)
		} else {
			next = min(next, due+e.limitOf(e.n))
		}
	}
	return next - now
}

// due is when the next hit is due; never when there is none.
func (e *Engine) due() time.Duration {
	if e.closed && e.n >= e.last {
		return schedule.Never
	}
	due := schedule.Never
	if e.crowd != nil {
		due = e.crowd.Next()
	} else {
		due = e.job.DueAt(e.n)
	}
	if !e.closed && due >= e.job.End() {
		return schedule.Never
	}
	return due
}

func (e *Engine) limitOf(n uint64) time.Duration { return e.requests[e.job.TargetOf(n)].Timeout }

// closing ends the timetable and says how many hits there are in all. Users of a closed loop send no more.
func (e *Engine) closing(now time.Duration) uint64 {
	if e.crowd != nil {
		return e.n
	}
	return e.job.Close(now)
}
