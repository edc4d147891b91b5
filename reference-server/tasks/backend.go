package tasks

import (
	"errors"

	"github.com/hangtime-dev/hangtime/reference-server/board"
)

// A Task is one that was accepted.
type Task struct {
	Spec
	Number   uint64
	Accepted int64 // CLOCK_MONOTONIC, nanoseconds
	held     []byte
}

// What becomes of a task that a backend does not take over.
var (
	ErrFull      = errors.New("as many tasks as may wait are waiting")
	ErrNoEngine  = errors.New("the task engine does not answer")
	ErrForgotten = errors.New("a task with this key was accepted before, and what became of it is not remembered")
)

// A Backend keeps tasks between the request that brings them and the loop that runs them.
type Backend interface {
	// Start begins to give tasks out: ready is called, from any thread, once for each that Take may find.
	Start(ready func(label uint64)) error
	// Full says that a task would be refused; that it is not, is no promise.
	Full() bool
	// Enqueue takes a task over. When taken is told nil the task will be given out by Take, as far as Guarantees
	// promises, by this worker or another; number is the task's, or that of an earlier one that it is the same as.
	// From any thread. It never blocks: taken is called once, from any thread, and may be before Enqueue returns.
	Enqueue(t *Task, taken func(number uint64, err error))
	// Take gives out the oldest task that waits here; ok is false when none may be begun now. It never blocks: the
	// manager calls it on the loop's thread when there is room.
	Take() (t *Task, ok bool)
	// Outcome is what becomes of a task whose try ended in a state: the state itself, Accepted when it will be tried
	// again, or DeadLettered.
	Outcome(t *Task, state board.State) board.State
	// Settle is told the outcome, once the board knows it. It never blocks.
	Settle(t *Task, outcome board.State)
	// Renew is called at every turn of the loop: what this worker holds is in good hands.
	Renew(now int64)
	// Stop gives no more tasks out, and gives back what was not begun, where there is somebody to give it to.
	Stop()
	// Close is called when nothing is held any more, or when there is no more time.
	Close() error
	// Shared says that a task is no worker's own until one takes it: its death, then, is not the task's.
	Shared() bool
	Stats() Stats
	Guarantees() Guarantees
}

// Stats are what a worker holds.
type Stats struct {
	Waiting int // here, to be taken
	Later   int // here, and not due yet
	Taken   int // and not settled
}

// Held is how many tasks this worker has to end.
func (s Stats) Held() int { return s.Waiting + s.Later + s.Taken }

// Guarantees say in words what becomes of tasks that were accepted and have not ended.
type Guarantees struct {
	Name       string `json:"name"`
	WorkerDies string `json:"worker_dies"`
	EngineDies string `json:"engine_dies"`
	PowerCut   string `json:"power_cut"`
	SameKey    string `json:"same_key"` // a task that comes twice with one key
	Fails      string `json:"fails"`
}
