package loadgen

import "time"

// forget closes a connection and frees its place.
func (e *fastEngine) forget(c *conn) {
	c.unlink()
	e.close(c)
	e.free = append(e.free, c)
}

func (e *fastEngine) close(c *conn) {
	e.watch(c, false)
	if c.fd >= 0 {
		closeSocket(c.fd)
		e.open--
	}
	c.fd, c.state, c.used, c.port = -1, stateNone, false, 0
	c.gen++
}

// drop closes a connection at the end of all.
func (e *fastEngine) drop(c *conn) {
	c.unlink()
	e.close(c)
}

// expire ends the hits whose time is up, and connections that the server does not close.
func (e *fastEngine) expire(now time.Duration) {
	for i := range e.flying {
		for c := e.flying[i].head; c != nil && c.deadline <= now; c = e.flying[i].head {
			e.fail(c, errTimeout)
		}
	}
	for c := e.leave.head; c != nil && c.deadline <= now; c = e.leave.head {
		e.forget(c)
	}
}

// abandon ends the attack at once: what is in flight is unanswered, what was due and not sent is dropped.
func (e *fastEngine) abandon(now time.Duration) {
	if !e.closed {
		e.last, e.closed = e.closing(now), true
	}
	for i := range e.flying {
		for c := e.flying[i].head; c != nil; c = e.flying[i].head {
			e.fail(c, errUnanswered)
		}
	}
	for ; e.n < e.last; e.n++ {
		e.batch = append(e.batch, outcome{seq: e.n, due: e.job.dueAt(e.n), sent: now, end: now, class: classDropped, target: e.job.targetOf(e.n)})
		if len(e.batch) >= flushAt {
			e.flush()
		}
	}
}

func (e *fastEngine) flush() {
	if len(e.batch) > 0 {
		e.job.sink.add(e.batch...)
		clear(e.batch)
		e.batch = e.batch[:0]
	}
}

// publish tells the account where the loop stands.
func (e *fastEngine) publish(now time.Duration) {
	if now-e.flushed >= flushEvery {
		e.flush()
		e.flushed = now
	}
	m := &e.job.meter
	m.sent.Store(e.sent)
	m.late.Store(e.late)
	m.lagged.Store(e.lagged)
	m.inFlight.Store(int64(e.busy))
	m.connections.Store(int64(e.open))
	var oldest time.Duration
	for i := range e.flying {
		if c := e.flying[i].head; c != nil && (oldest == 0 || c.due < oldest) {
			oldest = c.due
		}
	}
	m.oldest.Store(int64(oldest))
	if e.lag > 0 {
		m.lagBy(e.lag)
		e.lag = 0
	}
	if now-e.measured >= cpuEvery {
		e.measured = now
		m.cpu.Store(int64(threadCPU() - e.cpu0))
	}
}
