package loadgen

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

const (
	readBuffer  = 64 << 10
	burst       = 32                     // hits begun before answers are looked at again
	flushEvery  = 10 * time.Millisecond  // outcomes wait at most so long in the loop
	flushAt     = 1024                   //
	leavingFor  = time.Second            // how long the server may take to close what it said it would
	longestWait = 100 * time.Millisecond // of the loop
)

// fastEngine sends HTTP/1.1 from one thread that does all: the schedule, the sockets, the answers. No goroutine, channel or allocation lies between a hit and
// the kernel. A hit is sent once: when its connection dies it has failed, and is counted as that.
type fastEngine struct {
	job       *job
	hostport  string
	socket    string // path of a unix socket; empty: TCP
	requests  []rendered
	addresses []address
	preferred uint8 // the address that answered last

	waker  waker
	poll   *poller
	conns  []*conn
	free   []*conn // places without a socket
	idle   connList
	flying []flights // hits in flight, one list for each time limit, in the order in which they were sent
	ofRank []int     // which list a target's hits are in
	leave  connList
	n      uint64 // the next hit

	busy      int
	open      int
	freeSince time.Duration // since when at least one sender is free
	closed    bool          // no more hits become due
	last      uint64        // then: how many there were

	batch   []outcome
	flushed time.Duration
	buf     []byte
	request []byte

	sent, late uint64
	lag        time.Duration
}

// flights are the hits in flight with one time limit.
type flights struct {
	connList
	limit time.Duration
}

// newFastEngine returns nil and the reason where this engine cannot do what is asked.
func newFastEngine(j *job, base *url.URL, socket string) (*fastEngine, string, error) {
	if base.Scheme != "http" {
		return nil, base.Scheme + " is not spoken by the fast engine", nil
	}
	e := &fastEngine{job: j, hostport: base.Host, socket: socket, buf: make([]byte, readBuffer)}
	if base.Port() == "" {
		e.hostport = base.Hostname() + ":80"
	}
	for i := range j.targets {
		t := &j.targets[i]
		if t.header.Get("Expect") != "" || t.header.Get("Upgrade") != "" {
			return nil, "a target's header asks for more than request and answer", nil
		}
		r, err := t.render()
		if err != nil {
			return nil, "", err
		}
		e.requests = append(e.requests, r)
		e.ofRank = append(e.ofRank, e.rank(t.timeout))
	}
	return e, "", nil
}

// rank is the list of hits with a time limit.
func (e *fastEngine) rank(limit time.Duration) int {
	i := slices.IndexFunc(e.flying, func(f flights) bool { return f.limit == limit })
	if i < 0 {
		i = len(e.flying)
		e.flying = append(e.flying, flights{limit: limit})
	}
	return i
}

func (e *fastEngine) measure() {}

func (e *fastEngine) wake() { e.waker.stir() }

func (e *fastEngine) run(ctx context.Context) error {
	poll, err := newPoller(&e.waker)
	if err != nil {
		return err
	}
	defer poll.close()
	e.poll = poll
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		runtime.LockOSThread() // for good: the thread's timer slack is ours, and the thread ends with this goroutine
		// A thread's timers may be 50 µs late by default (PR_SET_TIMERSLACK, prctl(2)).
		_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0)
		stop := context.AfterFunc(ctx, e.waker.stir)
		defer stop()
		e.loop(ctx)
	}()
	<-ended
	return nil
}

func (e *fastEngine) loop(ctx context.Context) {
	addresses, err := resolve(ctx, e.hostport, e.socket)
	if err != nil {
		// Every hit fails with this, at its own time.
		addresses = []address{{family: -1, text: e.hostport + ": " + err.Error()}}
	}
	e.addresses = addresses
	e.freeSince = e.job.begin
	for {
		now := e.job.now()
		if ctx.Err() != nil {
			e.abandon(now)
			break
		}
		e.expire(now)
		more := e.begin(now)
		if e.closed && e.n >= e.last && e.busy == 0 {
			break
		}
		e.publish(now)
		var events []unix.EpollEvent
		if more {
			events = e.poll.peek()
		} else {
			events = e.poll.wait(e.patience(now))
		}
		for i := range events {
			e.handle(&events[i])
		}
	}
	for _, c := range e.conns {
		e.drop(c)
	}
	e.flush()
	e.publish(e.job.now())
}

