package nethttp

import (
	"context"
	"net/http"
	"runtime"
	"sync/atomic"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/hangtime-dev/hangtime/loadgen/hit"
	"github.com/hangtime-dev/hangtime/loadgen/request"
	"github.com/hangtime-dev/hangtime/loadgen/schedule"
)

// An Engine is vegeta's Attacker with our pacer, our targets and our round tripper.
type Engine struct {
	job  *hit.Job
	next atomic.Uint64 // targets handed out
	trip *roundTripper

	fills []*request.Filled  // by target; nil: it is the same each time
	ready chan time.Duration // users of a closed loop that could send, each with the moment from which on
	over  context.Context    // of a closed loop: ends when hits are due no more
	used  time.Duration      // processor time of the process before the attack

	open       atomic.Int64 // connections
	processors int
}

// New makes an engine ready for a job.
func New(j *hit.Job) (*Engine, error) {
	e := &Engine{job: j, fills: make([]*request.Filled, len(j.Targets)), used: processCPU(),
		processors: runtime.GOMAXPROCS(0)}
	for i := range j.Targets {
		if t := &j.Targets[i]; t.Template {
			f, err := t.Fill(j.Seed)
			if err != nil {
				return nil, err
			}
			e.fills[i] = f
		}
	}
	e.trip = &roundTripper{job: j, flights: flights{all: map[uint64]*flight{}}, next: transport(j, &e.open)}
	return e, nil
}

// Run sends the hits of the job and returns when all have ended, or at once when ctx ends: those in flight are then
// unanswered, those not sent dropped.
func (e *Engine) Run(ctx context.Context) error {
	base, halt := context.WithCancel(ctx)
	defer halt()
	e.trip.base = base
	client := &http.Client{Transport: e.trip,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	first := min(e.job.Senders, 8)
	if e.job.ClosedLoop() {
		first = e.job.Users
		var stop context.CancelFunc
		e.over, stop = context.WithTimeout(base, e.job.End()-e.job.Now())
		defer stop()
		e.ready = make(chan time.Duration, e.job.Users)
		for c := schedule.NewCrowd(e.job.Users, e.job.Think, e.job.Begin); c.Next() != schedule.Never; c.Take() {
			e.ready <- c.Next()
		}
	}
	pace := &pacer{job: e.job, ctx: base}
	attacker := vegeta.NewAttacker(vegeta.Client(client), vegeta.MaxBody(hit.MaxBody),
		vegeta.Workers(uint64(first)), vegeta.MaxWorkers(uint64(e.job.Senders)))
	for res := range attacker.Attack(e.target, pace, 0, "") {
		e.ended(res)
	}
	e.trip.next.CloseIdleConnections()
	if !e.job.ClosedLoop() {
		now := e.job.Now()
		for n, due := pace.granted, e.job.Close(now); n < due; n++ {
			e.job.Sink.Add(hit.Outcome{Seq: n, Due: e.job.DueAt(n), Sent: now, End: now, Class: hit.ClassDropped,
				Target: e.job.TargetOf(n)})
		}
	}
	e.Measure()
	return nil
}

// target is vegeta's Targeter: the next in turn. In a closed loop it waits for a user.
func (e *Engine) target(t *vegeta.Target) error {
	var due time.Duration
	if e.job.ClosedLoop() {
		var ok bool
		if due, ok = e.user(); !ok {
			return vegeta.ErrNoTargets
		}
	}
	n := e.next.Add(1) - 1
	i := e.job.TargetOf(n)
	from := &e.job.Targets[i]
	t.Method, t.URL, t.Body = from.Method, from.URL, from.Body
	header := from.Header
	if f := e.fills[i]; f != nil {
		t.URL, header, t.Body = f.Standard(n)
	}
	t.Header = make(http.Header, len(header)+1)
	for name, values := range header {
		t.Header[name] = values
	}
	t.Header.Set(tagHeader, tagOf(i, due))
	return nil
}

// user waits for one who is ready; there is none any more when the attack is over.
func (e *Engine) user() (ready time.Duration, ok bool) {
	select {
	case ready = <-e.ready:
	case <-e.over.Done():
		return 0, false
	}
	timer := time.NewTimer(ready - e.job.Now())
	defer timer.Stop()
	select {
	case <-timer.C:
		return ready, e.over.Err() == nil
	case <-e.over.Done():
		return 0, false
	}
}

// ended makes the outcome of a hit. It is the loop that reads vegeta's results: an append and nothing else, for whoever
// reads slowly slows the attack.
func (e *Engine) ended(res *vegeta.Result) {
	f := e.trip.flights.end(res.Seq)
	end := e.job.Rec.Since(res.End())
	if e.job.ClosedLoop() {
		if f == nil {
			return // a user who found the attack over
		}
		e.ready <- e.job.Now() + e.job.Think // there is room: each user is in it once
	}
	if f == nil { // the request could not even be made
		e.job.Sink.Add(hit.Outcome{
			Seq: res.Seq, Due: e.job.DueAt(res.Seq), Sent: end, End: end, Class: hit.ClassOther,
			Note: &hit.Note{Detail: res.Error},
		})
		return
	}
	o := hit.Outcome{
		Seq: res.Seq, Due: f.due, Sent: f.sent, End: max(end, f.sent), Connect: f.connect, First: f.first,
		BytesIn: f.bytesIn, BytesOut: f.bytesOut, Target: f.target, Port: f.port,
	}
	o.Class = hit.Classify(f.err)
	if f.err == nil {
		o.Status = res.Code
		if res.Code == http.StatusAccepted && e.job.Bodies {
			o.Note = &hit.Note{Body: res.Body}
		}
		if !e.job.Targets[f.target].Expects(int(res.Code)) {
			o.Class = hit.ClassStatus
		}
	} else if o.Class != hit.ClassDropped {
		o.Note = &hit.Note{Detail: f.err.Error()}
	}
	e.job.Sink.Add(o)
}

// Wake does nothing: the pacer sees changes by itself.
func (e *Engine) Wake() {}

// Measure brings the job's meter up to date.
func (e *Engine) Measure() {
	m := &e.job.Meter
	n, oldest := e.trip.flights.count()
	m.CPU.Store(int64(processCPU() - e.used))
	m.InFlight.Store(int64(n))
	m.Oldest.Store(int64(oldest))
	m.Connections.Store(e.open.Load())
}

// Processors is how many it can use at once.
func (e *Engine) Processors() int { return e.processors }
