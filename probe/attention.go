package probe

import (
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// sampleEvery is the time from one tick to the next.
const sampleEvery = 100 * time.Millisecond

// attention decides at each tick whether a worker is worth a closer look.
type attention struct {
	suspect    bool      // something is strange about it
	lookedAt   time.Time // when it was last looked at for that
	spotCheck  bool      // it is looked at although nothing is
	checkedAt  time.Time // when it last was for that
	checkedCPU time.Duration
	answered   uint64    // bytes that it had sent at the last tick
	answeredAt time.Time // when that last grew
}

// signs are what speaks for a closer look at a worker, or against it.
type signs struct {
	sample     history.WorkerSample
	busy       time.Duration // since when it has been at one thing, by its own account
	lockTicks  int           // ticks in a row at which it waited for a file lock
	backlog    backlog
	noListener bool // it has no listening socket and no connection of the server's
	proven     bool // the last look proved that it waits for work
	works      bool // the last look found something at work, whatever the sockets say
	stands     bool // every thread stands where the last look found it, and has not run since
}

// A backlog is the connections that no worker has accepted.
type backlog struct {
	waiting int
	ticks   int // in a row at which there were any
}

func (b *backlog) note(waiting int) {
	b.waiting = waiting
	b.ticks++
	if waiting == 0 {
		b.ticks = 0
	}
}

// due says whether it is to be looked at closer at tick now.
func (a *attention) due(now time.Time, s signs) bool {
	if s.sample.Answered != a.answered || a.answeredAt.IsZero() {
		a.answered, a.answeredAt = s.sample.Answered, now
	}
	// Connections wait, and it answers none: it may not come to accept (no descriptor left, a lock before accept).
	shut := s.backlog.ticks >= 3 && now.Sub(a.answeredAt) >= 3*sampleEvery
	// One that was suspicious and has not moved since is so still: its clients may have given up, and that has freed
	// nobody.
	a.suspect = shut || suspicious(s) || a.suspect && !s.sample.Moved && !a.spotCheck
	a.spotCheck = !a.suspect && a.spotCheckDue(now, s)
	if a.suspect {
		return a.suspectDue(now, s)
	}
	return a.spotCheck
}

// suspectDue says whether a suspicious worker is to be looked at at this tick. Where nothing ran, what was found holds:
// it is only told again before it is forgotten.
func (a *attention) suspectDue(now time.Time, s signs) bool {
	if s.stands && now.Sub(a.lookedAt) < spotOften {
		return false
	}
	a.lookedAt = now
	return true
}

// closer is the age from which a request, or a loop's turn, is worth a closer look: below the 200 ms at which a worker
// becomes suspect.
const closer = 150 * time.Millisecond

// suspicious says whether a worker is worth a closer look by this tick alone.
func suspicious(s signs) bool {
	one := &s.sample
	switch {
	case one.Silent > 0 && s.backlog.waiting > 0 && one.Still >= closer:
		return true // it may wait for a client that sends nothing
	case one.State == "T" || one.State == "t" || one.State == "D":
		return true
	case one.Inside > 0 && (one.Oldest >= closer || one.Still >= closer):
		return true
	}
	return s.busy >= closer || s.lockTicks >= 2
}

// occupied says whether the last look found it at work although no request is seen to wait.
func (a *attention) occupied(s signs) bool {
	return s.works || s.noListener && !s.proven && !a.checkedAt.IsZero()
}

const (
	// spotEvery is how often the threads of a worker are looked at of which the sockets cannot say whether it works: it
	// has answered something and not closed (half an answer looks like that), has no connection at all, or its last
	// look did not prove that it waits for work.
	spotEvery = time.Second
	// spotSeldom is the same for all others: a worker that was told to leave and does not shows nowhere else.
	spotSeldom = 5 * time.Second
	// spotOften is the same for one that is at work although no request is seen, and for a suspicious one of which no
	// thread ran: what is known of its threads is not to grow stale, which it does after 700 ms.
	spotOften = 300 * time.Millisecond
)

// spotCheckDue says whether a worker that is not suspicious is to be looked at all the same. One of which no thread ran
// since the last time is where it was.
func (a *attention) spotCheckDue(now time.Time, s signs) bool {
	every, occupied := spotSeldom, a.occupied(s)
	switch {
	case occupied:
		every = spotOften
	case s.sample.Idle > 0 || s.noListener || !s.proven:
		every = spotEvery
	}
	if now.Sub(a.checkedAt) < every || !occupied && s.sample.CPU == a.checkedCPU && s.proven {
		return false
	}
	a.checkedAt, a.checkedCPU = now, s.sample.CPU
	return true
}
