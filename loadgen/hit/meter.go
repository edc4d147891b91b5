package hit

import (
	"sync/atomic"
	"time"
)

// From when on a hit is late, and from when on an answer is slow.
const (
	LateAfter = time.Millisecond
	SlowAfter = 500 * time.Millisecond
)

// A Meter holds what an engine is doing now. The engine writes, the account reads.
type Meter struct {
	Sent        atomic.Uint64
	Late        atomic.Uint64
	Lagged      atomic.Uint64 // of the late ones, those for which a sender was free
	Lag         atomic.Int64  // longest since it was last read, ns
	CPU         atomic.Int64  // processor time used so far, ns
	InFlight    atomic.Int64
	Connections atomic.Int64
	Oldest      atomic.Int64 // when the oldest in flight was due, run's clock, ns; 0: none is in flight
}

// Left counts a hit that left; idle says that a sender was free when it was due, so that its delay is our own.
func (m *Meter) Left(due, sent time.Duration, idle bool) {
	m.Sent.Add(1)
	delay := sent - due
	if delay > LateAfter {
		m.Late.Add(1)
		if idle {
			m.Lagged.Add(1)
		}
	}
	if idle {
		m.LagBy(delay)
	}
}

// LagBy takes a delay of our own.
func (m *Meter) LagBy(delay time.Duration) {
	for {
		old := m.Lag.Load()
		if int64(delay) <= old || m.Lag.CompareAndSwap(old, int64(delay)) {
			return
		}
	}
}
