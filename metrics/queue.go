package metrics

import (
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// A Queue is what became of the queue that all workers of a server take their tasks from, where the server says it.
type Queue struct {
	Known   bool
	Deepest int           // most tasks that waited
	Oldest  time.Duration // greatest age of a task that had not ended
	// Emptied is from when the last fault was healed until no task waited; AtLeast: until then some always did.
	// Healed is false when no fault was healed, or none waited then.
	Emptied time.Duration
	AtLeast bool
	Healed  bool
}

// queueing follows a queue.
type queueing struct {
	queue  Queue
	depth  int
	healed time.Duration // when the last fault was; below 0: none was
	empty  bool          // since then
}

func (f *queueing) said(at time.Duration, now *history.TaskQueue) {
	if now == nil {
		return
	}
	q := &f.queue
	q.Known = true
	q.Deepest, q.Oldest = max(q.Deepest, now.Depth), max(q.Oldest, now.Oldest)
	f.depth = now.Depth
	if q.Healed && !f.empty {
		q.Emptied, f.empty = at-f.healed, now.Depth == 0
		q.AtLeast = !f.empty
	}
}

// heal is told that a fault is over.
func (f *queueing) heal(at time.Duration) {
	if f.depth > 0 {
		f.healed, f.empty = at, false
		f.queue.Healed, f.queue.Emptied, f.queue.AtLeast = true, 0, true
	}
}
