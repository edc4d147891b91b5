package worker

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// serveSync is gunicorn's sync worker: one connection at a time, from accept to close, on the process's first thread.
// A client that sends nothing holds the worker.
func (w *Worker) serveSync() error {
	polled := []unix.PollFd{{Fd: int32(w.wake), Events: unix.POLLIN}}
	for _, fd := range w.fds {
		polled = append(polled, unix.PollFd{Fd: int32(fd), Events: unix.POLLIN})
	}
	for w.alive.Load() {
		w.turn()
		accepted := false
		for _, listener := range w.fds {
			fd, ok, err := accept(listener, 0)
			if err != nil {
				return err
			}
			if ok {
				accepted = true
				w.serveOne(fd)
				w.turn()
			}
		}
		if accepted {
			continue
		}
		if _, err := unix.Poll(polled, int(w.idleWait().Milliseconds())); err != nil && !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("wait for connections: %w", err)
		}
	}
	return nil
}

func (w *Worker) serveOne(fd int) {
	w.conns.Add(1)
	defer w.conns.Add(-1)
	c := conn{fd: fd}
	defer c.end()
	for {
		if n, err := c.read(); n <= 0 || err != nil {
			return
		}
		done := w.step(&c, false)
		if c.held.until > 0 && !w.wait(&c) {
			return
		}
		if err := c.write(); err != nil || done {
			return
		}
	}
}
