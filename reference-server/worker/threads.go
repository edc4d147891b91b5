package worker

import (
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/reference-server/eventloop"
)

// threads is gunicorn's gthread worker: the first thread accepts and waits for connections to become readable, a pool
// of threads handles requests. The first thread gives the sign of life, so that the worker beats even while every
// thread of the pool is stuck.
type threads struct {
	side   *requestSide
	poller *poller
	parked map[int]*conn // they wait for a request; the first thread's
	held   int           // connections accepted and not closed; the first thread's
	pool   []*reqThread

	mu       sync.Mutex
	waiting  []*conn      // a request has come and no thread was free
	free     []*reqThread // the last to become free is the first to be used: its memory is warm
	returned []*conn      // back from a thread
}

// A reqThread waits in poll on an eventfd of its own, so that an idle thread looks idle.
type reqThread struct {
	event int
	job   *conn // nil: leave
}

func (s *requestSide) serveThreads() error {
	p, err := newPoller(s.life.wake, s.fds)
	if err != nil {
		return err
	}
	defer p.close()
	t := &threads{side: s, poller: p, parked: map[int]*conn{}}
	var ended sync.WaitGroup
	for i := range s.cfg.Threads {
		event, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
		if err != nil {
			return fmt.Errorf("make a request thread: %w", err)
		}
		r := &reqThread{event: event}
		t.pool = append(t.pool, r)
		t.free = append(t.free, r)
		ended.Go(func() { t.work(r, i+1) })
	}
	err = t.accept()
	for _, r := range t.pool {
		t.hand(r, nil)
	}
	ended.Wait()
	return err
}

// accept is the first thread's loop. It ends when the worker leaves and no thread has a request.
func (t *threads) accept() error {
	s := t.side
	events := make([]unix.EpollEvent, 64)
	swept := s.clock.Now()
	for s.life.alive.Load() || t.held > 0 {
		now := s.turn()
		t.takeBack()
		t.poller.listen(s.life.alive.Load() && t.held < s.cfg.WorkerConnections)
		if !s.life.alive.Load() {
			s.stopListening()
		}
		n, err := t.poller.wait(events, s.waitWith(t.held))
		if err != nil {
			return err
		}
		for _, e := range events[:n] {
			fd := int(e.Fd)
			switch c := t.parked[fd]; {
			case c != nil:
				delete(t.parked, fd)
				t.dispatch(c)
			case fd == s.life.wake:
				t.poller.drainWake()
			default:
				if err := t.acceptAll(fd); err != nil {
					return err
				}
			}
		}
		if n < len(events) && (now-swept > int64(sweepStep) || !s.life.alive.Load()) {
			swept = now
			t.sweep(s.clock.Now())
		}
	}
	return nil
}

func (t *threads) acceptAll(listener int) error {
	for t.held < t.side.cfg.WorkerConnections {
		fd, ok, err := accept(listener, 0)
		if err != nil || !ok {
			return err
		}
		noDelay(fd)
		t.held++
		t.side.app.conns.Add(1)
		c := &conn{fd: fd, last: t.side.clock.Now()}
		t.parked[fd] = c
		if err := t.poller.add(fd, unix.EPOLLIN|unix.EPOLLONESHOT); err != nil {
			return err
		}
	}
	return nil
}

// takeBack parks connections that a thread is done with.
func (t *threads) takeBack() {
	t.mu.Lock()
	returned := t.returned
	t.returned = nil
	t.mu.Unlock()
	for _, c := range returned {
		if c.close || t.poller.change(c.fd, unix.EPOLLIN|unix.EPOLLONESHOT) != nil {
			t.held--
			t.side.app.conns.Add(-1)
			c.end()
			continue
		}
		t.parked[c.fd] = c
	}
}

func (t *threads) sweep(now int64) {
	for fd, c := range t.parked {
		if now-c.last > int64(t.side.cfg.KeepAlive) && !c.readable() {
			delete(t.parked, fd)
			t.held--
			t.side.app.conns.Add(-1)
			c.end()
		}
	}
}

func (t *threads) dispatch(c *conn) {
	t.mu.Lock()
	if len(t.free) == 0 {
		t.waiting = append(t.waiting, c)
		t.mu.Unlock()
		return
	}
	r := t.free[len(t.free)-1]
	t.free = t.free[:len(t.free)-1]
	t.mu.Unlock()
	t.hand(r, c)
}

func (t *threads) hand(r *reqThread, c *conn) {
	t.mu.Lock()
	r.job = c
	t.mu.Unlock()
	one := [8]byte{1}
	_, _ = unix.Write(r.event, one[:]) // the counter is 0 or 1: it is never full
}

func (t *threads) work(r *reqThread, number int) {
	eventloop.LockThread(fmt.Sprintf("req-%d", number))
	defer func() { _ = unix.Close(r.event) }()
	polled := []unix.PollFd{{Fd: int32(r.event), Events: unix.POLLIN}}
	for {
		if _, err := unix.Poll(polled, -1); err != nil && !errors.Is(err, unix.EINTR) {
			return
		}
		var count [8]byte
		if _, err := unix.Read(r.event, count[:]); err != nil {
			continue
		}
		t.mu.Lock()
		c := r.job
		t.mu.Unlock()
		if c == nil {
			return
		}
		for c != nil {
			t.handle(c)
			c = t.next(r, c)
		}
	}
}

// next gives back what the thread was busy with and takes what waits.
func (t *threads) next(r *reqThread, done *conn) *conn {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.returned = append(t.returned, done)
	if len(t.returned) == 1 {
		t.side.life.rouse()
	}
	if len(t.waiting) > 0 {
		c := t.waiting[0]
		t.waiting = t.waiting[1:]
		return c
	}
	t.free = append(t.free, r)
	return nil
}

// handle answers one request, or what of it has come. The thread waits for the rest of a request as long as it takes,
// as gunicorn's does.
func (t *threads) handle(c *conn) {
	for {
		n, err := c.read()
		if n <= 0 || err != nil {
			c.close = true
			return
		}
		done := false
		for !c.close && len(c.in) > 0 && t.side.step(c, true) {
			done = true
			if c.held.until > 0 && !t.side.wait(c) {
				c.close = true
				return
			}
		}
		if err := c.write(); err != nil {
			c.close = true
			return
		}
		if c.close || done && len(c.in) == 0 {
			c.last = t.side.clock.Now()
			return
		}
	}
}
