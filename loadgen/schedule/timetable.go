package schedule

import (
	"sync"
	"sync/atomic"
	"time"
)

// A Timetable is the schedule of a running attack: a person may change the rate while it runs, and hits that were due
// before keep their moments.
type Timetable struct {
	segments atomic.Pointer[[]segment]
	rotation []uint32 // targets in turn, where the schedule has no choice of its own

	mu      sync.Mutex
	counted uint64        // hits known to be due at or before seen
	seen    time.Duration //
	closed  bool          // nothing becomes due any more
	changed chan struct{} // closed and made anew at each change
}

// segment is the part of a timetable from one change of rate to the next.
type segment struct {
	from   uint64        // its first hit
	at     time.Duration // when it begins
	sched  Schedule
	choose chooser // nil: in turn
}

// NewTimetable begins with s; rotation has its targets in turn, where it has no choice of its own, and those of every
// rate that follows.
func NewTimetable(s Schedule, rotation []uint32) *Timetable {
	t := &Timetable{rotation: rotation, changed: make(chan struct{})}
	choose, _ := s.(chooser)
	t.segments.Store(&[]segment{{sched: s, choose: choose}})
	return t
}

// of is the segment that hit n belongs to.
func (t *Timetable) of(n uint64) *segment {
	all := *t.segments.Load()
	i := len(all) - 1
	for i > 0 && all[i].from > n {
		i--
	}
	return &all[i]
}

// Due is when hit n is due, since the attack began.
func (t *Timetable) Due(n uint64) time.Duration {
	s := t.of(n)
	due := s.sched.Due(n - s.from)
	if due == Never {
		return Never
	}
	return s.at + due
}

// Target is the one that hit n goes to.
func (t *Timetable) Target(n uint64) uint32 {
	if s := t.of(n); s.choose != nil {
		return s.choose.target(n - s.from)
	}
	return t.rotation[n%uint64(len(t.rotation))]
}

// Length is when the last hit is due where the first schedule has an end of its own, as a replay has; 0 where it has
// none.
func (t *Timetable) Length() time.Duration {
	if one, ok := (*t.segments.Load())[0].sched.(*replay); ok {
		return one.length()
	}
	return 0
}

// String says in words what is so now.
func (t *Timetable) String() string {
	all := *t.segments.Load()
	return all[len(all)-1].sched.String()
}

// DueBy counts the hits that are due at or before now; now must not fall from call to call by more than what lies
// between two hits.
func (t *Timetable) DueBy(now time.Duration) uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.count(now)
}

func (t *Timetable) count(now time.Duration) uint64 {
	if t.closed {
		return t.counted
	}
	t.seen = max(t.seen, now)
	for t.Due(t.counted) <= t.seen {
		t.counted++
	}
	return t.counted
}

// Close ends the timetable at a moment: the hits due by then, which it counts, are all that there will be.
func (t *Timetable) Close(now time.Duration) uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := t.count(now)
	t.closed = true
	return n
}

// Change continues from now on with another schedule. What was due until now stays due.
func (t *Timetable) Change(now time.Duration, s Schedule) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := t.count(now)
	old := *t.segments.Load()
	if last := old[len(old)-1]; last.from == n && len(old) > 1 {
		old = old[:len(old)-1] // it never had a hit
	}
	all := append(append([]segment{}, old...), segment{from: n, at: t.seen, sched: s})
	t.segments.Store(&all)
	close(t.changed)
	t.changed = make(chan struct{})
}

// Changes is closed at the next change.
func (t *Timetable) Changes() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.changed
}
