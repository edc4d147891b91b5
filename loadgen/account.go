package loadgen

import (
	"time"

	"github.com/hangtime-dev/hangtime/hdr"
	"github.com/hangtime-dev/hangtime/history"
)

// How much is told about single hits in each 100 ms.
const (
	window      = 100 * time.Millisecond
	lateAfter   = time.Millisecond
	slowAfter   = 500 * time.Millisecond
	mostFailed  = 20
	mostSlow    = 5
	mostSamples = 1
)

// An account turns outcomes into the events of the history. One goroutine owns it.
type account struct {
	job    *job
	raw    *rawWriter // nil: not wanted
	groups map[groupKey]*group
	free   []*group
	order  []groupKey
	spare  []outcome

	times times // of the HitWindow that is being made
	sum   *sum  // of the whole attack
	bound bound

	from  time.Duration // of the window that is open
	ended uint64        // in it
	last  counts        // at its start
	gone  uint64        // dropped, all
	told  struct{ failed, slow, samples int }
}

// counts grow through the attack; a window is the difference of two.
type counts struct {
	due, sent, late, lagged, dropped uint64
	cpu                              time.Duration
}

// times are the histograms that a hit is counted in.
type times struct{ response, failed, service, wait, connect, first, body *hdr.Histogram }

func newTimes() times {
	p := hdr.NewPacker()
	return times{hdr.NewHistogram(p), hdr.NewHistogram(p), hdr.NewHistogram(p), hdr.NewHistogram(p), hdr.NewHistogram(p), hdr.NewHistogram(p), hdr.NewHistogram(p)}
}

// add counts one hit.
func (t *times) add(o *outcome) {
	if o.class == classOK {
		t.response.Add(o.end - o.due)
	} else {
		t.failed.Add(o.end - o.due)
	}
	if !o.wasSent() {
		return
	}
	t.service.Add(o.end - o.sent)
	t.wait.Add(o.sent - o.due)
	if o.connect > 0 {
		t.connect.Add(o.connect)
	}
	if o.first > 0 {
		t.first.Add(o.first - o.connect)
		t.body.Add(o.end - o.sent - o.first)
	}
}

// groupKey is one HitWindow of a fold.
type groupKey struct {
	due time.Duration
	tag string
}

type group struct {
	ok     uint64
	status map[uint16]uint64
	errors [classes]uint64
	hits   []int32 // places in the batch
}

func newAccount(j *job, raw *rawWriter) *account {
	return &account{job: j, raw: raw, groups: map[groupKey]*group{}, times: newTimes(), sum: j.sum, from: j.begin}
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
		case <-a.job.sink.wake:
			a.fold()
		case <-ended:
			a.fold()
			a.window()
			a.bound.finish(a.job, a.last, a.from-a.job.begin)
			return
		}
	}
}

// fold takes what waits and records it by the windows in which the hits were due.
func (a *account) fold() {
	batch := a.job.sink.take(a.spare)
	a.spare = batch
	var at groupKey
	var in *group
	for i := range batch {
		o := &batch[i]
		a.job.seen(o)
		a.raw.add(o)
		a.tell(o)
		key := groupKey{o.due / window * window, a.job.targets[o.target].tag}
		if in == nil || key != at {
			at, in = key, a.group(key)
		}
		in.add(o, int32(i))
		if o.class == classDropped {
			a.gone++
		}
	}
	a.ended += uint64(len(batch))
	for _, key := range a.order {
		g := a.groups[key]
		a.job.rec.Record(a.hitWindow(key, g, batch))
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

func (g *group) add(o *outcome, at int32) {
	if o.status != 0 {
		g.status[o.status]++
	}
	if o.class == classOK {
		g.ok++
	} else {
		g.errors[o.class]++
	}
	g.hits = append(g.hits, at)
}

func (g *group) clear() {
	g.ok, g.errors, g.hits = 0, [classes]uint64{}, g.hits[:0]
	clear(g.status)
}

func (a *account) hitWindow(key groupKey, g *group, batch []outcome) history.HitWindow {
	w := history.HitWindow{Tag: key.tag, Due: key.due, Width: window, OK: g.ok}
	bytesIn, bytesOut := uint64(0), uint64(0)
	for _, i := range g.hits {
		a.times.add(&batch[i])
		bytesIn += batch[i].bytesIn
		bytesOut += batch[i].bytesOut
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
			w.Errors[class(c).name()] = n
		}
	}
	a.sum.add(&w, &a.times, bytesIn, bytesOut)
	t := &a.times
	w.Response, w.Failed, w.Service, w.Wait = t.response.Take(), t.failed.Take(), t.service.Take(), t.wait.Take()
	w.Connect, w.First, w.Body = t.connect.Take(), t.first.Take(), t.body.Take()
	return w
}

func statusText(status uint16) string {
	return string([]byte{'0' + byte(status/100%10), '0' + byte(status/10%10), '0' + byte(status%10)})
}

// tell records single hits: the first failed ones of a window, the first slow ones, and a sample.
func (a *account) tell(o *outcome) {
	switch {
	case o.class != classOK && a.told.failed < mostFailed:
		a.told.failed++
	case o.class == classOK && o.end-o.due >= slowAfter && a.told.slow < mostSlow:
		a.told.slow++
	case a.told.samples < mostSamples:
		a.told.samples++
	default:
		return
	}
	hit := history.Hit{Seq: o.seq, Tag: a.job.targets[o.target].tag, Due: o.due, Sent: o.sent, Took: o.end - o.sent, Status: int(o.status), Error: o.class.name(), Port: int(o.port)}
	if o.note != nil {
		hit.Detail = cutDetail(o.note.detail)
	}
	a.job.rec.Record(hit)
}

// window records the 100 ms that end now.
func (a *account) window() {
	m := &a.job.meter
	a.job.measure()
	sent, inFlight := m.sent.Load(), m.inFlight.Load()
	oldest := time.Duration(m.oldest.Load())
	now := a.job.now()
	c := counts{
		due: max(a.job.dueBy(now), sent+a.gone), sent: sent, late: m.late.Load(), lagged: m.lagged.Load(), dropped: a.gone,
		cpu: max(time.Duration(m.cpu.Load()), a.last.cpu),
	}
	w := history.LoadWindow{
		From: a.from, To: now,
		Due: c.due - a.last.due, Sent: c.sent - a.last.sent, Late: c.late - a.last.late, Dropped: c.dropped - a.last.dropped,
		Ended: a.ended, InFlight: int(inFlight), Waiting: int(c.due - c.sent - c.dropped),
		Connections: int(m.connections.Load()), Lag: time.Duration(m.lag.Swap(0)), Lagged: c.lagged - a.last.lagged, CPU: c.cpu - a.last.cpu,
	}
	if w.Waiting > 0 {
		if first := a.job.dueAt(c.sent + c.dropped); oldest == 0 || first < oldest {
			oldest = first
		}
	}
	if oldest > 0 {
		w.Oldest = max(now-oldest, 0)
	}
	a.job.rec.Record(w)
	a.sum.window(w)
	a.bound.window(a.job, w)
	a.from, a.last, a.ended = now, c, 0
	a.told.failed, a.told.slow, a.told.samples = 0, 0, 0
}
