package http1

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// whenSent is due of a user who does not think: it has no moment of its own.
const whenSent time.Duration = -1

// carry gives a hit to a connection and returns when that was.
func (e *Engine) carry(n uint64, due time.Duration, target uint32) (now time.Duration) {
	c := e.idle.head
	if c != nil {
		c.unlink()
	} else {
		c = e.place()
	}
	r := &e.requests[target]
	now = e.job.Now()
	if due == whenSent {
		due = now
	}
	c.seq, c.due, c.sent, c.target, c.connect, c.first, c.tries = n, due, now, target, 0, 0, 0
	c.deadline = now + r.Timeout
	c.out = c.out[:0]
	c.parser.Reset(r.Head)
	e.flying[e.ofRank[target]].push(c)
	if c.state == stateNone {
		e.dial(c)
		return now
	}
	c.state = stateBusy
	e.write(c)
	return now
}

// place is room for a connection.
func (e *Engine) place() *conn {
	if n := len(e.free); n > 0 {
		c := e.free[n-1]
		e.free = e.free[:n-1]
		return c
	}
	c := &conn{fd: -1, index: int32(len(e.conns))}
	if e.job.Bodies {
		c.parser.KeepFor = 202
	}
	e.conns = append(e.conns, c)
	return c
}

// dial begins a connection for the hit that c carries.
func (e *Engine) dial(c *conn) {
	if c.tries == 0 {
		c.address = e.preferred
	}
	for {
		a := &e.addresses[c.address]
		c.tries++
		err := errors.New(a.text)
		if a.family >= 0 {
			var fd int
			var connected bool
			if fd, connected, err = a.dial(); err == nil {
				e.opened(c, fd, connected)
				return
			}
		}
		if !e.another(c) {
			e.fail(c, err)
			return
		}
	}
}

// another turns to the next address of the server, if one was not tried for this hit.
func (e *Engine) another(c *conn) bool {
	if int(c.tries) >= len(e.addresses) {
		return false
	}
	c.address = (c.address + 1) % uint8(len(e.addresses))
	return true
}

// opened takes a socket whose connection has begun. On the loopback it is there at once, and the request can be written
// without waiting to be told.
func (e *Engine) opened(c *conn, fd int, connected bool) {
	c.fd, c.used = fd, false
	e.open++
	c.state = stateConnecting
	// A user of a closed loop is waited for all the time.
	if c.stamped = e.crowd == nil && e.addresses[c.address].family != unix.AF_UNIX; c.stamped {
		stamp(fd)
	}
	if connected {
		e.connected(c)
	} else {
		e.sleep.watch(c, true)
	}
	if c.state == stateNone { // the write has failed
		return
	}
	if err := e.poll.add(fd, c.index, c.gen); err != nil {
		e.fail(c, fmt.Errorf("epoll_ctl: %w", err))
	}
}

func (e *Engine) connected(c *conn) {
	e.sleep.watch(c, false)
	c.connect = e.job.Now() - c.sent
	c.state = stateBusy
	e.preferred = c.address
	e.write(c)
}

// write writes the request, all at once where it fits.
func (e *Engine) write(c *conn) {
	e.request, c.body = e.requests[c.target].Append(e.request[:0], c.seq)
	n, errno := send(c.fd, e.request)
	switch {
	case errno == unix.EAGAIN:
		e.sleep.watch(c, true)
		c.out = append(c.out, e.request...)
	case errno != 0 && c.used:
		// Not a byte has left: an idle connection had died, and another one carries the hit.
		seq, due, target := c.seq, c.due, c.target
		e.forget(c)
		e.carry(seq, due, target)
	case errno != 0:
		e.fail(c, errno)
	case n < len(e.request):
		e.sleep.watch(c, true)
		c.out = append(c.out, e.request[n:]...)
	}
}

// writeOn writes what is left.
func (e *Engine) writeOn(c *conn) {
	for len(c.out) > 0 {
		n, errno := send(c.fd, c.out)
		switch {
		case errno == unix.EAGAIN:
			return
		case errno != 0:
			// The server may have answered before it stopped reading; the read tells.
			c.out = c.out[:0]
		default:
			c.out = c.out[:copy(c.out, c.out[n:])]
		}
	}
	e.sleep.watch(c, false)
}
