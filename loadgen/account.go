package loadgen

import (
	"sync"
	"sync/atomic"
	"time"

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
	// wakeAt outcomes wait at most before they are folded in without waiting for the tick: at 88 bytes each this bounds the memory of a burst.
	wakeAt = 1 << 15
)

// A meter holds what an engine is doing now. The engine writes, the account reads.
type meter struct {
	sent        atomic.Uint64
	late        atomic.Uint64
	lag         atomic.Int64 // longest since it was last read, ns
	inFlight    atomic.Int64
	connections atomic.Int64
	oldest      atomic.Int64 // when the oldest in flight was due, run's clock, ns; 0: none is in flight
}

// left counts a hit that left; idle says that a sender was free when it was due, so that its delay is our own.
func (m *meter) left(due, sent time.Duration, idle bool) {
	m.sent.Add(1)
	delay := sent - due
	if delay > lateAfter {
		m.late.Add(1)
	}
	if idle {
		m.lagged(delay)
	}
}

func (m *meter) lagged(delay time.Duration) {
	for {
		old := m.lag.Load()
		if int64(delay) <= old || m.lag.CompareAndSwap(old, int64(delay)) {
			return
		}
	}
}

// A sink is where engines leave the hits that have ended. Adding is an append under a lock that is never held for longer than a copy.
type sink struct {
	mu      sync.Mutex
	waiting []outcome
	wake    chan struct{} // one place: many wait
}

func newSink() *sink { return &sink{wake: make(chan struct{}, 1)} }

func (s *sink) add(all ...outcome) {
	s.mu.Lock()
	s.waiting = append(s.waiting, all...)
	many := len(s.waiting) >= wakeAt
	s.mu.Unlock()
	if many {
		select {
		case s.wake <- struct{}{}:
		default:
		}
	}
}

// take returns what waits and keeps spare for the next.
func (s *sink) take(spare []outcome) []outcome {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.waiting
	s.waiting = spare[:0]
	return out
}

// An account turns outcomes into the events of the history. One goroutine owns it.
type account struct {
	job    *job
	groups map[groupKey]*group
	free   []*group
	order  []groupKey
	spare  []outcome

	response, failed, service *histogram

	from  time.Duration // of the window that is open
	ended uint64        // in it
	last  counts        // at its start
	gone  uint64        // dropped, all
	told  struct{ failed, slow, samples int }
}

// counts grow through the attack; a window is the difference of two.
type counts struct{ due, sent, late, dropped uint64 }

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

func newAccount(j *job) *account {
	return &account{job: j, groups: map[groupKey]*group{}, response: newHistogram(), failed: newHistogram(), service: newHistogram(), from: j.begin}
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
	for _, i := range g.hits {
		o := &batch[i]
		if o.class == classOK {
			a.response.add(o.end - o.due)
		} else {
			a.failed.add(o.end - o.due)
		}
		if o.wasSent() {
			a.service.add(o.end - o.sent)
		}
	}
	w.Response, w.Failed, w.Service = a.response.take(), a.failed.take(), a.service.take()
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
	sent, late, inFlight := m.sent.Load(), m.late.Load(), m.inFlight.Load()
	oldest := time.Duration(m.oldest.Load())
	now := a.job.now()
	c := counts{due: max(a.job.dueBy(now), sent+a.gone), sent: sent, late: late, dropped: a.gone}
	w := history.LoadWindow{
		From: a.from, To: now,
		Due: c.due - a.last.due, Sent: c.sent - a.last.sent, Late: c.late - a.last.late, Dropped: c.dropped - a.last.dropped,
		Ended: a.ended, InFlight: int(inFlight), Waiting: int(c.due - c.sent - c.dropped),
		Connections: int(m.connections.Load()), Lag: time.Duration(m.lag.Swap(0)),
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
	a.from, a.last, a.ended = now, c, 0
	a.told.failed, a.told.slow, a.told.samples = 0, 0, 0
}
