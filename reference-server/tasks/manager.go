package tasks

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hangtime-dev/hangtime/reference-server/board"
	"github.com/hangtime-dev/hangtime/reference-server/eventloop"
	"github.com/hangtime-dev/hangtime/reference-server/heartbeat"
	"github.com/hangtime-dev/hangtime/reference-server/settings"
	"github.com/hangtime-dev/hangtime/reference-server/tasklog"
)

// ErrNoLoop is what a task is refused with when nobody would run it.
var ErrNoLoop = errors.New("the event loop does not run")

// A Manager belongs to one worker process.
type Manager struct {
	cfg      settings.Config
	board    *board.Board
	owner    board.Owner
	page     *heartbeat.Page
	clock    heartbeat.Clock
	log      *tasklog.Log
	beat     func(now int64)
	backend  Backend
	bench    *workbench
	journal  *journal
	Measures *Measures

	mu       sync.Mutex // the loop's coming and going
	runner   *runner    // of the loop that there is; nil: none
	running  bool       // what the guide calls _running: set when the loop was started, cleared when it ended, if anybody looks after that
	joined   chan struct{}
	closing  bool
	executor atomic.Pointer[eventloop.Executor] // as asyncio's default executor, each loop has its own
	leaked   leak
	pair     [2]mutex // what work `locks` takes
}

// A leak is what `cleanup: none` leaves behind at each restart of the loop: its tasks with what they hold, its
// descriptors, and the threads of its executor.
type leak struct {
	tasks     []*run
	loops     []*eventloop.Loop
	executors []*eventloop.Executor
}

// Parts are what a Manager is made of.
type Parts struct {
	Config settings.Config
	Board  *board.Board
	Owner  board.Owner
	Page   *heartbeat.Page
	Clock  heartbeat.Clock
	Log    *tasklog.Log
	RSS    func() uint64   // memory of this process, bytes
	Beat   func(now int64) // at every turn of the loop; nil: the loop gives no sign of life
	Engine *os.File        // how to reach the task engine; unused when tasks are kept in memory
}

// Start starts the event loop. ghost makes what a fork leaves of a loop that was started before it: everything but
// the thread. With `state: aware` the loop runs when Start returns; otherwise its thread was started, as in the
// guide's code, and until the thread has come to it there is no loop.
func (m *Manager) Start(ghost bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.running {
		return nil
	}
	if m.cfg.State == "unaware" && !ghost {
		go m.startUnseen()
		return nil
	}
	if !ghost {
		time.Sleep(m.cfg.LoopStartDelay)
	}
	return m.start(ghost)
}

// startUnseen is the guide's run_event_loop: the loop is made in its own thread, and nobody waits for it.
func (m *Manager) startUnseen() {
	time.Sleep(m.cfg.LoopStartDelay)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closing {
		return
	}
	if err := m.start(false); err != nil {
		m.log.Error("event loop not started", "error", err.Error(), "pid", m.owner.PID)
	}
}

// start is called with the mutex held.
func (m *Manager) start(ghost bool) error {
	options := eventloop.Options{Name: "loop", Now: m.clock.Now, Turn: m.turn, Busy: m.busy, Failed: m.callbackFailed}
	if m.cfg.Monitoring == "on" {
		options.Slow, options.Lag = m.slow, m.lag
	}
	loop, err := eventloop.New(options)
	if err != nil {
		return err
	}
	r := &runner{cfg: &m.cfg, board: m.board, page: m.page, clock: m.clock, journal: m.journal, measures: m.Measures,
		backend: m.backend, bench: m.bench, pair: &m.pair, loop: loop, executor: &m.executor, current: map[uint64]*run{}}
	m.runner, m.running, m.joined = r, true, make(chan struct{})
	m.page.LoopBeat.Store(uint64(m.clock.Now()))
	if ghost {
		return nil
	}
	up := make(chan struct{})
	loop.CallSoon(eventloop.Callback{Run: func() { close(up) }})
	for range m.backend.Stats().Waiting { // what an earlier loop left
		loop.CallSoon(eventloop.Callback{Run: r.pump})
	}
	go func(joined chan struct{}) {
		err := m.run(r)
		close(joined)
		m.loopEnded(r, err)
	}(m.joined)
	<-up // it is the first callback, and nobody but those who come after this can stop the loop
	return nil
}

