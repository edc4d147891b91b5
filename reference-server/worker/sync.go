package worker

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// serveSync is gunicorn's sync worker: one connection at a time, from accept to close, on the process's first thread.
// A client that sends nothing holds the worker.
func (s *requestSide) serveSync() error {
	polled := []unix.PollFd{{Fd: int32(s.life.wake), Events: unix.POLLIN}}
	for _, fd := range s.fds {
		polled = append(polled, unix.PollFd{Fd: int32(fd), Events: unix.POLLIN})
	}
	for s.life.alive.Load() {
		s.turn()
		accepted := false
		for _, listener := range s.fds {
			fd, ok, err := accept(listener, 0)
			if err != nil {
				return err
			}
			if ok {
				accepted = true
				s.serveOne(fd)
				s.turn()
			}
		}
		if accepted {
			continue
		}
		if _, err := unix.Poll(polled, int(s.pulse.idleWait().Milliseconds())); err != nil && !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("wait for connections: %w", err)
		}
	}
	return nil
}

func (s *requestSide) serveOne(fd int) {
	s.app.conns.Add(1)
	defer s.app.conns.Add(-1)
	c := conn{fd: fd}
	defer c.end()
	for {
		if n, err := c.read(); n <= 0 || err != nil {
			return
		}
		done := s.step(&c, false)
		if c.held.until > 0 && !s.wait(&c) {
			return
		}
		if err := c.write(); err != nil || done {
			return
		}
	}
}
