package worker

import (
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/reference-server/web"
)

// eventEvery is the pause between two events of GET /events, pollStep how late a thread that waits for one client may
// notice that the worker leaves.
const (
	eventEvery = time.Second
	pollStep   = 250 * time.Millisecond
)

// eventsHead begins a stream: it has no length, so it ends with its connection.
const eventsHead = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\nConnection: close\r\n\r\n"

// A held request is one whose answer is not due yet: a long poll, which is answered at its end, or a stream of
// events. Times are of the worker's clock.
type held struct {
	until int64 // 0: none is held
	next  int64 // when the next event is due; 0: it is a long poll
	head  bool  // the body is not wanted
}

// poll is GET /poll: there is never any news, so that is the answer, after poll-wait.
func (w *Worker) poll(a *web.Answer) {
	a.Body = append(a.Body, "{\"news\":[]}\n"...)
	a.Later = w.cfg.PollWait
}

// events is GET /events, server-sent: an event each second.
func (w *Worker) events(a *web.Answer) {
	a.Later, a.Stream = w.cfg.PollWait, true
}

// hold keeps a request whose answer comes later.
func (w *Worker) hold(c *conn, head bool) {
	now := w.clock.Now()
	c.held = held{until: now + int64(c.answer.Later), head: head}
	if c.answer.Stream && !head {
		c.held.next = now
		c.out = append(c.out, eventsHead...)
	}
}

// ripe says whether something of a held request is due, and puts it into what goes out. A worker that leaves ends them all.
func (w *Worker) ripe(c *conn, now int64) bool {
	over := now >= c.held.until || !w.alive.Load()
	if c.held.next > 0 {
		if now >= c.held.next {
			c.out = append(c.out, "data: {\"worker\":"...)
			c.out = strconv.AppendInt(c.out, int64(w.birth.Place), 10)
			c.out = append(c.out, "}\n\n"...)
			c.held.next += int64(eventEvery)
		}
		c.close = c.close || over
	} else if over {
		c.close = c.close || !w.alive.Load()
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
func (w *Worker) wait(c *conn) bool {
	for c.held.until > 0 {
		if w.ripe(c, w.clock.Now()) && c.write() != nil {
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
