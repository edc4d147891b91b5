package history

import (
	"fmt"
	"sync"
	"time"
)

// limit is how many records may wait to be drained: at 50 ms a drain this is over a million a second, more than any
// source makes unless the drain itself is stuck.
const limit = 1 << 16

// A Recorder gives every event its number and its time. Any goroutine may record; one drains.
type Recorder struct {
	start time.Time

	mu      sync.Mutex
	seq     uint64
	at      time.Duration
	waiting []Record
	lost    uint64
}

// NewRecorder starts the run's clock. The start carries Go's monotonic reading, so steps of the wall clock do not matter.
func NewRecorder(start time.Time) *Recorder { return &Recorder{start: start} }

// Now is the time since the run began, on the clock that all records use.
func (r *Recorder) Now() time.Duration { return time.Since(r.start) }

// Since converts a moment with a monotonic reading to the run's clock; moments before the run are negative.
func (r *Recorder) Since(t time.Time) time.Duration { return t.Sub(r.start) }

// Record appends an event. It never blocks on a reader: when 65,536 wait, further ones are counted and left out, and
// the next drain says so with a Trouble.
func (r *Recorder) Record(ev Event) {
	now := r.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.append(now, ev)
}

func (r *Recorder) append(now time.Duration, ev Event) {
	if len(r.waiting) >= limit {
		r.lost++
		return
	}
	r.at = max(r.at, now)
	r.seq++
	r.waiting = append(r.waiting, Record{r.seq, r.at, ev})
}

// Drain returns what was recorded since the last call, oldest first, and reuses spare for the next ones (nil will do).
func (r *Recorder) Drain(spare []Record) []Record {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := r.waiting
	r.waiting = spare[:0]
	if r.lost > 0 {
		lost := r.lost
		r.lost = 0
		r.append(r.Now(), Trouble{Component: "history", Text: overrun(lost)})
	}
	return out
}

func overrun(n uint64) string {
	return fmt.Sprintf("%d events came faster than they could be written and were left out", n)
}