// patience is how long nothing needs to be done.
func (e *fastEngine) patience(now time.Duration) time.Duration {
	next := now + longestWait
	if len(e.batch) > 0 {
		next = min(next, e.flushed+flushEvery)
	}
	for i := range e.flying {
		if c := e.flying[i].head; c != nil {
			next = min(next, c.deadline)
		}
	}
	if c := e.leave.head; c != nil {
		next = min(next, c.deadline)
	}
	if !e.closed {
		next = min(next, e.job.begin+e.job.total)
	}
	if due := e.due(); due != never {
		if e.busy < e.job.senders {
			next = min(next, due)
		} else {
			next = min(next, due+e.limitOf(e.n))
		}
	}
	return next - now
}

// due is when the next hit is due; never when there is none.
func (e *fastEngine) due() time.Duration {
	if e.closed && e.n >= e.last {
		return never
	}
	due := e.job.dueAt(e.n)
	if !e.closed && due >= e.job.begin+e.job.total {
		return never
	}
	return due
}

func (e *fastEngine) targetOf(n uint64) uint16 { return e.job.rotation[n%uint64(len(e.job.rotation))] }

func (e *fastEngine) limitOf(n uint64) time.Duration { return e.requests[e.targetOf(n)].timeout }

// begin sends the hits that are due; more says that there are still some, and senders for them.
func (e *fastEngine) begin(now time.Duration) (more bool) {
	if !e.closed && now >= e.job.begin+e.job.total {
		e.last, e.closed = e.job.close(now), true
	}
	for range burst {
		due := e.due()
		if due > now {
			return false
		}
		target := e.targetOf(e.n)
		if now-due > e.requests[target].timeout {
			e.batch = append(e.batch, outcome{seq: e.n, due: due, sent: now, end: now, class: classDropped, target: target})
			e.n++
			continue
		}
		if e.busy >= e.job.senders {
			return false
		}
		e.hit(e.n, due, target)
		e.n++
	}
	return true
}

// hit sends one hit on an idle connection or a new one.
func (e *fastEngine) hit(n uint64, due time.Duration, target uint16) {
	c := e.idle.head
	if c != nil {
		c.unlink()
	} else {
		c = e.place()
	}
	r := &e.requests[target]
	now := e.job.now()
	c.seq, c.due, c.sent, c.target, c.connect, c.first, c.tries = n, due, now, target, 0, 0, 0
	c.deadline = now + r.timeout
	c.out = c.out[:0]
	c.parser.Reset(r.head)
	e.flying[e.ofRank[target]].push(c)
	e.busy++
	e.sent++
	if now-due > lateAfter {
		e.late++
	}
	if e.freeSince <= due {
		e.lag = max(e.lag, now-due)
	}
	if c.state == stateNone {
		e.dial(c)
		return
	}
	c.state = stateBusy
	e.write(c)
}

// place is room for a connection.
func (e *fastEngine) place() *conn {
	if n := len(e.free); n > 0 {
		c := e.free[n-1]
		e.free = e.free[:n-1]
		return c
	}
	c := &conn{fd: -1, index: int32(len(e.conns))}
	if e.job.bodies {
		c.parser.KeepFor = 202
	}
	e.conns = append(e.conns, c)
	return c
}

