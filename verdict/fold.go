package verdict

import (
	"time"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/scenarios"
	"github.com/hangtime-dev/hangtime/words"
)

// A Fold keeps what a judgement of one variant needs beside load and incidents: who died and was replaced, which
// faults took effect, and how far hangtime's own eyes can be trusted. It is fed one record after the other.
type Fold struct {
	phase     string
	from      time.Duration // when the phase before began; -1: not yet
	pool      pool
	order     []string // faults, as asked
	faults    map[string]*fault
	missing   int      // places that were empty when the load ended
	troubles  []string // that void what was measured
	notes     []string // those that do not
	byHand    string   // what a person did to it; empty: nothing
	lateTotal time.Duration
	lateTo    time.Duration // up to when a stall is counted in lateTotal
	lateMax   time.Duration
	last      time.Duration
	over      bool
	reason    string
	aborted   string // key of the check that ended the run early
	memory    memory
	log       *history.TaskLog // nil: not read
	leaked    int              // of the server's processes that had to be killed after it
	stopped   bool
	compiled  map[string]scenarios.CompiledCheck // by text
}

type fault struct {
	kind   string
	effect bool
	failed string
	healed bool
	sure   bool // the healing was seen
}

// NewFold returns a fold that has seen nothing.
func NewFold() *Fold {
	return &Fold{from: -1, pool: newPool(), faults: map[string]*fault{}, compiled: map[string]scenarios.CompiledCheck{}}
}

// tolerated is how late a tick may be without a doubt about what was measured.
const tolerated = 100 * time.Millisecond

// fewLate is how long hangtime may have been late in all, however short the variant: a single hiccup of a machine
// voids nothing.
const fewLate = 500 * time.Millisecond

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
		f.tick(r.At, ev.Late)
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
		f.order = append(f.order, ev.ID)
		f.faults[ev.ID] = &fault{kind: ev.Fault}
	case history.FaultInEffect:
		f.fault(ev.ID).effect = true
	case history.FaultHealed:
		f.fault(ev.ID).healed, f.fault(ev.ID).sure = true, ev.Verified
	case history.FaultFailed:
		f.fault(ev.ID).failed = ev.Reason
	}
}

func (f *Fold) fault(id string) *fault {
	if f.faults[id] == nil {
		f.order = append(f.order, id)
		f.faults[id] = &fault{}
	}
	return f.faults[id]
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

func (f *Fold) tick(at, late time.Duration) {
	if !f.loaded() {
		return
	}
	f.lateMax = max(f.lateMax, late)
	if late > tolerated {
		// The stall may have begun before the load did; and the run's tick and the probe's tell the same one.
		from := max(at-late, f.from, f.lateTo)
		f.lateTotal += max(0, at-from)
		f.lateTo = max(f.lateTo, at)
	}
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
	if span := f.last - f.from; f.from >= 0 && span > 0 && f.lateTotal > max(span/20, fewLate) {
		why = append(why, "hangtime itself was stopped or starved for "+words.Duration(f.lateTotal)+" of "+
			words.Duration(span)+" (at worst "+words.Duration(f.lateMax)+" at once): this machine is too busy to judge")
	}
	return why
}

// unharmed says why the faults did not do what the scenario wanted; empty: each took effect.
func (f *Fold) unharmed(planned int) []string {
	if planned == 0 {
		return nil
	}
	if len(f.order) == 0 {
		return []string{"no fault was ever asked for"}
	}
	var why []string
	for _, id := range f.order {
		switch one := f.faults[id]; {
		case one.failed != "":
			why = append(why, "fault "+id+" ("+one.kind+") failed: "+one.failed)
		case !one.effect:
			why = append(why, "fault "+id+" ("+one.kind+") was never seen in effect")
		case one.healed && !one.sure:
			why = append(why, "fault "+id+" ("+one.kind+") was told to end but not seen to")
		}
	}
	return why
}
