package board

import "sync/atomic"

// Places is how many workers the table has room for: a reload has the old and the new ones at once.
const Places = 1024

// A Place is one line of the arbiter's table. Only the arbiter writes the first group, only the worker in the place
// the second.
type Place struct {
	Owner   atomic.Uint64 // number of the worker process; 0: the place is empty
	PID     atomic.Uint64
	Age     atomic.Uint64 // of all workers that the arbiter started, the how-manyth
	State   atomic.Uint64 // Starting, Ready, Leaving
	Started atomic.Uint64 // CLOCK_MONOTONIC, nanoseconds

	Beat     atomic.Uint64 // the worker's own last turn of its request side
	LoopBeat atomic.Uint64
	Requests atomic.Uint64
	InFlight atomic.Uint64
	_        [7]uint64
}

// What the arbiter knows of a worker.
const (
	Empty    = 0
	Starting = 1
	Ready    = 2
	Leaving  = 3
)

// StateName is the word for it.
func StateName(state uint64) string {
	switch state {
	case Starting:
		return "starting"
	case Ready:
		return "ready"
	case Leaving:
		return "leaving"
	}
	return "empty"
}

// A WorkerTable is the arbiter's table: a place for each worker, and the arbiter itself.
type WorkerTable struct {
	head   *header
	places []Place
}

// Place is the line of place n, from 1; an arbiter that replaces its workers uses more places than it has workers.
func (t *WorkerTable) Place(n int) *Place { return &t.places[(n-1)%Places] }

// Held is how many tasks the workers say that they have to end.
func (t *WorkerTable) Held() int {
	held := uint64(0)
	for i := range t.places {
		if p := &t.places[i]; p.State.Load() != Empty {
			held += p.InFlight.Load()
		}
	}
	return int(held)
}

// NewOwner is a number for a worker process that no other ever had, unlike its pid.
func (t *WorkerTable) NewOwner() uint64 { return t.head.owners.Add(1) }

// SetArbiter and Arbiter are the arbiter's pid, when it started (CLOCK_MONOTONIC) and how many workers it wants.
func (t *WorkerTable) SetArbiter(pid int, start int64, target int) {
	t.head.parent.Store(uint64(pid))
	t.head.start.Store(uint64(start))
	t.head.target.Store(uint64(target))
}

// Arbiter is what SetArbiter said last.
func (t *WorkerTable) Arbiter() (pid int, start int64, target int) {
	return int(t.head.parent.Load()), int64(t.head.start.Load()), int(t.head.target.Load())
}
