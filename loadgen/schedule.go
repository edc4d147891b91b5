package loadgen

import (
	"fmt"
	"math"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// never is the due time of a hit that will not come.
const never = time.Duration(math.MaxInt64)

// A Schedule says when each hit is due, apart from whatever sends it. Due must not fall with n, and returns never-ending time after the last hit.
// It is called with n in any order, from several goroutines.
type Schedule interface {
	// Due is when hit n (from 0) is due, since the attack began.
	Due(n uint64) time.Duration
	// String says it in words: "200/s constant".
	String() string
}

// constant is one hit every 1/rate seconds, the first at once.
type constant struct{ rate float64 }

func (c constant) Due(n uint64) time.Duration {
	if c.rate <= 0 {
		return never
	}
	at := float64(n) / c.rate * 1e9
	if at >= math.MaxInt64 {
		return never
	}
	return time.Duration(at)
}

func (c constant) String() string { return perSecond(c.rate) + " constant" }

func perSecond(rate float64) string { return strconv.FormatFloat(rate, 'g', 6, 64) + "/s" }

// A timetable is the schedule of a running attack: a person may change the rate while it runs, and hits that were due before keep their moments.
type timetable struct {
	segments atomic.Pointer[[]segment]

	mu      sync.Mutex
	counted uint64        // hits known to be due at or before seen
	seen    time.Duration //
	closed  bool          // nothing becomes due any more
	changed chan struct{} // closed and made anew at each change
}

// segment is the part of a timetable from one change of rate to the next.
type segment struct {
	from  uint64        // its first hit
	at    time.Duration // when it begins
	sched Schedule
}

func newTimetable(s Schedule) *timetable {
	t := &timetable{changed: make(chan struct{})}
	t.segments.Store(&[]segment{{sched: s}})
	return t
}

// Due is when hit n is due, since the attack began.
func (t *timetable) Due(n uint64) time.Duration {
	all := *t.segments.Load()
	i := len(all) - 1
	for i > 0 && all[i].from > n {
		i--
	}
	due := all[i].sched.Due(n - all[i].from)
	if due == never {
		return never
	}
	return all[i].at + due
}

func (t *timetable) String() string {
	all := *t.segments.Load()
	return all[len(all)-1].sched.String()
}

// dueBy counts the hits that are due at or before now; now must not fall from call to call by more than what lies between two hits.
func (t *timetable) dueBy(now time.Duration) uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.count(now)
}

func (t *timetable) count(now time.Duration) uint64 {
	if t.closed {
		return t.counted
	}
	t.seen = max(t.seen, now)
	for t.Due(t.counted) <= t.seen {
		t.counted++
	}
	return t.counted
}

// close ends the timetable at a moment: the hits due by then, which it counts, are all that there will be.
func (t *timetable) close(now time.Duration) uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := t.count(now)
	t.closed = true
	return n
}

// change continues from now on with another schedule. What was due until now stays due.
func (t *timetable) change(now time.Duration, s Schedule) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := t.count(now)
	old := *t.segments.Load()
	if last := old[len(old)-1]; last.from == n && len(old) > 1 {
		old = old[:len(old)-1] // it never had a hit
	}
	all := append(append([]segment{}, old...), segment{n, t.seen, s})
	t.segments.Store(&all)
	close(t.changed)
	t.changed = make(chan struct{})
}

// changes is closed at the next change.
func (t *timetable) changes() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.changed
}

// paced is a schedule that a person set by hand.
func paced(rate float64) Schedule {
	if rate <= 0 {
		return constant{0}
	}
	return constant{rate}
}

var _ fmt.Stringer = (*timetable)(nil)
