package nethttp

import (
	"sync"
	"time"
)

// A flight is a hit between its start and its result. Only the goroutine that sends it writes, until the result is
// there; due is under the lock of the flights.
type flight struct {
	due, sent time.Duration
	connect   time.Duration
	first     time.Duration
	target    uint32
	port      uint16
	dropped   bool
	wrote     int // times that its head was written
	bytesIn   uint64
	bytesOut  uint64
	err       error
}

// flights are all that have begun and have no result yet, by number.
type flights struct {
	mu  sync.Mutex
	all map[uint64]*flight
}

// begin takes a hit in and returns how many there are with it.
func (f *flights) begin(seq uint64, one *flight) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.all[seq] = one
	return len(f.all)
}

// end gives a hit back; nil where it never began.
func (f *flights) end(seq uint64) *flight {
	f.mu.Lock()
	defer f.mu.Unlock()
	one := f.all[seq]
	delete(f.all, seq)
	return one
}

// count is how many were sent, and when the oldest of them was due; 0 where there is none.
func (f *flights) count() (n int, oldest time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, one := range f.all {
		if one.dropped {
			continue
		}
		n++
		if oldest == 0 || one.due < oldest {
			oldest = one.due
		}
	}
	return n, oldest
}
