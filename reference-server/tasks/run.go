package tasks

import (
	"errors"
	"time"

	"github.com/hangtime-dev/hangtime/reference-server/board"
	"github.com/hangtime-dev/hangtime/reference-server/eventloop"
)

// A run is a task on its loop. All its fields are touched by the loop's thread alone.
type run struct {
	*Task
	started int64
	timer   *eventloop.Timer // of the task's timeout
	ended   bool
}

// pump takes one task if there is room: the guide's semaphore. It is called on the loop's thread, once for each task
// that came and once for each that ended while others waited.
func (m *Manager) pump() {
	if m.cfg.Limits == "bounded" && m.active.Load() >= int64(m.cfg.MaxConcurrentTasks) {
		return
	}
	if t, ok := m.backend.Take(); ok {
		m.begin(t)
	}
}

func (m *Manager) begin(t *Task) {
	r := &run{Task: t, started: m.clock.Now()}
	m.active.Add(1)
	m.current[t.Number] = r
	m.board.Start(t.Number, r.started)
	m.say("task started", t)
	if m.cfg.TaskTimeout > 0 && m.cfg.Limits == "bounded" {
		r.timer = m.loop.CallLater(m.cfg.TaskTimeout,
			eventloop.Callback{Label: t.Number, Run: func() { m.finish(r, board.TimedOut, errors.New("task timeout")) }})
	}
	m.perform(r)
}

// perform starts the work where the settings say. On the loop's thread.
func (m *Manager) perform(r *run) {
	loop := m.loop
	switch {
	case r.Work == "stop":
		loop.Stop()
		m.finish(r, board.Done, nil)
	case r.Work == "exit":
		loop.Exit(errors.New("a task ended the event loop"))
	case r.Work == "nested":
		m.nested(r)
	case r.Work == "locks":
		m.locks(r)
	case m.cfg.IO == "blocking":
		m.ended(r, m.do(r.Task))
	case r.Work == "sleep":
		loop.CallLater(r.Duration, eventloop.Callback{Label: r.Number, Run: func() { m.ended(r, nil) }})
	default:
		m.onExecutor(r, func() error { return m.do(r.Task) })
	}
}

func (m *Manager) onExecutor(r *run, work func() error) {
	if err := m.loop.RunInExecutor(m.executor.Load(), r.Number, work, func(err error) { m.ended(r, err) }); err != nil {
		m.ended(r, err)
	}
}

// nested is a job that waits for another job of the same pool: with as many of them as threads, none ever ends.
func (m *Manager) nested(r *run) {
	m.onExecutor(r, func() error {
		inner := make(chan error, 1)
		if err := m.executor.Load().Submit(func() { inner <- sleep(r.Duration) }); err != nil {
			return err
		}
		return <-inner
	})
}

func (m *Manager) ended(r *run, err error) {
	if err != nil {
		m.finish(r, board.Failed, err)
		return
	}
	m.finish(r, board.Done, nil)
}

// finish is the end of a task, once; a job that ends after its task was given up changes nothing.
func (m *Manager) finish(r *run, state board.State, err error) {
	if r.ended {
		return
	}
	r.ended = true
	if r.timer != nil && m.loop.Running() {
		m.loop.Cancel(r.timer)
	}
	delete(m.current, r.Number)
	now := m.clock.Now()
	m.board.End(r.Number, state, now)
	m.backend.Ack(r.Task)
	m.active.Add(-1)
	m.page.InFlight.Store(uint64(m.inFlight.Add(-1)))
	took := time.Duration(now - r.started)
	m.Measures.ended(state, took)
	if m.cfg.Monitoring == "on" {
		args := append(m.fields(r.Task), "state", state.String(), "took_ms", ms(took))
		if err != nil {
			m.log.Error("task failed", append(args, "error", err.Error())...)
		} else {
			m.log.Info("task done", args...)
		}
	}
	if m.cfg.Cleanup == "drain" {
		r.held = nil
	}
	if m.backend.Stats().Waiting > 0 {
		m.loop.CallSoon(eventloop.Callback{Run: m.pump})
	}
}

func (m *Manager) say(what string, t *Task) {
	if m.cfg.Monitoring == "on" {
		m.log.Info(what, m.fields(t)...)
	}
}

func (m *Manager) fields(t *Task) []any {
	return []any{"id", m.board.ID(t.Number), "pid", m.owner.PID, "work", t.Work, "active", m.active.Load(),
		"memory_mib", float64(m.rss()>>10) / 1024}
}
