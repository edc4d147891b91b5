package queues

import (
	"context"
	"encoding/json"
	"time"
)

// A Task is one piece of work for the workers of a queue.
type Task struct {
	ID     string
	Name   string                     // the function, with its module, as the workers know it
	Args   []json.RawMessage          // by place
	Kwargs map[string]json.RawMessage // by name
}

// The states of a task, as the ledger knows them.
const (
	Accepted = "accepted" // waits, or nobody can say whether it runs
	Running  = "running"
	Done     = "done"
	Failed   = "failed"
	TimedOut = "timed-out" // ended because it took too long
	Lost     = "lost"      // its worker died, and the system will not do it again
	Unknown  = "unknown"   // in no queue, with no worker, without a result
)

// A Standing is what a system says of a task.
type Standing struct {
	State string
	PID   int // of the process on this machine that has it; 0: nobody said
}

// A Depth is how much a queue holds.
type Depth struct {
	Waiting     int
	InFlight    int     // given to workers, and not answered
	DoneTwice   uint64  // times that a task of ours was done that had been done before
	Redelivered *uint64 // times that a task of ours was begun again; nil: the system does not count it
}

// A System is one queue of a task queue, as a client sees it. Any goroutine may call it.
type System interface {
	// Enqueue gives a task to the queue: when it returns nil, the broker has it.
	Enqueue(ctx context.Context, task Task) error
	// Standings says what the system knows of tasks of ours that were given to it at those times.
	Standings(ctx context.Context, given map[string]time.Time) (map[string]Standing, error)
	// Depth is how much waits.
	Depth(ctx context.Context) (Depth, error)
	// Workers counts who takes tasks of this queue by now, by the system's own account.
	Workers(ctx context.Context) (int, error)
	// Missing says in a sentence what kept it from telling how tasks end; empty: nothing.
	Missing() string
	// Close takes back what it left in the broker beside the tasks.
	Close() error
}

// A Place is where a queue is.
type Place struct {
	Broker  string // URL of the broker
	Results string // URL of the store of results
	Queue   string // its name; empty: the system's own default
	Retries int    // times that a task of which the worker died is to be tried again, where the one who enqueues says so
	Timeout time.Duration
}
