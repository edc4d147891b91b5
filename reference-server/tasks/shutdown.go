package tasks

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hangtime-dev/hangtime/reference-server/eventloop"
)

// joinLimit is how long a loop that was told to stop is waited for, as in the guide.
const joinLimit = 5 * time.Second

// Shutdown ends the manager as the setting `cleanup` says. With drain, tasks that were accepted are finished, as long
// as ctx allows; then the loop is stopped and joined, and every file closed. With none, nothing of this is done, but
// the pool's threads are waited for without limit, as Python does at exit.
func (m *Manager) Shutdown(ctx context.Context) error {
	m.mu.Lock()
	m.closing = true
	executors := append(m.leaked.executors, m.executor.Load())
	m.mu.Unlock()
	if m.cfg.Cleanup == "none" {
		for _, e := range executors {
			e.Shutdown()
		}
		for _, e := range executors {
			e.Wait()
		}
		return nil
	}
	m.backend.Stop()
	drained := m.drain(ctx)
	m.mu.Lock()
	r, joined := m.runner, m.joined
	m.mu.Unlock()
	var err error
	if r != nil && r.loop.Running() {
		r.loop.Stop()
		err = join(joined)
	}
	executor := m.executor.Load()
	executor.Shutdown()
	err = errors.Join(err, m.backend.Close())
	if err == nil && r != nil {
		err = r.loop.Close()
	}
	if drained && err == nil {
		executor.Wait()
		err = m.bench.upstream.close()
	}
	return err
}

// drain waits until no task is in flight; false: ctx ended first.
func (m *Manager) drain(ctx context.Context) bool {
	done := make(chan struct{})
	m.mu.Lock()
	r := m.runner
	m.mu.Unlock()
	if r == nil || !r.loop.Running() || m.InFlight() == 0 {
		return m.InFlight() == 0
	}
	const step = 20 * time.Millisecond
	var look func()
	look = func() {
		if m.InFlight() == 0 {
			close(done)
			return
		}
		if ctx.Err() == nil {
			r.loop.CallLater(step, eventloop.Callback{Run: look})
		}
	}
	if err := r.loop.CallSoonThreadsafe(eventloop.Callback{Run: look}); err != nil {
		return false
	}
	select {
	case <-done:
		return true
	case <-ctx.Done():
		return false
	}
}

func join(joined <-chan struct{}) error {
	t := time.NewTimer(joinLimit)
	defer t.Stop()
	select {
	case <-joined:
		return nil
	case <-t.C:
		return errors.Join(fmt.Errorf("the event loop did not stop within %v", joinLimit))
	}
}
