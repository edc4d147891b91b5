package http1

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/loadgen/hit"
	"github.com/hangtime-dev/hangtime/scenarios"
)

// handle does what an event asks for.
func (e *Engine) handle(ev *unix.EpollEvent) {
	if ev.Fd < 0 {
		e.poll.calm()
		return
	}
	c := e.conns[ev.Fd]
	if c.gen != uint32(ev.Pad) || c.state == stateNone {
		return // of a connection that is gone
	}
	if c.state == stateConnecting {
		if ev.Events&(unix.EPOLLERR|unix.EPOLLHUP) != 0 {
			e.unreachable(c)
			return
		}
		if ev.Events&unix.EPOLLOUT == 0 {
			return
		}
		e.connected(c)
	}
	if c.state == stateBusy && len(c.out) > 0 && ev.Events&unix.EPOLLOUT != 0 {
		e.writeOn(c)
	}
	if ev.Events&readable == 0 {
		return
	}
	ending := ev.Events&(unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR) != 0
	switch c.state {
	case stateBusy:
		e.read(c, ending)
	case stateIdle:
		e.forget(c) // the server closed it, or spoke without being asked
	case stateLeaving:
		if ending {
			e.forget(c)
		}
	}
}

func (e *Engine) unreachable(c *conn) {
	err := connectError(c.fd, &e.addresses[c.address])
	if e.another(c) {
		e.close(c)
		e.dial(c)
		return
	}
	e.fail(c, err)
}

// read takes what has come. ending says that the server has closed its side: then the end is read as well.
func (e *Engine) read(c *conn, ending bool) {
	for {
		n, came, errno := e.receive(c)
		switch {
		case errno == unix.EAGAIN:
			return
		case errno != 0:
			e.fail(c, errno)
			return
		case n == 0:
			e.ended(c)
			return
		}
		at, now := e.arrival(c, came)
		if came == 0 {
			e.sleep.awake()
		}
		if c.first == 0 {
			c.first = at - c.sent
		}
		used, err := c.parser.Feed(e.buf[:n])
		if err != nil {
			e.fail(c, errors.Join(hit.ErrMalformed, err))
			return
		}
		if c.parser.Done() {
			e.sleep.whole()
			e.whole(c, at, now, ending || used < n)
			return
		}
		e.sleep.awake()
		if n < len(e.buf) && !ending {
			return
		}
	}
}

// receive reads, and tells when it had come where the kernel notes that.
func (e *Engine) receive(c *conn) (n int, came int64, errno unix.Errno) {
	if c.stamped {
		return e.reader.receive(c.fd, e.buf)
	}
	n, errno = receive(c.fd, e.buf)
	return n, 0, errno
}

// ended takes the end of a connection that carries a hit.
func (e *Engine) ended(c *conn) {
	switch {
	case c.parser.End():
		now := e.job.Now()
		e.whole(c, now, now, true)
	case c.parser.Begun():
		e.fail(c, fmt.Errorf("closed within the answer: %w", io.ErrUnexpectedEOF))
	default:
		e.fail(c, fmt.Errorf("closed without an answer: %w", io.EOF))
	}
}

// whole takes an answer that was complete at a moment; gone says that its connection can carry nothing more.
func (e *Engine) whole(c *conn, at, now time.Duration, gone bool) {
	r := &e.requests[c.target]
	status := c.parser.Status
	o := e.outcome(c, at)
	o.Status = uint16(status)
	if !scenarios.StatusExpected(r.Expect, status) {
		o.Class = hit.ClassStatus
	}
	if status == 202 && len(c.parser.Body) > 0 {
		o.Note = &hit.Note{Body: slices.Clone(c.parser.Body)}
	}
	if o.End-o.Due >= hit.SlowAfter {
		o.Port = c.localPort()
	}
	e.batch = append(e.batch, o)
	switch {
	case gone || len(c.out) > 0:
		e.forget(c)
	case c.parser.Reusable():
		c.unlink()
		c.state, c.used = stateIdle, true
		e.idle.push(c)
	case e.leave.len < e.job.Senders:
		c.unlink()
		c.state, c.deadline = stateLeaving, now+leavingFor
		e.leave.push(c)
	default:
		e.forget(c)
	}
	e.released(now)
}

// arrival is when bytes came that were just read, on the run's clock; now is now. The kernel's moment is one of the
// wall clock, which may have been set since: what lies after now or before the hit was sent is not believed.
func (e *Engine) arrival(c *conn, came int64) (at, now time.Duration) {
	t := time.Now()
	now = e.job.Rec.Since(t)
	if came == 0 {
		return now, now
	}
	at = now - time.Duration(t.UnixNano()-came)
	if at > now || at < c.sent {
		return now, now
	}
	return at, now
}
