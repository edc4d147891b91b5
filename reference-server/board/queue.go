package board

import "time"

// A Queue is how the engine's queue is.
type Queue struct {
	Depth        int           // tasks that wait, delayed ones too
	InFlight     int           // tasks that workers hold
	Oldest       time.Duration // age of the oldest task that has not ended; 0: there is none
	Redelivered  uint64        // times that a task was given out again
	DeadLettered uint64
	DoneTwice    uint64 // times that a task was done that had been done before
}

// A QueueAccount is what the engine said of its queue last.
type QueueAccount struct{ queued *queued }

// Set says what the engine answered.
func (a *QueueAccount) Set(q Queue, now int64) {
	to := a.queued
	to.depth.Store(uint64(q.Depth))
	to.inFlight.Store(uint64(q.InFlight))
	to.oldest.Store(uint64(q.Oldest))
	to.at.Store(uint64(now))
}

// Last is what the engine answered last, and when; at is 0 where there is no engine.
func (a *QueueAccount) Last() (q Queue, at int64) {
	from := a.queued
	return Queue{Depth: int(from.depth.Load()), InFlight: int(from.inFlight.Load()),
		Oldest: time.Duration(from.oldest.Load()), Redelivered: from.redelivered.Load(),
		DeadLettered: from.deadLettered.Load(), DoneTwice: from.doneTwice.Load()}, int64(from.at.Load())
}
