package http1

import (
	"slices"
	"time"

	"github.com/hangtime-dev/hangtime/loadgen/hit"
)

// Lines are the connections, with the hits that they carry.
type lines struct {
	agenda
	tally

	poll   *poller
	sleep  idleSleep
	conns  []*conn
	free   []*conn // places without a socket
	idle   connList
	flying []flights // hits in flight, one list for each time limit, in the order in which they were sent
	ofRank []int     // which list a target's hits are in
	leave  connList
}

// rank is the list of hits with a time limit.
func (l *lines) rank(limit time.Duration) int {
	i := slices.IndexFunc(l.flying, func(f flights) bool { return f.limit == limit })
	if i < 0 {
		i = len(l.flying)
		l.flying = append(l.flying, flights{limit: limit})
	}
	return i
}

// place is room for a connection.
func (l *lines) place() *conn {
	if n := len(l.free); n > 0 {
		c := l.free[n-1]
		l.free = l.free[:n-1]
		return c
	}
	c := &conn{fd: -1, index: int32(len(l.conns))}
	if l.job.Bodies {
		c.parser.KeepFor = 202
	}
	l.conns = append(l.conns, c)
	return c
}

// forget closes a connection and frees its place.
func (l *lines) forget(c *conn) {
	c.unlink()
	l.close(c)
	l.free = append(l.free, c)
}

func (l *lines) close(c *conn) {
	l.sleep.watch(c, false)
	if c.fd >= 0 {
		closeSocket(c.fd)
		l.open--
	}
	c.fd, c.state, c.used, c.port = -1, stateNone, false, 0
	c.gen++
}

// drop closes a connection at the end of all.
func (l *lines) drop(c *conn) {
	c.unlink()
	l.close(c)
}

// outcome is what a hit has in common with all others.
func (l *lines) outcome(c *conn, now time.Duration) hit.Outcome {
	return hit.Outcome{Seq: c.seq, Due: c.due, Sent: c.sent, End: now, Connect: c.connect, First: c.first, Target: c.target,
		BytesIn: c.parser.BodyBytes, BytesOut: c.body}
}

// fail ends a hit without an answer.
func (l *lines) fail(c *conn, err error) {
	now := l.job.Now()
	o := l.outcome(c, now)
	o.Class = hit.Classify(err)
	l.sleep.awake() // the end of a connection has no timestamp
	o.Note = &hit.Note{Detail: err.Error()}
	if c.fd >= 0 {
		o.Port = c.localPort()
	}
	l.batch = append(l.batch, o)
	l.forget(c)
	l.release(now)
}

// release counts a sender that became free.
func (l *lines) release(now time.Duration) {
	if l.crowd != nil {
		l.crowd.Back(now)
	}
	l.released(now)
}

// oldest is when the oldest hit in flight was due; 0: none is in flight.
func (l *lines) oldest() time.Duration {
	var oldest time.Duration
	for i := range l.flying {
		if c := l.flying[i].head; c != nil && (oldest == 0 || c.due < oldest) {
			oldest = c.due
		}
	}
	return oldest
}
