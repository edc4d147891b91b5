package verdict

import (
	"time"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/scenarios"
)

// A Fold keeps what a judgement of one variant needs beside load and incidents: who died and was replaced, which
// faults took effect, and how far hangtime's own eyes can be trusted. It is fed one record after the other.
type Fold struct {
	phase    string
	from     time.Duration // when the phase before began; -1: not yet
	pool     pool
	harms    harms
	missing  int      // places that were empty when the load ended
	troubles []string // that void what was measured
	notes    []string // those that do not
	byHand   string   // what a person did to it; empty: nothing
	late     lateness
	last     time.Duration
	over     bool
	reason   string
	aborted  string // key of the check that ended the run early
	memory   memory
	log      *history.TaskLog // nil: not read
	leaked   int              // of the server's processes that had to be killed after it
	stopped  bool
	compiled map[string]scenarios.CompiledCheck // by text
}

// NewFold returns a fold that has seen nothing.
func NewFold() *Fold {
	return &Fold{from: -1, pool: newPool(), harms: newHarms(), compiled: map[string]scenarios.CompiledCheck{}}
}

// Add takes the next record.
func (f *Fold) Add(r history.Record) {
	f.last = r.At
	switch ev := r.Event.(type) {
	case history.PhaseStarted:
		f.phaseStarted(r.At, ev.Phase)
	case history.VariantEnded:
		f.over, f.reason = true, ev.Reason
	case history.Aborted:
		f.aborted = ev.Key
	case history.ServerStopped:
		f.stopped, f.leaked = true, len(ev.Left)
	case history.TaskLog:
		f.log = &ev
	case history.WorkerSample:
		if f.loaded() {
			f.memory.add(r.At, ev)
		}
	case history.Tick:
		if f.loaded() {
			f.late.add(r.At, ev.Late, f.from)
		}
	case history.Trouble:
		if ev.Voids() {
			f.troubles = append(f.troubles, ev.Text)
		} else {
			f.notes = append(f.notes, ev.Text)
		}
	case history.WorkerSeen:
		f.pool.seen(r.At, ev, f.loaded())
	case history.WorkerGone:
		f.pool.gone(r.At, ev, f.loaded())
	case history.WorkerReleased:
		f.pool.released(ev)
	case history.RateChanged:
		f.byHand = "a person changed the load"
	case history.FaultAsked:
		if ev.By == "person" {
			f.byHand = "a person injected " + ev.Fault
		}
		f.harms.asked(ev.ID, ev.Fault)
	case history.FaultInEffect:
		f.harms.of(ev.ID).effect = true
	case history.FaultHealed:
		f.harms.of(ev.ID).healed, f.harms.of(ev.ID).sure = true, ev.Verified
	case history.FaultFailed:
		f.harms.of(ev.ID).failed = ev.Reason
	}
}

func (f *Fold) phaseStarted(at time.Duration, phase string) {
	f.phase = phase
	switch phase {
	case history.Before:
		f.from = at
	case history.Ending:
		f.missing = f.pool.missing()
	}
}

// loaded says whether the variant is in a phase in which what happens to workers counts.
func (f *Fold) loaded() bool {
	return f.phase == history.Before || f.phase == history.During || f.phase == history.After
}

// blind says why nothing that was measured in this variant can be relied on; empty: it can.
func (f *Fold) blind() []string {
	var why []string
	if f.reason != "" {
		why = append(why, "the variant was cut short: "+f.reason)
	}
	if f.byHand != "" {
		why = append(why, f.byHand+" while it ran: it is no longer the experiment that the scenario describes")
	}
	for _, t := range f.troubles {
		if t != f.reason { // the run that it ended tells it once more
			why = append(why, t)
		}
	}
	if doubt := f.late.doubt(f.last - f.from); f.from >= 0 && doubt != "" {
		why = append(why, doubt)
	}
	return why
}
