package worker

import (
	"errors"
	"runtime"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/reference-server/web"
)

// serveAsync is one thread for many connections, as gevent's worker: whoever blocks in a handler blocks them all.
func (s *requestSide) serveAsync() error {
	if runtime.GOMAXPROCS(0) == 1 {
		runtime.GOMAXPROCS(2) // one for this thread, which keeps it while it waits in soon, one for the others
	}
	p, err := newPoller(s.life.wake, s.fds)
	if err != nil {
		return err
	}
	defer p.close()
	conns := map[int]*conn{}
	kept := &keptPromises{rouse: s.life.rouse}
	s.later = kept.later
	events := make([]unix.EpollEvent, 256)
	swept := s.clock.Now()
	for s.life.alive.Load() || len(conns) > 0 {
		now := s.turn()
		p.listen(s.life.alive.Load() && len(conns) < s.cfg.WorkerConnections)
		if !s.life.alive.Load() {
			s.stopListening()
		}
		n := p.soon(events)
		if n == 0 {
			if n, err = p.wait(events, s.waitWith(len(conns))); err != nil {
				return err
			}
		}
		for _, e := range events[:n] {
			fd := int(e.Fd)
			switch c := conns[fd]; {
			case c != nil:
				if !s.serveConn(p, c, e.Events) {
					delete(conns, fd)
					s.app.conns.Add(-1)
					c.end()
				}
			case fd == s.life.wake:
				p.drainWake()
			default:
				if err := s.acceptAll(p, fd, conns); err != nil {
					return err
				}
			}
		}
		for _, c := range kept.take() {
			if conns[c.fd] != c {
				continue // its client has gone meanwhile
			}
			s.fill(c)
			c.out = c.answer.Append(c.out, c.close, c.held.head)
			c.held, c.last = held{}, now
			if !s.goOn(p, c) {
				delete(conns, c.fd)
				s.app.conns.Add(-1)
				c.end()
			}
		}
		if n < len(events) && (now-swept > int64(sweepStep) || !s.life.alive.Load()) {
			swept = now
			s.sweep(p, conns, s.clock.Now())
		}
	}
	return nil
}

// sweep closes connections that were idle for longer than keep-alive. It comes after what is readable was served: on
// a machine without a free processor the thread itself may have been away for that long.
func (s *requestSide) sweep(p *poller, conns map[int]*conn, now int64) {
	for fd, c := range conns {
		if c.held.promised {
			continue
		}
		if c.held.until > 0 {
			if s.ripe(c, now) && !s.goOn(p, c) {
				delete(conns, fd)
				s.app.conns.Add(-1)
				c.end()
			}
			continue
		}
		if now-c.last > int64(s.cfg.KeepAlive) && !c.readable() {
			delete(conns, fd)
			s.app.conns.Add(-1)
			c.end()
		}
	}
}

func (s *requestSide) acceptAll(p *poller, listener int, conns map[int]*conn) error {
	for len(conns) < s.cfg.WorkerConnections {
		fd, ok, err := accept(listener, unix.SOCK_NONBLOCK)
		if err != nil || !ok {
			return err
		}
		noDelay(fd)
		c := &conn{fd: fd, raw: true, last: s.clock.Now()}
		conns[fd] = c
		s.app.conns.Add(1)
		if err := p.add(fd, unix.EPOLLIN); err != nil {
			return err
		}
	}
	return nil
}

// serveConn is false when the connection is over.
func (s *requestSide) serveConn(p *poller, c *conn, events uint32) bool {
	if c.held.until > 0 && events&(unix.EPOLLIN|unix.EPOLLHUP|unix.EPOLLERR) != 0 {
		n, err := c.read() // what it sends meanwhile waits, its end does not
		return n > 0 && len(c.in) <= web.MaxHeader+web.MaxBody || errors.Is(err, unix.EAGAIN)
	}
	if len(c.out) == 0 && events&(unix.EPOLLIN|unix.EPOLLHUP|unix.EPOLLERR) != 0 {
		n, err := c.read()
		if err != nil {
			return errors.Is(err, unix.EAGAIN)
		}
		if n == 0 {
			return false
		}
		c.last = s.clock.Now()
		s.stepAll(c)
	}
	if err := c.write(); errors.Is(err, unix.EAGAIN) {
		return p.change(c.fd, unix.EPOLLOUT) == nil
	} else if err != nil {
		return false
	}
	if events&unix.EPOLLOUT != 0 && p.change(c.fd, unix.EPOLLIN) != nil {
		return false
	}
	return !c.close || c.held.until > 0
}

// stepAll answers what has come, up to a request that is answered later.
func (s *requestSide) stepAll(c *conn) {
	for !c.close && len(c.in) > 0 && c.held.until == 0 && s.step(c, true) {
	}
}

// goOn writes what became due of a held request, and when that is over answers what came behind it; false: the
// connection is over.
func (s *requestSide) goOn(p *poller, c *conn) bool {
	if c.held.until == 0 {
		s.stepAll(c)
	}
	return s.serveConn(p, c, 0)
}
