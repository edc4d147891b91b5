package loadgen

import (
	"net/http"
	"time"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/loadgen/hit"
)

// How much is told about single hits in each 100 ms.
const (
	window      = 100 * time.Millisecond
	mostFailed  = 20
	mostSlow    = 5
	mostSamples = 1
	mostDetail  = 200 // bytes of an error's text
)

// An account turns outcomes into the events of the history. One goroutine owns it.
type account struct {
	job    *hit.Job
	engine engine
	accept func(body []byte, at time.Duration) // is told of the bodies of 202 answers; nil: nobody wants them
	raw    *rawWriter                          // nil: not wanted
	groups map[groupKey]*group
	free   []*group
	order  []groupKey
	spare  []hit.Outcome

	times times // of the HitWindow that is being made
	sum   *sum  // of the whole attack
	bound bound

	from  time.Duration // of the window that is open
	ended uint64        // in it
	last  counts        // at its start
	gone  uint64        // dropped, all
	told  struct{ failed, slow, samples int }
}

func newAccount(j *hit.Job, e engine, all *sum, raw *rawWriter) *account {
	return &account{
		job: j, engine: e, raw: raw, groups: map[groupKey]*group{}, times: newTimes(), sum: all, from: j.Begin,
		bound: bound{rec: j.Rec, sum: all, processors: e.Processors(), closedLoop: j.ClosedLoop()},
	}
}

// run folds until ended is closed, then once more: what an engine added before is in the history when run returns.
func (a *account) run(ended <-chan struct{}) {
	tick := time.NewTicker(window)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			a.fold()
			a.window()
		case <-a.job.Sink.Full():
			a.fold()
		case <-ended:
			a.fold()
			a.window()
			a.bound.finish(a.last, a.from-a.job.Begin)
			return
		}
	}
}

// fold takes what waits and records it by the windows in which the hits were due.
func (a *account) fold() {
	batch := a.job.Sink.Take(a.spare)
	a.spare = batch
	var at groupKey
	var in *group
	for i := range batch {
		o := &batch[i]
		a.seen(o)
		a.raw.add(o)
		a.tell(o)
		key := groupKey{o.Due / window * window, a.job.Targets[o.Target].Tag}
		if in == nil || key != at {
			at, in = key, a.group(key)
		}
		in.add(o, int32(i))
		if o.Class == hit.ClassDropped {
			a.gone++
		}
	}
	a.ended += uint64(len(batch))
	for _, key := range a.order {
		g := a.groups[key]
		a.job.Rec.Record(a.hitWindow(key, g, batch))
		g.clear()
		a.free = append(a.free, g)
	}
	clear(a.groups)
	a.order = a.order[:0]
	clear(batch) // lets go of the notes
}

func (a *account) group(key groupKey) *group {
	if g := a.groups[key]; g != nil {
		return g
	}
	g := &group{status: map[uint16]uint64{}}
	if n := len(a.free); n > 0 {
		g, a.free = a.free[n-1], a.free[:n-1]
	}
	a.groups[key] = g
	a.order = append(a.order, key)
	return g
}

func (a *account) hitWindow(key groupKey, g *group, batch []hit.Outcome) history.HitWindow {
	w := history.HitWindow{Tag: key.tag, Due: key.due, Width: window, OK: g.ok}
	bytesIn, bytesOut := uint64(0), uint64(0)
	for _, i := range g.hits {
		a.times.add(&batch[i])
		bytesIn += batch[i].BytesIn
		bytesOut += batch[i].BytesOut
	}
	if len(g.status) > 0 {
		w.Status = make(map[string]uint64, len(g.status))
		for status, n := range g.status {
			w.Status[statusText(status)] = n
		}
	}
	for c, n := range g.errors {
		if n > 0 {
			if w.Errors == nil {
				w.Errors = map[string]uint64{}
			}
			w.Errors[hit.Class(c).Name()] = n
		}
	}
	a.sum.ended(&w, &a.times, bytesIn, bytesOut)
	t := &a.times
	w.Response, w.Failed, w.Service, w.Wait = t.response.Take(), t.failed.Take(), t.service.Take(), t.wait.Take()
	w.Connect, w.First, w.Body = t.connect.Take(), t.first.Take(), t.body.Take()
	return w
}

// seen passes on what the server says of a task.
func (a *account) seen(o *hit.Outcome) {
	if o.Status == http.StatusAccepted && o.Note != nil && o.Note.Body != nil && a.accept != nil {
		a.accept(o.Note.Body, o.End)
	}
}

// tell records single hits: the first failed ones of a window, the first slow ones, and a sample.
func (a *account) tell(o *hit.Outcome) {
	switch {
	case o.Class != hit.ClassOK && a.told.failed < mostFailed:
		a.told.failed++
	case o.Class == hit.ClassOK && o.End-o.Due >= hit.SlowAfter && a.told.slow < mostSlow:
		a.told.slow++
	case a.told.samples < mostSamples:
		a.told.samples++
	default:
		return
	}
	single := history.Hit{
		Seq: o.Seq, Tag: a.job.Targets[o.Target].Tag, Due: o.Due, Sent: o.Sent, Took: o.End - o.Sent,
		Status: int(o.Status), Error: o.Class.Name(), Port: int(o.Port),
	}
	if o.Note != nil {
		single.Detail = o.Note.Detail[:min(len(o.Note.Detail), mostDetail)]
	}
	a.job.Rec.Record(single)
}

// window records the 100 ms that end now.
func (a *account) window() {
	m := &a.job.Meter
	a.engine.Measure()
	sent, inFlight := m.Sent.Load(), m.InFlight.Load()
	oldest := time.Duration(m.Oldest.Load())
	now := a.job.Now()
	c := counts{
		due: max(a.job.DueBy(now), sent+a.gone), sent: sent, late: m.Late.Load(), lagged: m.Lagged.Load(), dropped: a.gone,
		cpu: max(time.Duration(m.CPU.Load()), a.last.cpu),
	}
	w := history.LoadWindow{
		From: a.from, To: now,
		Due: c.due - a.last.due, Sent: c.sent - a.last.sent, Late: c.late - a.last.late, Dropped: c.dropped - a.last.dropped,
		Ended: a.ended, InFlight: int(inFlight), Waiting: int(c.due - c.sent - c.dropped),
		Connections: int(m.Connections.Load()), Lag: time.Duration(m.Lag.Swap(0)), Lagged: c.lagged - a.last.lagged,
		CPU: c.cpu - a.last.cpu,
	}
	if w.Waiting > 0 {
		if first := a.job.DueAt(c.sent + c.dropped); oldest == 0 || first < oldest {
			oldest = first
		}
	}
	if oldest > 0 {
		w.Oldest = max(now-oldest, 0)
	}
	a.job.Rec.Record(w)
	a.sum.sent(w)
	a.bound.look(w)
	a.from, a.last, a.ended = now, c, 0
	a.told.failed, a.told.slow, a.told.samples = 0, 0, 0
}
