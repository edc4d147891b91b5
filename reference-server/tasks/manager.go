package tasks

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hangtime-dev/hangtime/reference-server/board"
	"github.com/hangtime-dev/hangtime/reference-server/eventloop"
	"github.com/hangtime-dev/hangtime/reference-server/heartbeat"
	"github.com/hangtime-dev/hangtime/reference-server/settings"
	"github.com/hangtime-dev/hangtime/reference-server/tasklog"
)

// What a refused task is told.
var (
	ErrFull   = errors.New("as many tasks as may wait are waiting")
	ErrNoLoop = errors.New("the event loop does not run")
)

// joinLimit is how long a loop that was told to stop is waited for, as in the guide.
const joinLimit = 5 * time.Second

// A Manager belongs to one worker process.
type Manager struct {
	cfg      settings.Config
	board    *board.Board
	owner    board.Owner
	page     *heartbeat.Page
	clock    heartbeat.Clock
	log      *tasklog.Log
	rss      func() uint64 // bytes
	beat     func(now int64)
	backend  Backend
	executor *eventloop.Executor
	upstream *upstream

	inFlight atomic.Int64 // accepted and not ended
	active   atomic.Int64 // of these, running
	Counts   Counts

	mu      sync.Mutex // the loop's coming and going
	loop    *eventloop.Loop
	running bool // what the guide calls _running: set when the loop was started, cleared when it ended
	joined  chan struct{}
	leaked  []*run

	current map[uint64]*run // touched by the loop's thread alone
}

// Counts are figures since the worker started.
type Counts struct {
	Accepted, Done, Failed, TimedOut, Refused, Restarts, Slow atomic.Uint64
	Lag                                                       atomic.Int64 // of the last timer, nanoseconds
	MaxLag                                                    atomic.Int64
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
}

// NewManager makes one whose loop does not run.
func NewManager(p Parts) *Manager {
	return &Manager{cfg: p.Config, board: p.Board, owner: p.Owner, page: p.Page, clock: p.Clock, log: p.Log, rss: p.RSS, beat: p.Beat,
		backend: &memory{}, executor: eventloop.NewExecutor(p.Config.ExecutorThreads), upstream: &upstream{address: p.Config.Upstream}}
}

// Start starts the event loop. ghost makes what a fork leaves of a loop that was started before it: everything but the thread.
func (m *Manager) Start(ghost bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.start(ghost)
}

func (m *Manager) start(ghost bool) error {
	if m.running {
		return nil
	}
	loop, err := eventloop.New(eventloop.Options{Name: "loop", Now: m.clock.Now, Turn: m.turn, Busy: m.busy, Slow: m.slow, Lag: m.lag, Failed: m.callbackFailed})
	if err != nil {
		return err
	}
	m.loop, m.running, m.joined = loop, true, make(chan struct{})
	if ghost {
		return nil
	}
	m.page.LoopBeat.Store(uint64(m.clock.Now()))
	for range m.backend.Stats().Waiting { // what an earlier loop left
		loop.CallSoon(eventloop.Callback{Run: m.pump})
	}
	go m.runLoop(loop, m.joined)
	return nil
}

func (m *Manager) runLoop(loop *eventloop.Loop, joined chan struct{}) {
	defer close(joined)
	m.current = map[uint64]*run{}
	err := loop.RunForever()
	m.page.LoopBusy.Store(0)
	m.abandon()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.loop == loop {
		m.running = false
	}
	if err != nil {
		m.log.Error("event loop ended", "error", err.Error(), "pid", m.owner.PID)
	}
}

// abandon ends the tasks that the loop held when it ended: nobody will go on with them.
func (m *Manager) abandon() {
	for _, r := range m.current {
		if m.cfg.Cleanup == "none" {
			m.mu.Lock()
			m.leaked = append(m.leaked, r)
			m.mu.Unlock()
		}
		m.finish(r, board.Failed, errors.New("the event loop ended"))
	}
}

