package board

import (
	"sync/atomic"
	"time"
)

// queued is what is known of the engine's queue. The arbiter writes the first group, the workers count the second.
type queued struct {
	at       atomic.Uint64 // when the engine was asked last, CLOCK_MONOTONIC in nanoseconds; 0: there is no engine
	depth    atomic.Uint64
	inFlight atomic.Uint64
	oldest   atomic.Uint64 // nanoseconds

	redelivered  atomic.Uint64
	deadLettered atomic.Uint64
	doneTwice    atomic.Uint64

	vanished atomic.Uint64 // times that the engine's queue was found to be gone with all that it held
}

// A Queue is how the engine's queue is.
type Queue struct {
	Depth        int           // tasks that wait, delayed ones too
	InFlight     int           // tasks that workers hold
	Oldest       time.Duration // age of the oldest task that has not ended; 0: there is none
	Redelivered  uint64        // times that a task was given out again
	DeadLettered uint64
	DoneTwice    uint64 // times that a task was done that had been done before
}

// SetQueue says what the engine answered.
func (b *Board) SetQueue(q Queue, now int64) {
	to := &b.head.queued
	to.depth.Store(uint64(q.Depth))
	to.inFlight.Store(uint64(q.InFlight))
	to.oldest.Store(uint64(q.Oldest))
	to.at.Store(uint64(now))
}

// Queue is what the engine answered last, and when; at is 0 where there is no engine.
func (b *Board) Queue() (q Queue, at int64) {
	from := &b.head.queued
	return Queue{Depth: int(from.depth.Load()), InFlight: int(from.inFlight.Load()),
		Oldest: time.Duration(from.oldest.Load()), Redelivered: from.redelivered.Load(),
		DeadLettered: from.deadLettered.Load(), DoneTwice: from.doneTwice.Load()}, int64(from.at.Load())
}