// dial begins a connection for the hit that c carries.
func (e *fastEngine) dial(c *conn) {
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
func (e *fastEngine) another(c *conn) bool {
	if int(c.tries) >= len(e.addresses) {
		return false
	}
	c.address = (c.address + 1) % uint8(len(e.addresses))
	return true
}

// opened takes a socket whose connection has begun. On the loopback it is there at once, and the request can be written without waiting to be told.
func (e *fastEngine) opened(c *conn, fd int, connected bool) {
	c.fd, c.used = fd, false
	e.open++
	c.state = stateConnecting
	if connected {
		e.connected(c)
	}
	if c.state == stateNone { // the write has failed
		return
	}
	if err := e.poll.add(fd, c.index, c.gen); err != nil {
		e.fail(c, fmt.Errorf("epoll_ctl: %w", err))
	}
}

func (e *fastEngine) connected(c *conn) {
	c.connect = e.job.now() - c.sent
	c.state = stateBusy
	e.preferred = c.address
	e.write(c)
}

// write writes the request, all at once where it fits.
func (e *fastEngine) write(c *conn) {
	e.request = e.requests[c.target].append(e.request[:0], c.seq)
	n, errno := send(c.fd, e.request)
	switch {
	case errno == unix.EAGAIN:
		c.out = append(c.out, e.request...)
	case errno != 0 && c.used:
		// Not a byte has left: an idle connection had died, and another one carries the hit.
		seq, due, sent, target := c.seq, c.due, c.sent, c.target
		e.forget(c)
		e.busy--
		e.sent--
		if sent-due > lateAfter {
			e.late--
		}
		e.hit(seq, due, target)
	case errno != 0:
		e.fail(c, errno)
	case n < len(e.request):
		c.out = append(c.out, e.request[n:]...)
	}
}

// writeOn writes what is left.
func (e *fastEngine) writeOn(c *conn) {
	for len(c.out) > 0 {
		n, errno := send(c.fd, c.out)
		switch {
		case errno == unix.EAGAIN:
			return
		case errno != 0:
			// The server may have answered before it stopped reading; the read tells.
			c.out = c.out[:0]
			return
		}
		c.out = c.out[:copy(c.out, c.out[n:])]
	}
}

// handle does what an event asks for.
func (e *fastEngine) handle(ev *unix.EpollEvent) {
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

func (e *fastEngine) unreachable(c *conn) {
	err := connectError(c.fd, &e.addresses[c.address])
	if e.another(c) {
		e.close(c)
		e.dial(c)
		return
	}
	e.fail(c, err)
}

// read takes what has come. ending says that the server has closed its side: then the end is read as well.
func (e *fastEngine) read(c *conn, ending bool) {
	for {
		n, errno := receive(c.fd, e.buf)
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
		now := e.job.now()
		if c.first == 0 {
			c.first = now - c.sent
		}
		used, err := c.parser.Feed(e.buf[:n])
		if err != nil {
			e.fail(c, errors.Join(errMalformed, err))
			return
		}
		if c.parser.Done() {
			e.whole(c, now, ending || used < n)
			return
		}
		if n < len(e.buf) && !ending {
			return
		}
	}
}

// ended takes the end of a connection that carries a hit.
func (e *fastEngine) ended(c *conn) {
	switch {
	case c.parser.End():
		e.whole(c, e.job.now(), true)
	case c.parser.Begun():
		e.fail(c, fmt.Errorf("closed within the answer: %w", io.ErrUnexpectedEOF))
	default:
		e.fail(c, fmt.Errorf("closed without an answer: %w", io.EOF))
	}
}

// whole takes an answer that is complete; gone says that its connection can carry nothing more.
func (e *fastEngine) whole(c *conn, now time.Duration, gone bool) {
	r := &e.requests[c.target]
	status := c.parser.Status
	o := e.outcome(c, now)
	o.status = uint16(status)
	if !expected(r.expect, status) {
		o.class = classStatus
	}
	if status == 202 && len(c.parser.Body) > 0 {
		o.note = &note{body: slices.Clone(c.parser.Body)}
	}
	if o.end-o.due >= slowAfter {
		o.port = localPort(c.fd)
	}
	e.batch = append(e.batch, o)
	switch {
	case gone || len(c.out) > 0:
		e.forget(c)
	case c.parser.Reusable():
		c.unlink()
		c.state, c.used = stateIdle, true
		e.idle.push(c)
	case e.leave.len < e.job.senders:
		c.unlink()
		c.state, c.deadline = stateLeaving, now+leavingFor
		e.leave.push(c)
	default:
		e.forget(c)
	}
	e.released(now)
}

// outcome is what a hit has in common with all others.
func (e *fastEngine) outcome(c *conn, now time.Duration) outcome {
	return outcome{seq: c.seq, due: c.due, sent: c.sent, end: now, connect: c.connect, first: c.first, target: c.target,
		bytesIn: c.parser.BodyBytes, bytesOut: e.requests[c.target].body}
}

// fail ends a hit without an answer.
func (e *fastEngine) fail(c *conn, err error) {
	now := e.job.now()
	o := e.outcome(c, now)
	o.class = classify(err)
	o.note = &note{detail: err.Error()}
	if c.fd >= 0 {
		o.port = localPort(c.fd)
	}
	e.batch = append(e.batch, o)
	e.forget(c)
	e.released(now)
}

// released counts a sender that became free.
func (e *fastEngine) released(now time.Duration) {
	if e.busy == e.job.senders {
		e.freeSince = now
	}
	e.busy--
	if len(e.batch) >= flushAt {
		e.flush()
	}
}

// forget closes a connection and frees its place.
func (e *fastEngine) forget(c *conn) {
	c.unlink()
	e.close(c)
	e.free = append(e.free, c)
}

func (e *fastEngine) close(c *conn) {
	if c.fd >= 0 {
		closeSocket(c.fd)
		e.open--
	}
	c.fd, c.state, c.used = -1, stateNone, false
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
		e.last, e.closed = e.job.close(now), true
	}
	for i := range e.flying {
		for c := e.flying[i].head; c != nil; c = e.flying[i].head {
			e.fail(c, errUnanswered)
		}
	}
	for ; e.n < e.last; e.n++ {
		e.batch = append(e.batch, outcome{seq: e.n, due: e.job.dueAt(e.n), sent: now, end: now, class: classDropped, target: e.targetOf(e.n)})
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
		m.lagged(e.lag)
		e.lag = 0
	}
}
