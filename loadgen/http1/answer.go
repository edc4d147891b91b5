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

const (
	readBuffer = 64 << 10
	leavingFor = time.Second // how long the server may take to close what it said it would
)

// A receiver takes what comes over the connections.
type receiver struct {
	sender

	buf    []byte
	reader stampReader
}

// handle does what an event asks for.
func (r *receiver) handle(ev *unix.EpollEvent) {
	if ev.Fd < 0 {
		r.poll.calm()
		return
	}
	c := r.conns[ev.Fd]
	if c.gen != uint32(ev.Pad) || c.state == stateNone {
		return // of a connection that is gone
	}
	if c.state == stateConnecting {
		if ev.Events&(unix.EPOLLERR|unix.EPOLLHUP) != 0 {
			r.unreachable(c)
			return
		}
		if ev.Events&unix.EPOLLOUT == 0 {
			return
		}
		r.connected(c)
	}
	if c.state == stateBusy && len(c.out) > 0 && ev.Events&unix.EPOLLOUT != 0 {
		r.writeOn(c)
	}
	if ev.Events&readable == 0 {
		return
	}
	ending := ev.Events&(unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR) != 0
	switch c.state {
	case stateBusy:
		r.read(c, ending)
	case stateIdle:
		r.forget(c) // the server closed it, or spoke without being asked
	case stateLeaving:
		if ending {
			r.forget(c)
		}
	}
}

// read takes what has come. ending says that the server has closed its side: then the end is read as well.
func (r *receiver) read(c *conn, ending bool) {
	for {
		n, came, errno := r.receive(c)
		switch {
		case errno == unix.EAGAIN:
			return
		case errno != 0:
			r.fail(c, errno)
			return
		case n == 0:
			r.ended(c)
			return
		}
		at, now := r.arrival(c, came)
		if came == 0 {
			r.sleep.awake()
		}
		if c.first == 0 {
			c.first = at - c.sent
		}
		used, err := c.parser.Feed(r.buf[:n])
		if err != nil {
			r.fail(c, errors.Join(hit.ErrMalformed, err))
			return
		}
		if c.parser.Done() {
			r.sleep.whole()
			r.whole(c, at, now, ending || used < n)
			return
		}
		r.sleep.awake()
		if n < len(r.buf) && !ending {
			return
		}
	}
}

// receive reads, and tells when it had come where the kernel notes that.
func (r *receiver) receive(c *conn) (n int, came int64, errno unix.Errno) {
	if c.stamped {
		return r.reader.receive(c.fd, r.buf)
	}
	n, errno = receive(c.fd, r.buf)
	return n, 0, errno
}

// ended takes the end of a connection that carries a hit.
func (r *receiver) ended(c *conn) {
	switch {
	case c.parser.End():
		now := r.job.Now()
		r.whole(c, now, now, true)
	case c.parser.Begun():
		r.fail(c, fmt.Errorf("closed within the answer: %w", io.ErrUnexpectedEOF))
	default:
		r.fail(c, fmt.Errorf("closed without an answer: %w", io.EOF))
	}
}

// whole takes an answer that was complete at a moment; gone says that its connection can carry nothing more.
func (r *receiver) whole(c *conn, at, now time.Duration, gone bool) {
	q := &r.requests[c.target]
	status := c.parser.Status
	o := r.outcome(c, at)
	o.Status = uint16(status)
	if !scenarios.StatusExpected(q.Expect, status) {
		o.Class = hit.ClassStatus
	}
	if status == 202 && len(c.parser.Body) > 0 {
		o.Note = &hit.Note{Body: slices.Clone(c.parser.Body)}
	}
	if o.End-o.Due >= hit.SlowAfter {
		o.Port = c.localPort()
	}
	r.batch = append(r.batch, o)
	switch {
	case gone || len(c.out) > 0:
		r.forget(c)
	case c.parser.Reusable():
		c.unlink()
		c.state, c.used = stateIdle, true
		r.idle.push(c)
	case r.leave.len < r.job.Senders:
		c.unlink()
		c.state, c.deadline = stateLeaving, now+leavingFor
		r.leave.push(c)
	default:
		r.forget(c)
	}
	r.release(now)
}

// arrival is when bytes came that were just read, on the run's clock; now is now. The kernel's moment is one of the
// wall clock, which may have been set since: what lies after now or before the hit was sent is not believed.
func (r *receiver) arrival(c *conn, came int64) (at, now time.Duration) {
	t := time.Now()
	now = r.job.Rec.Since(t)
	if came == 0 {
		return now, now
	}
	at = now - time.Duration(t.UnixNano()-came)
	if at > now || at < c.sent {
		return now, now
	}
	return at, now
}
