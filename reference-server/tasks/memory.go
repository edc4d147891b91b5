package tasks

import (
	"sync"
	"time"

	"github.com/hangtime-dev/hangtime/reference-server/board"
)

// memory keeps tasks in this process: what a killed worker held is gone, as the guide says.
type memory struct {
	limit int // of tasks that it holds; 0: none
	ready func(uint64)

	mu      sync.Mutex
	waiting []*Task
	later   map[*Task]*time.Timer
	taken   int
}

func newMemory(p Parts) (Backend, error) {
	m := &memory{later: map[*Task]*time.Timer{}}
	if p.Config.Limits == "bounded" {
		m.limit = p.Config.MaxConcurrentTasks + p.Config.TaskQueue
	}
	return m, nil
}

func (m *memory) Start(ready func(uint64)) error {
	m.ready = ready
	return nil
}

func (m *memory) Full() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.full()
}

// full is called with the mutex held.
func (m *memory) full() bool { return m.limit > 0 && len(m.waiting)+len(m.later)+m.taken >= m.limit }

func (m *memory) Enqueue(t *Task, taken func(uint64, error)) { taken(m.put(t)) }

func (m *memory) put(t *Task) (uint64, error) {
	m.mu.Lock()
	if m.full() {
		m.mu.Unlock()
		return 0, ErrFull
	}
	t.Hold()
	if t.Delay > 0 {
		m.later[t] = time.AfterFunc(t.Delay, func() { m.due(t) })
		m.mu.Unlock()
		return t.Number, nil
	}
	m.waiting = append(m.waiting, t)
	m.mu.Unlock()
	m.ready(t.Number)
	return t.Number, nil
}

// due puts a task that was to run later behind those that wait.
func (m *memory) due(t *Task) {
	m.mu.Lock()
	delete(m.later, t)
	m.waiting = append(m.waiting, t)
	m.mu.Unlock()
	m.ready(t.Number)
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

func (m *memory) Outcome(_ *Task, state board.State) board.State { return state }

func (m *memory) Settle(*Task, board.State) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.taken--
}

// Renew and Stop have nothing to do: nobody else could have the tasks.
func (m *memory) Renew(int64) {}

func (m *memory) Stop() {}

// Close ends the timers of tasks that are not due yet.
func (m *memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, timer := range m.later {
		timer.Stop()
	}
	return nil
}

// Shared is false: they are in this very process.
func (m *memory) Shared() bool { return false }

func (m *memory) Stats() Stats {
	m.mu.Lock()
	defer m.mu.Unlock()
	return Stats{Waiting: len(m.waiting), Later: len(m.later), Taken: m.taken}
}

func (m *memory) Guarantees() Guarantees {
	return Guarantees{
		Name:       "memory",
		WorkerDies: "every task that it held is lost, and is then told as lost",
		EngineDies: "the engine is the worker itself",
		PowerCut:   "every task is lost, and what became of the earlier ones is forgotten",
		SameKey:    "both are done",
		Fails:      "it has failed",
	}
}
