package http1

import (
	"github.com/hangtime-dev/hangtime/loadgen/hit"
)

// An Engine sends HTTP/1.1 from one thread that does all: the schedule, the sockets, the answers. No goroutine, channel
// or allocation lies between a hit and the kernel. A hit is sent once: when its connection dies it has failed, and is
// counted as that. Its parts lie within each other, and not behind pointers: the loop goes through all of them for
// every hit.
type Engine struct {
	receiver

	hostport string
	waker    waker
}

// New makes an engine ready for a job. It returns nil and the reason where this engine cannot do what is asked.
func New(j *hit.Job) (*Engine, string, error) {
	e := &Engine{}
	e.job, e.sink, e.meter, e.senders = j, j.Sink, &j.Meter, j.Senders
	e.buf = make([]byte, readBuffer)
	e.StayAwake(wakefulAnswers)
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

// Measure does nothing: the loop keeps the meter up to date by itself.
func (e *Engine) Measure() {}

// Wake makes the loop look at the timetable again; any goroutine may call it.
func (e *Engine) Wake() { e.waker.stir() }

// Processors is how many it can use at once.
func (e *Engine) Processors() int { return 1 }

// StayAwake says how many answers must come in one piece, with their moments, before the loop sleeps over some; it is
// called before Run.
func (e *Engine) StayAwake(answers int) { e.sleep.wakeful, e.sleep.awakeBy = answers, answers }
