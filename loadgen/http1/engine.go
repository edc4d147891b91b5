package http1

import (
	"slices"
	"time"

	"github.com/hangtime-dev/hangtime/loadgen/hit"
	"github.com/hangtime-dev/hangtime/loadgen/request"
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

// An Engine sends HTTP/1.1 from one thread that does all: the schedule, the sockets, the answers. No goroutine, channel
// or allocation lies between a hit and the kernel. A hit is sent once: when its connection dies it has failed, and is
// counted as that.
type Engine struct {
	job       *hit.Job
	hostport  string
	requests  []request.Rendered
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

	batch   []hit.Outcome
	flushed time.Duration
	buf     []byte
	request []byte
	reader  stampReader
	sleep   idleSleep

	sent, late uint64
	lagged     uint64 // of the late ones, those for which a sender was free
	lag        time.Duration
	cpu0       time.Duration // the thread's processor time before the attack: Go hands out threads that have worked
	measured   time.Duration // when the thread's processor time was last read
}

// New makes an engine ready for a job. It returns nil and the reason where this engine cannot do what is asked.
func New(j *hit.Job) (*Engine, string, error) {
	e := &Engine{job: j, buf: make([]byte, readBuffer), sleep: idleSleep{wakeful: wakefulAnswers, awakeBy: wakefulAnswers}}
	for i := range j.Targets {
		t := &j.Targets[i]
		host, reason := speaks(t)
		if reason != "" {
			return nil, reason, nil
		}
		if e.hostport != "" && host != e.hostport {
			return nil, "the targets are on several hosts", nil
		}
		e.hostport = host
		r, err := t.Render(j.Seed)
		if err != nil {
			return nil, "", err
		}
		e.requests = append(e.requests, r)
		e.ofRank = append(e.ofRank, e.rank(t.Timeout))
	}
	return e, "", nil
}

// rank is the list of hits with a time limit.
func (e *Engine) rank(limit time.Duration) int {
	i := slices.IndexFunc(e.flying, func(f flights) bool { return f.limit == limit })
	if i < 0 {
		i = len(e.flying)
		e.flying = append(e.flying, flights{limit: limit})
	}
	return i
}

// Measure does nothing: the loop keeps the meter up to date by itself.
func (e *Engine) Measure() {}

// Wake makes the loop look at the timetable again; any goroutine may call it.
func (e *Engine) Wake() { e.waker.stir() }

// Processors is how many it can use at once.
func (e *Engine) Processors() int { return 1 }

// StayAwake says how many answers must come in one piece, with their moments, before the loop sleeps over some; it is
// called before Run.
func (e *Engine) StayAwake(answers int) { e.sleep.wakeful, e.sleep.awakeBy = answers, answers }
