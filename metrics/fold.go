package metrics

import (
	"maps"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/hangtime-dev/hangtime/hdr"
	"github.com/hangtime-dev/hangtime/history"
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
	queue  queueing
	reader *hdr.Reader
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
		load: Load{
			Counts:        Counts{Status: map[string]uint64{}, Errors: map[string]uint64{}, Answered: map[string]uint64{}},
			ResponseTimes: ResponseTimes{Phases: map[string]Quantiles{}},
		},
		slices: cuts{}, known: map[string]Quantiles{}, tags: map[string]bool{}, dueIn: map[string]uint64{},
		okIn:   map[string]uint64{},
		all:    hdr.Library(),
		reader: hdr.NewReader(),
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
		f.queue.said(r.At, ev.Queue)
	case history.FaultAsked:
		f.cure.asked(ev)
	case history.FaultInEffect:
		f.cure.struck(r.At, ev.ID)
	case history.FaultHealed:
		f.cure.healed(r.At, ev.ID)
		f.queue.heal(r.At)
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
	answered := uint64(0)
	for status, n := range w.Status {
		f.load.Status[status] += n
		answered += n
	}
	f.load.Answered[f.phaseAt(w.Due+w.Width/2)] += max(answered, w.OK)
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
		few, err := f.reader.Read(text)
		if err != nil {
			f.broken++
			continue
		}
		hdr.Record(into.hist, few)
		hdr.Record(f.all, few)
		f.series.add(w.Due, few)
		f.cure.took(w.Due, few)
		for _, one := range few {
			took := time.Duration(one.Took) * time.Microsecond
			f.load.TookSum += took * time.Duration(one.N)
			f.load.Bands[band(took)] += uint64(one.N)
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
	l.Status, l.Errors, l.Answered = maps.Clone(l.Status), maps.Clone(l.Errors), maps.Clone(l.Answered)
	l.Offered, l.Achieved = f.rates.at(now)
	l.All = quantiles(f.all)
	l.Phases = f.phaseQuantiles()
	l.Series = f.series.points()
	l.Recoveries = f.cure.all(l.Phases[history.Before].P99, f.sent)
	l.Queue = f.queue.queue
	return l
}

// Slice is what is known of the hits that were due in a phase and had a tag; empty means any. Its owner is the
// goroutine of the fold: it is not for keeping.
func (f *Fold) Slice(phase, tag string) Slice {
	if phase == "" && tag == "" {
		return Slice{f.load.OK, f.load.Failed, f.all}
	}
	var found []*Slice
	for key, one := range f.slices {
		if (phase == "" || key.phase == phase) && (tag == "" || key.tag == tag) {
			found = append(found, one)
		}
	}
	if len(found) == 1 {
		return *found[0]
	}
	out := Slice{hist: hdr.Library()}
	for _, one := range found {
		out.add(one.OK, one.Failed)
		out.hist.Merge(one.hist)
	}
	return out
}

// phaseQuantiles are those of each phase. To go through a histogram costs a tenth of a millisecond, ten times a second:
// those of a phase in which nothing ended since are kept.
func (f *Fold) phaseQuantiles() map[string]Quantiles {
	counts := map[string]uint64{}
	for key, one := range f.slices {
		counts[key.phase] += one.Count()
	}
	out := make(map[string]Quantiles, len(counts))
	for phase, n := range counts {
		if f.known[phase].Count != n {
			f.known[phase] = quantiles(f.Slice(phase, "").hist)
		}
		out[phase] = f.known[phase]
	}
	return out
}

// tag is the name under which a hit's tag is kept.
func (f *Fold) tag(name string) string {
	if !f.tags[name] {
		if len(f.tags) >= maxTags {
			return ""
		}
		f.tags[name] = true
	}
	return name
}

// AchievedIn is how many hits were answered ok in a phase, whenever they were due, over how many were due in it; false
// where none was.
func (f *Fold) AchievedIn(phase string) (float64, bool) {
	due := f.dueIn[phase]
	if due == 0 {
		return 0, false
	}
	return float64(f.okIn[phase]) / float64(due), true
}
