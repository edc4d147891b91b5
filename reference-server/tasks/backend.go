package tasks

import (
	"sync"
)

// A Task is one that was accepted.
type Task struct {
	Spec
	Number   uint64
	Accepted int64 // CLOCK_MONOTONIC, nanoseconds
	held     []byte
}

// A Backend keeps tasks between the request that brings them and the loop that runs them. The manager bounds how many
// there are at once.
type Backend interface {
	// Enqueue takes a task over. When it returns nil the task will be given out by Take, as far as Guarantees
	// promises. From any thread.
	Enqueue(*Task) error
	// Take gives out the oldest task that waits; ok is false when none does. It never blocks: the manager calls it on
	// the loop's thread when there is room.
	Take() (t *Task, ok bool)
	// Ack says that a task that was taken has ended, however it ended, and need not be given out again.
	Ack(*Task)
	Stats() Stats
	Guarantees() Guarantees
}

// Stats are a backend's figures.
type Stats struct {
	Waiting  int    // enqueued and not taken
	Taken    int    // taken and not acked
	Enqueued uint64 // ever
}

// Guarantees say in words what becomes of tasks that were enqueued and not acked.
type Guarantees struct {
	WorkerDies string `json:"worker_dies"`
	EngineDies string `json:"engine_dies"`
	PowerCut   string `json:"power_cut"`
}

// memory keeps tasks in this process: what a killed worker held is gone, as the guide says.
type memory struct {
	mu       sync.Mutex
	waiting  []*Task
	taken    int
	enqueued uint64
}

func (m *memory) Enqueue(t *Task) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.waiting = append(m.waiting, t)
	m.enqueued++
	return nil
}

func (m *memory) Take() (*Task, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.waiting) == 0 {
		return nil, false
	}
	t := m.waiting[0]
	m.waiting[0] = nil
	m.waiting = m.waiting[1:]
	m.taken++
	return t, true
}

func (m *memory) Ack(*Task) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.taken--
}

func (m *memory) Stats() Stats {
	m.mu.Lock()
	defer m.mu.Unlock()
	return Stats{Waiting: len(m.waiting), Taken: m.taken, Enqueued: m.enqueued}
}

func (m *memory) Guarantees() Guarantees {
	return Guarantees{
		WorkerDies: "every task that it held is lost, and is then told as lost",
		EngineDies: "the engine is the worker itself",
		PowerCut:   "every task is lost, and what became of the earlier ones is forgotten",
	}
}
