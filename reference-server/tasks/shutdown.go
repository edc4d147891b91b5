package tasks

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hangtime-dev/hangtime/reference-server/eventloop"
)

// Shutdown ends the manager as the setting `cleanup` says. With drain, tasks that were accepted are finished, as long as ctx allows; then the loop is stopped and joined,
// and every file closed. With none, nothing of this is done, but the pool's threads are waited for without limit, as Python does at exit.
func (m *Manager) Shutdown(ctx context.Context) error {
	if m.cfg.Cleanup == "none" {
		m.executor.Shutdown()
		m.executor.Wait()
		return nil
	}
	drained := m.drain(ctx)
	m.mu.Lock()
	loop, joined, running := m.loop, m.joined, m.running
	m.mu.Unlock()
	var err error
	if loop != nil && running {
		loop.Stop()
		err = join(joined)
	}
	m.executor.Shutdown()
	if err == nil && loop != nil {
		err = loop.Close()
	}
	if drained && err == nil {
		m.executor.Wait()
		err = m.upstream.close()
	}
	return err
}

// drain waits until no task is in flight; false: ctx ended first.
func (m *Manager) drain(ctx context.Context) bool {
	done := make(chan struct{})
	m.mu.Lock()
	loop, running := m.loop, m.running
	m.mu.Unlock()
	if !running || m.inFlight.Load() == 0 {
		return m.inFlight.Load() == 0
	}
	const step = 20 * time.Millisecond
	var look func()
	look = func() {
		if m.inFlight.Load() == 0 {
			close(done)
			return
		}
		if ctx.Err() == nil {
			loop.CallLater(step, eventloop.Callback{Run: look})
		}
	}
	if err := loop.CallSoonThreadsafe(eventloop.Callback{Run: look}); err != nil {
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
