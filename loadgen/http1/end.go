package http1

import (
	"time"

	"github.com/hangtime-dev/hangtime/loadgen/hit"
)

// forget closes a connection and frees its place.
func (e *Engine) forget(c *conn) {
	c.unlink()
	e.close(c)
	e.free = append(e.free, c)
}

func (e *Engine) close(c *conn) {
	e.sleep.watch(c, false)
	if c.fd >= 0 {
		closeSocket(c.fd)
		e.open--
	}
	c.fd, c.state, c.used, c.port = -1, stateNone, false, 0
	c.gen++
}

// drop closes a connection at the end of all.
func (e *Engine) drop(c *conn) {
	c.unlink()
	e.close(c)
}

func (e *Engine) flush() {
	if len(e.batch) > 0 {
		e.job.Sink.Add(e.batch...)
		clear(e.batch)
		e.batch = e.batch[:0]
	}
}

// publish tells the account where the loop stands.
func (e *Engine) publish(now time.Duration) {
	if now-e.flushed >= flushEvery {
		e.flush()
		e.flushed = now
	}
	m := &e.job.Meter
	m.Sent.Store(e.sent)
	m.Late.Store(e.late)
	m.Lagged.Store(e.lagged)
	m.InFlight.Store(int64(e.busy))
	m.Connections.Store(int64(e.open))
	var oldest time.Duration
	for i := range e.flying {
		if c := e.flying[i].head; c != nil && (oldest == 0 || c.due < oldest) {
			oldest = c.due
		}
	}
	m.Oldest.Store(int64(oldest))
	if e.lag > 0 {
		m.LagBy(e.lag)
		e.lag = 0
	}
	if now-e.measured >= cpuEvery {
		e.measured = now
		m.CPU.Store(int64(threadCPU() - e.cpu0))
	}
}

// outcome is what a hit has in common with all others.
func (e *Engine) outcome(c *conn, now time.Duration) hit.Outcome {
	return hit.Outcome{Seq: c.seq, Due: c.due, Sent: c.sent, End: now, Connect: c.connect, First: c.first, Target: c.target,
		BytesIn: c.parser.BodyBytes, BytesOut: c.body}
}

// fail ends a hit without an answer.
func (e *Engine) fail(c *conn, err error) {
	now := e.job.Now()
	o := e.outcome(c, now)
	o.Class = hit.Classify(err)
	e.sleep.awake() // the end of a connection has no timestamp
	o.Note = &hit.Note{Detail: err.Error()}
	if c.fd >= 0 {
		o.Port = c.localPort()
	}
	e.batch = append(e.batch, o)
	e.forget(c)
	e.released(now)
}

// released counts a sender that became free.
func (e *Engine) released(now time.Duration) {
	if e.busy == e.job.Senders {
		e.freeSince = now
	}
	e.busy--
	if e.crowd != nil {
		e.crowd.Back(now)
	}
	if len(e.batch) >= flushAt {
		e.flush()
	}
}
