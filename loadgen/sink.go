package loadgen

import (
	"sync"
	"sync/atomic"
	"time"
)

// wakeAt outcomes wait at most before they are folded in without waiting for the tick: at 96 bytes each this bounds the memory of a burst.
const wakeAt = 1 << 13

// A meter holds what an engine is doing now. The engine writes, the account reads.
type meter struct {
	sent        atomic.Uint64
	late        atomic.Uint64
	lagged      atomic.Uint64 // of the late ones, those for which a sender was free
	lag         atomic.Int64  // longest since it was last read, ns
	cpu         atomic.Int64  // processor time used so far, ns
	inFlight    atomic.Int64
	connections atomic.Int64
	oldest      atomic.Int64 // when the oldest in flight was due, run's clock, ns; 0: none is in flight
}

// left counts a hit that left; idle says that a sender was free when it was due, so that its delay is our own.
func (m *meter) left(due, sent time.Duration, idle bool) {
	m.sent.Add(1)
	delay := sent - due
	if delay > lateAfter {
		m.late.Add(1)
		if idle {
			m.lagged.Add(1)
		}
	}
	if idle {
		m.lagBy(delay)
	}
}

func (m *meter) lagBy(delay time.Duration) {
	for {
		old := m.lag.Load()
		if int64(delay) <= old || m.lag.CompareAndSwap(old, int64(delay)) {
			return
		}
	}
}

// A sink is where engines leave the hits that have ended. Adding is an append under a lock that is never held for longer than a copy.
type sink struct {
	mu      sync.Mutex
	waiting []outcome
	wake    chan struct{} // one place: many wait
}

func newSink() *sink { return &sink{wake: make(chan struct{}, 1)} }

func (s *sink) add(all ...outcome) {
	s.mu.Lock()
	s.waiting = append(s.waiting, all...)
	many := len(s.waiting) >= wakeAt
	s.mu.Unlock()
	if many {
		select {
		case s.wake <- struct{}{}:
		default:
		}
	}
}

// take returns what waits and keeps spare for the next.
func (s *sink) take(spare []outcome) []outcome {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.waiting
	s.waiting = spare[:0]
	return out
}
