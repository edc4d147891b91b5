package celery

import (
	"time"

	"github.com/hangtime-dev/hangtime/queues"
)

const censusAfter = time.Second // after a task was given; most have ended by then

// A census says where the tasks without a result were at one time: in the queue, unacknowledged, or with a worker that
// has acknowledged them already. Celery has no record of the last but the worker's own memory.
type census struct {
	at    time.Time // when it began; tasks that were given later need not be in it
	all   bool      // nobody was left out: the queue was seen whole, and all workers answered
	asked map[string]bool
	found map[string]queues.Standing
}

// of is where a task was that was given at a time.
func (c census) of(id string, given time.Time) queues.Standing {
	if one, ok := c.found[id]; ok {
		return one
	}
	if !c.all || !c.asked[id] || c.at.Sub(given) < censusAfter {
		return queues.Standing{State: queues.Accepted}
	}
	return queues.Standing{State: queues.Unknown}
}

// knows says whether all of some tasks were found or asked for: those that wait are in the lists, whoever asks.
func (c census) knows(tasks map[string]bool) bool {
	for id := range tasks {
		if _, found := c.found[id]; !found && !c.asked[id] {
			return false
		}
	}
	return true
}
