package worker

import (
	"math"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/reference-server/heartbeat"
	"github.com/hangtime-dev/hangtime/reference-server/settings"
	"github.com/hangtime-dev/hangtime/reference-server/web"
)

// A requestSide accepts connections and answers requests. How it waits is for the three classes to say.
type requestSide struct {
	birth *Birth
	cfg   *settings.Config
	clock heartbeat.Clock
	life  *life
	pulse *pulse
	app   *application
	fds   []int // the listeners

	// later is told a connection whose answer is not known yet, and is false when it is by now; nil: the thread waits
	// for it.
	later func(*conn) bool
}

// turn is called at each turn; it gives the time.
func (s *requestSide) turn() int64 { return s.pulse.turn(s.app.manager.InFlight()) }

// sweepStep is how late an idle connection may be closed.
const sweepStep = 250 * time.Millisecond

// waitWith is how long a class that holds connections waits for work before it turns.
func (s *requestSide) waitWith(conns int) time.Duration {
	if conns > 0 {
		return min(s.pulse.idleWait(), sweepStep)
	}
	return s.pulse.idleWait()
}

// step answers the first request in what was read; done is false when it is not there yet.
func (s *requestSide) step(c *conn, keep bool) (done bool) {
	n, needsContinue, p := web.Parse(c.in, &c.req)
	switch {
	case p != nil:
		c.answer.Reset()
		c.answer.Fail(p.Status, p.Reason)
		c.close = true
		c.out = c.answer.Append(c.out, true, false)
		c.in = c.in[:0]
		return true
	case n == 0:
		if needsContinue && !c.told {
			c.told = true
			c.out = append(c.out, "HTTP/1.1 100 Continue\r\n\r\n"...)
		}
		return false
	}
	began := s.clock.Now()
	s.pulse.page.Busy.Store(uint64(began))
	c.answer.Reset()
	s.app.route(&c.req, &c.answer)
	served := s.app.served.Add(1)
	s.pulse.page.Requests.Store(uint64(served))
	s.pulse.place.Requests.Store(uint64(served))
	s.pulse.page.Busy.Store(0)
	if s.birth.MaxRequests > 0 && served == int64(s.birth.MaxRequests) {
		tell("max-requests", "requests", served)
		s.life.alive.Store(false)
	}
	c.close = c.close || c.req.Close || !keep || !s.life.alive.Load()
	switch head := string(c.req.Method) == "HEAD"; {
	case c.answer.Later > 0:
		c.hold(s.clock.Now(), head)
	case c.answer.Promise != nil && s.later != nil && s.later(c):
		c.held = held{until: math.MaxInt64, promised: true, head: head}
	default:
		s.fill(c)
		c.out = c.answer.Append(c.out, c.close, head)
	}
	c.told = false
	c.in = c.in[:copy(c.in, c.in[n:])]
	return true
}

// fill makes an answer whole that was promised.
func (s *requestSide) fill(c *conn) {
	if p := c.answer.Promise; p != nil {
		p.Wait()
		c.answer.Fill(&c.answer)
	}
}

// stopListening closes the listening sockets, once the request side takes no more connections: when the last process
// has closed one, clients are refused instead of left waiting.
func (s *requestSide) stopListening() {
	for _, fd := range s.fds {
		_ = unix.Close(fd)
	}
	s.fds = nil
}
