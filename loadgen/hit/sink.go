package hit

import "sync"

// wakeAt outcomes wait at most before they are folded in without waiting for the tick: at 96 bytes each this bounds the
// memory of a burst.
const wakeAt = 1 << 13

// A Sink is where engines leave the hits that have ended. Adding is an append under a lock that is never held for
// longer than a copy.
type Sink struct {
	mu      sync.Mutex
	waiting []Outcome
	wake    chan struct{} // one place
}

// NewSink is an empty one.
func NewSink() *Sink { return &Sink{wake: make(chan struct{}, 1)} }

// Add leaves hits that have ended; any goroutine may call it.
func (s *Sink) Add(all ...Outcome) {
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

// Full has a word when so many wait that they had better be taken now.
func (s *Sink) Full() <-chan struct{} { return s.wake }

// Take returns what waits and keeps spare for the next.
func (s *Sink) Take(spare []Outcome) []Outcome {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.waiting
	s.waiting = spare[:0]
	return out
}
