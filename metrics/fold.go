package metrics

import (
	"maps"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/hangtime-dev/hangtime/history"
)

// Histograms hold microseconds from 1 µs to one hour with 3 significant digits.
const (
	lowest  = 1
	highest = int64(time.Hour / time.Microsecond)
	digits  = 3
)

// A Fold counts what was sent in one variant. It is fed one record after the other.
type Fold struct {
	load   Load
	phases []phaseStart
	slices cuts
	known  map[string]Quantiles // of phases, as they were last made
	tags   map[string]bool
	dueIn  map[string]uint64 // hits due, by phase
	okIn   map[string]uint64 // hits that were answered ok, by the phase in which they were
	lagged uint64            // hits that left late by our own fault
	all    *hdrhistogram.Histogram
	series series
	rates  rates
	cure   recovery
	bars   bars
	sent   time.Duration // up to when hits were due
	broken int           // histograms that could not be read
}

type phaseStart struct {
	at   time.Duration
	name string
}

// New returns a fold that has seen nothing.
func New() *Fold {
	return &Fold{
		load:   Load{Status: map[string]uint64{}, Errors: map[string]uint64{}, Phases: map[string]Quantiles{}},
		slices: cuts{}, known: map[string]Quantiles{}, tags: map[string]bool{}, dueIn: map[string]uint64{}, okIn: map[string]uint64{},
		all:  hdrhistogram.New(lowest, highest, digits),
		bars: newBars(),
	}
}

// Add takes the next record.
func (f *Fold) Add(r history.Record) {
	switch ev := r.Event.(type) {
	case history.PhaseStarted:
		f.phases = append(f.phases, phaseStart{r.At, ev.Phase})
		if ev.Phase == history.Before {
			f.series.start = r.At
		}
	case history.LoadStarted:
		f.load.Engine, f.load.Pattern, f.load.URL, f.load.Senders = ev.Engine, ev.Pattern, ev.URL, ev.Senders
	case history.LoadWindow:
		f.window(ev)
	case history.HitWindow:
		f.hits(r.At, ev)
	case history.GeneratorBound:
		f.load.Bound = ev.Text
		if ev.Over {
			f.load.Bound = ""
		}
		if ev.Final {
			f.load.BoundWhole = ev.Text
		}
	case history.Ledger:
		f.load.Tasks = ev
	case history.FaultAsked:
		f.cure.asked(ev)
	case history.FaultInEffect:
		f.cure.struck(r.At, ev.ID)
	case history.FaultHealed:
		f.cure.healed(r.At, ev.ID)
	}
}

func (f *Fold) window(w history.LoadWindow) {
	f.load.Due += w.Due
	f.load.Sent += w.Sent
	f.load.Late += w.Late
	f.load.Dropped += w.Dropped
	f.load.InFlight, f.load.Waiting, f.load.Oldest, f.load.Connections = w.InFlight, w.Waiting, w.Oldest, w.Connections
	f.load.LagMax = max(f.load.LagMax, w.Lag)
	if w.Waiting > 0 && f.load.Senders > 0 && w.InFlight >= f.load.Senders {
		f.load.Exhausted += w.To - w.From
	}
	f.lagged += w.Lagged
	if f.load.Sent > 0 {
		f.load.Lagging = float64(f.lagged) / float64(f.load.Sent)
	}
	f.dueIn[f.phaseAt(w.From+(w.To-w.From)/2)] += w.Due
	f.rates.due(w.To, w.Due)
	if w.Due > 0 {
		f.sent = w.To
	}
	f.series.due(w.From, w.Due)
	f.cure.due(w)
}

func (f *Fold) hits(at time.Duration, w history.HitWindow) {
	var failed uint64
	for class, n := range w.Errors {
		f.load.Errors[class] += n
		failed += n
	}
	for status, n := range w.Status {
		f.load.Status[status] += n
	}
	f.load.OK += w.OK
	f.load.Failed += failed
	f.rates.ok(at, w.OK)
	f.okIn[f.phaseAt(at)] += w.OK
	into := f.slices.of(f.phaseAt(w.Due+w.Width/2), f.tag(w.Tag))
	into.add(w.OK, failed)
	f.series.ended(w.Due, w.OK, failed)
	f.cure.hits(w, failed)
	for _, text := range []string{w.Response, w.Failed} {
		if text == "" {
			continue
		}
		h, err := hdrhistogram.Decode([]byte(text))
		if err != nil {
			f.broken++
			continue
		}
		few := f.bars.of(h)
		record(into.hist, few)
		record(f.all, few)
		f.series.add(w.Due, few)
		f.cure.took(w.Due, few)
		for _, one := range few {
			took := time.Duration(one.took) * time.Microsecond
			f.load.TookSum += took * time.Duration(one.n)
			f.load.Bands[band(took)] += uint64(one.n)
		}
	}
}

// phaseAt is the phase in which a hit was due.
func (f *Fold) phaseAt(due time.Duration) string {
	name := history.Starting
	for _, p := range f.phases {
		if p.at <= due {
			name = p.name
		}
	}
	return name
}

// Broken counts histograms of the history that could not be read; figures over them are unknown.
func (f *Fold) Broken() int { return f.broken }

// Load returns what was counted so far; it shares nothing with the fold.
func (f *Fold) Load(now time.Duration) Load {
	l := f.load
	l.Status, l.Errors = maps.Clone(l.Status), maps.Clone(l.Errors)
	l.Offered, l.Achieved = f.rates.at(now)
	l.All = quantiles(f.all)
	l.Phases = f.phaseQuantiles()
	l.Series = f.series.points()
	l.Recoveries = f.cure.all(l.Phases[history.Before].P99, f.sent)
	return l
}

func quantiles(h *hdrhistogram.Histogram) Quantiles {
	at := h.ValueAtPercentiles([]float64{50, 90, 95, 99, 99.9})
	us := func(v int64) time.Duration { return time.Duration(v) * time.Microsecond }
	return Quantiles{uint64(h.TotalCount()), us(at[50]), us(at[90]), us(at[95]), us(at[99]), us(at[99.9]), us(h.Max())}
}

// rates are counts over the last second, kept as 100 ms cells.
type rates struct{ dues, oks []cell }

type cell struct {
	at time.Duration
	n  uint64
}

func (r *rates) due(at time.Duration, n uint64) { r.dues = keep(r.dues, cell{at, n}) }
func (r *rates) ok(at time.Duration, n uint64)  { r.oks = keep(r.oks, cell{at, n}) }

func keep(cells []cell, c cell) []cell {
	cells = append(cells, c)
	first := 0
	for first < len(cells) && cells[first].at <= c.at-time.Second {
		first++
	}
	return append(cells[:0], cells[first:]...)
}

func (r *rates) at(now time.Duration) (offered, achieved float64) {
	sum := func(cells []cell) (n float64) {
		for _, c := range cells {
			if c.at > now-time.Second {
				n += float64(c.n)
			}
		}
		return n
	}
	return sum(r.dues), sum(r.oks)
}