// run runs a loop to its end.
func (m *Manager) run(r *runner) error {
	err := r.loop.RunForever()
	m.page.LoopBusy.Store(0)
	if m.cfg.Cleanup == "none" {
		m.mu.Lock()
		m.leaked.tasks = slices.AppendSeq(m.leaked.tasks, maps.Values(r.current))
		m.mu.Unlock()
	}
	r.abandon()
	return err
}

// loopEnded is the `finally` of the guide's run_event_loop, which `recovery: none` has not: there nobody ever learns
// that the loop is dead.
func (m *Manager) loopEnded(r *runner, err error) {
	if err != nil {
		m.log.Error("event loop ended", "error", err.Error(), "pid", m.owner.PID)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.runner != r || m.closing || m.cfg.Recovery == "none" {
		return
	}
	m.running = false
	if m.cfg.State == "aware" {
		// At once, not only when the next task comes: those that wait shall not wait for it.
		if err := m.restart(); err != nil {
			m.log.Error("event loop not restarted", "error", err.Error(), "pid", m.owner.PID)
		}
		return
	}
	if err != nil {
		m.runner = nil // what died is gone, what was stopped is still there and swallows what it is given
	}
}

func (m *Manager) turn(now int64) {
	m.page.Turns.Add(1)
	m.page.LoopBeat.Store(uint64(now))
	m.backend.Renew(now)
	if m.beat != nil {
		m.beat(now)
	}
}

func (m *Manager) busy(since int64) { m.page.LoopBusy.Store(uint64(since)) }

func (m *Manager) lag(late time.Duration) { m.Measures.lag(late) }

func (m *Manager) slow(label uint64, took time.Duration) {
	m.Measures.Slow.Add(1)
	m.log.Warn("slow callback", "id", m.board.IDs.Of(label), "pid", m.owner.PID, "took_ms", ms(took))
}

func (m *Manager) callbackFailed(label uint64, problem any) {
	m.log.Error("callback failed", "id", m.board.IDs.Of(label), "pid", m.owner.PID, "error", fmt.Sprint(problem))
}

// Submit accepts a task, or says why not: answered is called once, from any thread, and may be before Submit returns.
// With `state: unaware` it uses the loop without a look, and panics when there is none, as the guide's code raises.
func (m *Manager) Submit(s Spec, answered func(number uint64, err error)) {
	r, err := m.usable()
	if err != nil {
		answered(0, err)
		return
	}
	if r == nil {
		panic("the event loop is nil: it does not run yet, or it died")
	}
	if m.backend.Full() {
		m.Measures.Refused.Add(1)
		answered(0, ErrFull)
		return
	}
	now := m.clock.Now()
	owner := m.owner
	if m.backend.Shared() {
		owner = board.Owner{} // until a worker has it the engine does
	}
	t := &Task{Spec: s, Number: m.board.Tasks.Accept(owner, now), Accepted: now}
	m.journal.say("task accepted", t)
	m.backend.Enqueue(t, func(n uint64, err error) {
		m.enqueued(t, n, err)
		answered(n, err)
	})
}

// enqueued notes what became of a task that the backend was given.
func (m *Manager) enqueued(t *Task, n uint64, err error) {
	switch {
	case errors.Is(err, ErrNoEngine): // that may have it all the same
		m.refused(t)
	case err != nil:
		m.board.Tasks.End(t.Number, board.Failed, m.clock.Now())
		m.refused(t)
	case n != t.Number:
		m.board.Tasks.End(t.Number, board.Failed, m.clock.Now()) // its number was told to nobody
	default:
		m.Measures.Accepted.Add(1)
	}
}

func (m *Manager) refused(t *Task) {
	m.Measures.Refused.Add(1)
	m.journal.say("task refused", t)
}

// rouse makes the loop take what waits. A loop that ended meanwhile takes nothing: the one that followed it is woken
// instead, or will find the task when it starts.
func (m *Manager) rouse(label uint64) {
	m.page.InFlight.Store(uint64(m.InFlight()))
	m.mu.Lock()
	r := m.runner
	m.mu.Unlock()
	for r != nil {
		err := r.loop.CallSoonThreadsafe(eventloop.Callback{Run: r.pump, Label: label})
		m.mu.Lock()
		now := m.runner
		m.mu.Unlock()
		if now == r || now == nil {
			if err != nil {
				m.log.Error("task waits for a loop that is closed", "id", m.board.IDs.Of(label), "pid", m.owner.PID)
			}
			return
		}
		r = now
	}
}

// Hold takes the memory that the task asked for, which it has until it ends.
func (t *Task) Hold() {
	if t.Size > 0 && t.Work != "file" {
		t.held = hold(t.Size)
	}
}

// hold is memory that is really there.
func hold(size int) []byte {
	b := make([]byte, size)
	for i := 0; i < size; i += 4096 {
		b[i] = 1
	}
	return b
}

// usable is the runner to give work to.
func (m *Manager) usable() (*runner, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.cfg.State == "unaware" || m.running && m.runner != nil {
		return m.runner, nil
	}
	if m.cfg.Recovery == "none" || m.closing {
		return nil, ErrNoLoop
	}
	if err := m.restart(); err != nil {
		return nil, err
	}
	return m.runner, nil
}

// restart is called with the mutex held, when the loop has ended.
func (m *Manager) restart() error {
	m.Measures.Restarts.Add(1)
	m.log.Warn("restarting event loop", "pid", m.owner.PID)
	if m.runner != nil {
		<-m.joined
		old := m.executor.Swap(eventloop.NewExecutor(m.cfg.ExecutorThreads))
		if m.cfg.Cleanup == "none" {
			m.leaked.loops = append(m.leaked.loops, m.runner.loop)
			m.leaked.executors = append(m.leaked.executors, old)
		} else {
			old.Shutdown() // its threads end when their jobs do
			if err := m.runner.loop.Close(); err != nil {
				return err
			}
		}
	}
	return m.start(false)
}

// A LoopState is what /health wants to know.
type LoopState struct {
	Said  bool  // the loop is said to run: the guide's _running
	Runs  bool  // it does
	Busy  int64 // since when it is in one callback, CLOCK_MONOTONIC in nanoseconds; 0: it waits
	Beat  int64 // when it turned last
	TID   int   // its thread
	Ready int   // callbacks that wait for it
}

// State asks nobody: it answers at once whatever the loop does.
func (m *Manager) State() LoopState {
	m.mu.Lock()
	r, said := m.runner, m.running
	m.mu.Unlock()
	s := LoopState{Said: said, Busy: int64(m.page.LoopBusy.Load()), Beat: int64(m.page.LoopBeat.Load())}
	if r != nil {
		s.Runs, s.TID, s.Ready = r.loop.Running(), r.loop.TID(), r.loop.Waiting()
	}
	return s
}

// Active is how many tasks run, InFlight how many this worker has to end.
func (m *Manager) Active() int   { return int(m.Measures.active.Load()) }
func (m *Manager) InFlight() int { return m.backend.Stats().Held() }

// Backend is where tasks wait.
func (m *Manager) Backend() Backend { return m.backend }

// Executor says how many jobs wait for a thread, and how many threads there are.
func (m *Manager) Executor() (jobs, threads int) { return m.executor.Load().Waiting() }
