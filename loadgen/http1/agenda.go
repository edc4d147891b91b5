package http1

import (
	"time"

	"github.com/hangtime-dev/hangtime/loadgen/hit"
	"github.com/hangtime-dev/hangtime/loadgen/schedule"
)

// whenSent is due of a user who does not think: it has no moment of its own.
const whenSent time.Duration = -1

// An agenda says which hit is the next, and when it is due.
type agenda struct {
	job    *hit.Job
	crowd  *schedule.Crowd // of a closed loop
	n      uint64          // the next hit
	closed bool            // no more hits become due
	last   uint64          // then: how many there were
}

// due is when the next hit is due; never when there is none.
func (a *agenda) due() time.Duration {
	if a.closed && a.n >= a.last {
		return schedule.Never
	}
	due := schedule.Never
	if a.crowd != nil {
		due = a.crowd.Next()
	} else {
		due = a.job.DueAt(a.n)
	}
	if !a.closed && due >= a.job.End() {
		return schedule.Never
	}
	return due
}

// end ends the timetable. Users of a closed loop send no more.
func (a *agenda) end(now time.Duration) {
	a.closed = true
	if a.crowd != nil {
		a.last = a.n
		return
	}
	a.last = a.job.Close(now)
}