func (m *Manager) turn(now int64) {
	m.page.Turns.Add(1)
	m.page.LoopBeat.Store(uint64(now))
	if m.beat != nil {
		m.beat(now)
	}
}

func (m *Manager) busy(since int64) { m.page.LoopBusy.Store(uint64(since)) }

func (m *Manager) lag(late time.Duration) {
	m.Counts.Lag.Store(int64(late))
	if int64(late) > m.Counts.MaxLag.Load() {
		m.Counts.MaxLag.Store(int64(late))
	}
}

func (m *Manager) slow(label uint64, took time.Duration) {
	m.Counts.Slow.Add(1)
	m.log.Warn("slow callback", "id", m.board.ID(label), "pid", m.owner.PID, "took_ms", ms(took))
}

func (m *Manager) callbackFailed(label uint64, problem any) {
	m.log.Error("callback failed", "id", m.board.ID(label), "pid", m.owner.PID, "error", fmt.Sprint(problem))
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// Submit accepts a task, or says why not. With `state: unaware` it uses the loop without a look, and panics when there is none, as the guide's code raises.
func (m *Manager) Submit(s Spec) (uint64, error) {
	loop, err := m.usable()
	if err != nil {
		return 0, err
	}
	if m.inFlight.Add(1) > int64(m.cfg.MaxConcurrentTasks+m.cfg.TaskQueue) && m.cfg.Limits == "bounded" {
		m.inFlight.Add(-1)
		m.Counts.Refused.Add(1)
		return 0, ErrFull
	}
	now := m.clock.Now()
	t := &Task{Spec: s, Number: m.board.Accept(m.owner, now), Accepted: now}
	if s.Size > 0 && s.Work != "file" {
		t.held = hold(s.Size)
	}
	m.page.InFlight.Store(uint64(m.inFlight.Load()))
	m.Counts.Accepted.Add(1)
	m.say("task accepted", t)
	if err := m.backend.Enqueue(t); err != nil {
		m.inFlight.Add(-1)
		m.board.End(t.Number, board.Failed, m.clock.Now())
		return 0, fmt.Errorf("keep the task: %w", err)
	}
	if err := loop.CallSoonThreadsafe(eventloop.Callback{Run: m.pump, Label: t.Number}); err != nil {
		return 0, err
	}
	return t.Number, nil
}

// hold is memory that is really there.
func hold(size int) []byte {
	b := make([]byte, size)
	for i := 0; i < size; i += 4096 {
		b[i] = 1
	}
	return b
}

// usable is the loop to give work to.
func (m *Manager) usable() (*eventloop.Loop, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.cfg.State == "unaware" || m.running && m.loop != nil {
		return m.loop, nil
	}
	if m.cfg.Recovery == "none" {
		return nil, ErrNoLoop
	}
	if err := m.restart(); err != nil {
		return nil, err
	}
	return m.loop, nil
}

// restart is called with the mutex held, when the loop has ended.
func (m *Manager) restart() error {
	m.Counts.Restarts.Add(1)
	m.log.Warn("restarting event loop", "pid", m.owner.PID)
	if m.loop != nil && m.cfg.Cleanup == "drain" {
		<-m.joined
		if err := m.loop.Close(); err != nil {
			return err
		}
	}
	return m.start(false)
}

// State is what /health wants to know: is the loop said to run, since when does it run one callback (0: it waits), and when did it turn last.
func (m *Manager) State() (running bool, busy, beat int64) {
	m.mu.Lock()
	running = m.running
	m.mu.Unlock()
	return running, int64(m.page.LoopBusy.Load()), int64(m.page.LoopBeat.Load())
}

// Active is how many tasks run, InFlight how many were accepted and have not ended.
func (m *Manager) Active() int   { return int(m.active.Load()) }
func (m *Manager) InFlight() int { return int(m.inFlight.Load()) }

// Backend is where tasks wait.
func (m *Manager) Backend() Backend { return m.backend }

// Executor says how many jobs wait for a thread, and how many threads there are.
func (m *Manager) Executor() (jobs, threads int) { return m.executor.Waiting() }
