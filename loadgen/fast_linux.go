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

