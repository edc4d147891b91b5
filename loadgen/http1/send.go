package http1

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/loadgen/request"
)

// A sender gives hits to connections, and makes connections for them.
type sender struct {
	lines

	addresses []address
	preferred uint8 // the address that answered last
	requests  []request.Rendered
	request   []byte
}

// carry gives a hit to a connection and returns when that was.
func (s *sender) carry(n uint64, due time.Duration, target uint32) (now time.Duration) {
	c := s.idle.head
	if c != nil {
		c.unlink()
	} else {
		c = s.place()
	}
	r := &s.requests[target]
	now = s.job.Now()
	if due == whenSent {
		due = now
	}
	c.seq, c.due, c.sent, c.target, c.connect, c.first, c.tries = n, due, now, target, 0, 0, 0
	c.deadline = now + r.Timeout
	c.out = c.out[:0]
	c.parser.Reset(r.Head)
	s.flying[s.ofRank[target]].push(c)
	if c.state == stateNone {
		s.dial(c)
		return now
	}
	c.state = stateBusy
	s.write(c)
	return now
}

// dial begins a connection for the hit that c carries.
func (s *sender) dial(c *conn) {
	if c.tries == 0 {
		c.address = s.preferred
	}
	for {
		a := &s.addresses[c.address]
		c.tries++
		err := errors.New(a.text)
		if a.family >= 0 {
			var fd int
			var connected bool
			if fd, connected, err = a.dial(); err == nil {
				s.opened(c, fd, connected)
				return
			}
		}
		if !s.another(c) {
			s.fail(c, err)
			return
		}
	}
}

// another turns to the next address of the server, if one was not tried for this hit.
func (s *sender) another(c *conn) bool {
	if int(c.tries) >= len(s.addresses) {
		return false
	}
	c.address = (c.address + 1) % uint8(len(s.addresses))
	return true
}

// opened takes a socket whose connection has begun. On the loopback it is there at once, and the request can be written
// without waiting to be told.
func (s *sender) opened(c *conn, fd int, connected bool) {
	c.fd, c.used = fd, false
	s.open++
	c.state = stateConnecting
	// A user of a closed loop is waited for all the time.
	if c.stamped = s.crowd == nil && s.addresses[c.address].family != unix.AF_UNIX; c.stamped {
		stamp(fd)
	}
	if connected {
		s.connected(c)
	} else {
		s.sleep.watch(c, true)
	}
	if c.state == stateNone { // the write has failed
		return
	}
	if err := s.poll.add(fd, c.index, c.gen); err != nil {
		s.fail(c, fmt.Errorf("epoll_ctl: %w", err))
	}
}

func (s *sender) connected(c *conn) {
	s.sleep.watch(c, false)
	c.connect = s.job.Now() - c.sent
	c.state = stateBusy
	s.preferred = c.address
	s.write(c)
}

// write writes the request, all at once where it fits.
func (s *sender) write(c *conn) {
	s.request, c.body = s.requests[c.target].Append(s.request[:0], c.seq)
	n, errno := send(c.fd, s.request)
	switch {
	case errno == unix.EAGAIN:
		s.sleep.watch(c, true)
		c.out = append(c.out, s.request...)
	case errno != 0 && c.used:
		// Not a byte has left: an idle connection had died, and another one carries the hit.
		seq, due, target := c.seq, c.due, c.target
		s.forget(c)
		s.carry(seq, due, target)
	case errno != 0:
		s.fail(c, errno)
	case n < len(s.request):
		s.sleep.watch(c, true)
		c.out = append(c.out, s.request[n:]...)
	}
}

// writeOn writes what is left.
func (s *sender) writeOn(c *conn) {
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
	s.sleep.watch(c, false)
}

// unreachable takes the failure of a connection that was being made.
func (s *sender) unreachable(c *conn) {
	err := connectError(c.fd, &s.addresses[c.address])
	if s.another(c) {
		s.close(c)
		s.dial(c)
		return
	}
	s.fail(c, err)
}
