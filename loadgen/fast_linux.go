package loadgen

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/loadgen/schedule"
)

const (
	readBuffer  = 64 << 10
	burst       = 32                    // hits begun before answers are looked at again
	flushEvery  = 10 * time.Millisecond // outcomes wait at most so long in the loop
	flushAt     = 1024                  //
	cpuEvery    = 50 * time.Millisecond // reading the thread's processor time is a system call
	leavingFor  = time.Second           // how long the server may take to close what it said it would
	longestWait = time.Second           // of the loop
)

// fastEngine sends HTTP/1.1 from one thread that does all: the schedule, the sockets, the answers. No goroutine, channel or allocation lies between a hit and
// the kernel. A hit is sent once: when its connection dies it has failed, and is counted as that.
type fastEngine struct {
	job       *job
	hostport  string
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
	n      uint64          // the next hit
	crowd  *schedule.Crowd // of a closed loop

	busy      int
	open      int
	freeSince time.Duration // since when at least one sender is free
	closed    bool          // no more hits become due
	last      uint64        // then: how many there were

	batch   []outcome
	flushed time.Duration
	buf     []byte
	request []byte
	reader  stampReader
	sober   int // answers that must come in one piece, and with their moments, before the loop sleeps over some
	awakeBy int // how many of them are still to come
	watched int // connections for which the loop stays awake

	sent, late uint64
	lagged     uint64 // of the late ones, those for which a sender was free
	lag        time.Duration
	cpu0       time.Duration // the thread's processor time before the attack: Go hands out threads that have worked
	measured   time.Duration // when the thread's processor time was last read
}

// flights are the hits in flight with one time limit.
type flights struct {
	connList
	limit time.Duration
}

// newFastEngine returns nil and the reason where this engine cannot do what is asked.
func newFastEngine(j *job) (*fastEngine, string, error) {
	e := &fastEngine{job: j, buf: make([]byte, readBuffer), sober: soberAfter, awakeBy: soberAfter}
	for i := range j.targets {
		t := &j.targets[i]
		host, reason := speaks(t)
		if reason != "" {
			return nil, reason, nil
		}
		if e.hostport != "" && host != e.hostport {
			return nil, "the targets are on several hosts", nil
		}
		e.hostport = host
		r, err := t.render(j.seed)
		if err != nil {
			return nil, "", err
		}
		e.requests = append(e.requests, r)
		e.ofRank = append(e.ofRank, e.rank(t.timeout))
	}
	return e, "", nil
}

// speaks says which host a target is on, or why it is not for this engine.
func speaks(t *target) (hostport, reason string) {
	scheme, rest, _ := strings.Cut(t.url, "://")
	host, _, _ := strings.Cut(rest, "/")
	host, _, _ = strings.Cut(host, "?")
	switch {
	case scheme != "http":
		return "", scheme + " is not spoken by the fast engine"
	case t.header.Get("Expect") != "" || t.header.Get("Upgrade") != "" || t.header.Get("Transfer-Encoding") != "":
		return "", "a target's header asks for more than request and answer"
	case proxied(t.url):
		return "", "a proxy is set for the target"
	case strings.Contains(host, "@"):
		return "", "the address has a user name in it"
	}
	return hostPort(host), ""
}

// proxied says whether net/http would ask a proxy for an address: HTTP_PROXY and its like, which it never does for this machine.
func proxied(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false // a template
	}
	proxy, err := http.ProxyFromEnvironment(&http.Request{URL: u})
	return err == nil && proxy != nil
}

// hostPort is host:port where the port may be left out.
func hostPort(host string) string {
	u := url.URL{Host: host}
	if u.Port() == "" {
		return net.JoinHostPort(u.Hostname(), "80")
	}
	return net.JoinHostPort(u.Hostname(), u.Port())
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
	// The loop's thread waits in the kernel without telling Go's scheduler (see poller.wait): the place it holds there is made good by one more.
	addPlaces(1)
	defer addPlaces(-1)
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
	e.cpu0 = threadCPU()
	addresses, err := resolve(ctx, e.hostport, e.job.socket, e.job.resolver)
	if err != nil {
		// Every hit fails with this, at its own time.
		addresses = []address{{family: -1, text: e.hostport + ": " + err.Error()}}
	}
	e.addresses = addresses
	e.freeSince = e.job.begin
	if e.job.closedLoop() {
		e.crowd = schedule.NewCrowd(e.job.users, e.job.think, e.job.begin)
	}
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
		var events []unix.EpollEvent
		if more {
			e.publish(now)
			events = e.poll.peek()
		} else {
			patience := e.patience(now)
			if patience >= flushEvery {
				e.flush() // what would otherwise have to be woken up for
			}
			e.publish(now)
			if e.dozes(patience) {
				events = e.poll.doze(patience)
			} else {
				events = e.poll.wait(patience)
			}
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
	for i := range e.flying {
		if c := e.flying[i].head; c != nil {
			next = min(next, c.deadline)
		}
	}
	if c := e.leave.head; c != nil {
		next = min(next, c.deadline)
	}
	if !e.closed {
		next = min(next, e.job.end())
	}
	if due := e.due(); due != schedule.Never {
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
		return schedule.Never
	}
	due := schedule.Never
	if e.crowd != nil {
		due = e.crowd.Next()
	} else {
		due = e.job.dueAt(e.n)
	}
	if !e.closed && due >= e.job.end() {
		return schedule.Never
	}
	return due
}

func (e *fastEngine) limitOf(n uint64) time.Duration { return e.requests[e.job.targetOf(n)].timeout }
