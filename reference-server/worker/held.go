package worker

import (
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// eventEvery is the pause between two events of GET /events, pollStep how late a thread that waits for one client may
// notice that the worker leaves.
const (
	eventEvery = time.Second
	pollStep   = 250 * time.Millisecond
)

// ripe says whether something of a held request is due, and puts it into what goes out. A worker that leaves ends them all.
func (s *requestSide) ripe(c *conn, now int64) bool {
	over := now >= c.held.until || !s.life.alive.Load()
	if c.held.next > 0 {
		if now >= c.held.next {
			c.out = append(c.out, "data: {\"worker\":"...)
			c.out = strconv.AppendInt(c.out, int64(s.birth.Place), 10)
			c.out = append(c.out, "}\n\n"...)
			c.held.next += int64(eventEvery)
		}
		c.close = c.close || over
	} else if over {
		c.close = c.close || !s.life.alive.Load()
		c.out = c.answer.Append(c.out, c.close, c.held.head)
	}
	if over {
		c.held = held{}
		c.last = now
	}
	return len(c.out) > 0
}

// wait serves a held request on a thread that does nothing else, in poll(2) on its connection, until it is over;
// false: the client is gone.
func (s *requestSide) wait(c *conn) bool {
	for c.held.until > 0 {
		if s.ripe(c, s.clock.Now()) && c.write() != nil {
			return false
		}
		if c.held.until == 0 {
			break
		}
		polled := []unix.PollFd{{Fd: int32(c.fd), Events: unix.POLLRDHUP}}
		if n, _ := unix.Poll(polled, int(pollStep.Milliseconds())); n > 0 {
			return false
		}
	}
	return true
}
