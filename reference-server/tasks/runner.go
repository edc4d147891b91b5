package tasks

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/hangtime-dev/hangtime/reference-server/board"
	"github.com/hangtime-dev/hangtime/reference-server/eventloop"
	"github.com/hangtime-dev/hangtime/reference-server/heartbeat"
	"github.com/hangtime-dev/hangtime/reference-server/settings"
)

// A run is a task on its loop. All its fields are touched by the loop's thread alone.
type run struct {
	*Task
	started int64
	timer   *eventloop.Timer // of the task's timeout
	ended   bool
}

// A runner takes the tasks that wait and runs them on one event loop.
type runner struct {
	cfg      *settings.Config
	board    *board.Board
	page     *heartbeat.Page
	clock    heartbeat.Clock
	journal  *journal
	measures *Measures
	backend  Backend
	bench    *workbench
	pair     *[2]mutex // what work `locks` takes
	loop     *eventloop.Loop
	executor *atomic.Pointer[eventloop.Executor] // the newest loop's
	current  map[uint64]*run                     // touched by the loop's thread alone
}

// pump takes one task if there is room: the guide's semaphore. It is called on the loop's thread, once for each task
// that came and once for each that ended while others waited.
func (u *runner) pump() {
	if u.cfg.Limits == "bounded" && u.measures.active.Load() >= int64(u.cfg.MaxConcurrentTasks) {
		return
	}
	if t, ok := u.backend.Take(); ok {
		u.begin(t)
	}
}

func (u *runner) begin(t *Task) {
	r := &run{Task: t, started: u.clock.Now()}
	u.measures.active.Add(1)
	u.current[t.Number] = r
	u.board.Tasks.Start(t.Number, r.started)
	u.journal.say("task started", t)
	if u.cfg.TaskTimeout > 0 && u.cfg.Limits == "bounded" {
		r.timer = u.loop.CallLater(u.cfg.TaskTimeout,
			eventloop.Callback{Label: t.Number, Run: func() { u.finish(r, board.TimedOut, errors.New("task timeout")) }})
	}
	u.perform(r)
}

// perform starts the work where the settings say. On the loop's thread.
func (u *runner) perform(r *run) {
	switch {
	case r.Work == "stop":
		u.loop.Stop()
		u.finish(r, board.Done, nil)
	case r.Work == "exit":
		u.loop.Exit(errors.New("a task ended the event loop"))
	case r.Work == "nested":
		u.nested(r)
	case r.Work == "locks":
		u.locks(r)
	case u.cfg.IO == "blocking":
		u.ended(r, u.bench.do(r.Task))
	case r.Work == "sleep":
		u.loop.CallLater(r.Duration, eventloop.Callback{Label: r.Number, Run: func() { u.ended(r, nil) }})
	default:
		u.onExecutor(r, func() error { return u.bench.do(r.Task) })
	}
}

func (u *runner) onExecutor(r *run, work func() error) {
	if err := u.loop.RunInExecutor(u.executor.Load(), r.Number, work, func(err error) { u.ended(r, err) }); err != nil {
		u.ended(r, err)
	}
}

// nested is a job that waits for another job of the same pool: with as many of them as threads, none ever ends.
func (u *runner) nested(r *run) {
	u.onExecutor(r, func() error {
		inner := make(chan error, 1)
		if err := u.executor.Load().Submit(func() { inner <- sleep(r.Duration) }); err != nil {
			return err
		}
		return <-inner
	})
}

// locks is two jobs that take the same two locks, each holding its first for the task's duration before it takes its
// second. In the same order one waits for the other; with `lock-order: opposite` each holds what the other waits for,
// for ever, and whoever comes later waits behind them. Both are the pool's, and with `io: blocking` the second is the
// loop's own thread.
func (u *runner) locks(r *run) {
	orders := lockOrders(u.pair, u.cfg.LockOrder == "opposite")
	left := new(atomic.Int32)
	left.Store(int32(len(orders)))
	job := func(order [2]*mutex) func() {
		return func() {
			takeBoth(order, r.Duration)
			if left.Add(-1) == 0 {
				// A closed loop wants to know nothing any more.
				_ = u.loop.CallSoonThreadsafe(eventloop.Callback{Label: r.Number, Run: func() { u.ended(r, nil) }})
			}
		}
	}
	if err := u.executor.Load().Submit(job(orders[0])); err != nil {
		u.ended(r, err)
		return
	}
	if u.cfg.IO == "blocking" {
		job(orders[1])()
		return
	}
	if err := u.executor.Load().Submit(job(orders[1])); err != nil {
		u.ended(r, err)
	}
}

func (u *runner) ended(r *run, err error) {
	if err != nil {
		u.finish(r, board.Failed, err)
		return
	}
	u.finish(r, board.Done, nil)
}

// finish is the end of a task, once; a job that ends after its task was given up changes nothing.
func (u *runner) finish(r *run, state board.State, err error) {
	if r.ended {
		return
	}
	r.ended = true
	if r.timer != nil && u.loop.Running() {
		u.loop.Cancel(r.timer)
	}
	delete(u.current, r.Number)
	now := u.clock.Now()
	// The board first: what it says has ended is not done again, should this worker die before the engine hears of it.
	outcome := u.backend.Outcome(r.Task, state)
	if outcome.Ended() {
		u.board.Tasks.End(r.Number, outcome, now)
	}
	u.backend.Settle(r.Task, outcome)
	u.measures.active.Add(-1)
	held := u.backend.Stats()
	u.page.InFlight.Store(uint64(held.Held()))
	took := time.Duration(now - r.started)
	u.measures.ended(outcome, took)
	u.journal.ended(r.Task, outcome, took, err)
	if u.cfg.Cleanup == "drain" {
		r.held = nil
	}
	if held.Waiting > 0 {
		u.loop.CallSoon(eventloop.Callback{Run: u.pump})
	}
}

// abandon ends the tasks that the loop held when it ended: nobody will go on with them.
func (u *runner) abandon() {
	for _, r := range u.current {
		u.finish(r, board.Failed, errors.New("the event loop ended"))
	}
}
