package report

import (
	"fmt"
	"time"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/metrics"
	"github.com/hangtime-dev/hangtime/words"
)

// A Condition says in a few words how a server is at a moment.
type Condition struct {
	Text string
	// What it is about: State where some worker's state is what there is to say, Judged where the run is over; neither
	// where Text says all.
	State  diagnose.State
	Judged bool
	Calm   bool // nothing is wrong, and nothing is to be expected
}

// ConditionOf says how the server of a variant is.
func ConditionOf(r *Report, v *Variant) Condition {
	counts := map[diagnose.State]int{}
	for i := range v.Workers {
		counts[v.Workers[i].State]++
	}
	all := len(v.Workers)
	of := func(s diagnose.State, format string) Condition {
		return Condition{Text: fmt.Sprintf(format, counts[s], all), State: s}
	}
	switch {
	case v.OnlyLoaded() && v.To >= 0:
		return Condition{Text: "over  " + v.AnswerWords(), Calm: true}
	case r.Over:
		return Condition{Text: "over: " + string(r.Verdict.Outcome), Judged: true}
	case v.To >= 0:
		return Condition{Text: "over", Calm: true}
	case v.Hangs() > 0:
		return Condition{Text: fmt.Sprintf("HANG %d of %d workers", v.Hangs(), all), State: diagnose.Hung}
	case counts[diagnose.Dead] > 0:
		return of(diagnose.Dead, "%d of %d dead")
	case counts[diagnose.Suspect] > 0:
		return of(diagnose.Suspect, "suspect %d of %d")
	case v.AnswersNothing():
		return Condition{Text: "nothing is answered since " + words.Short(v.Load.Oldest)}
	case v.OnlyLoaded():
		return Condition{Text: v.AnswerWords(), State: diagnose.Busy}
	case all == 0:
		return Condition{Text: "no workers yet", Calm: true}
	case counts[diagnose.Booting] > 0:
		return of(diagnose.Booting, "booting %d of %d")
	case counts[diagnose.Unknown] > 0:
		return of(diagnose.Unknown, "unknown %d of %d")
	}
	return Condition{Text: fmt.Sprintf("healthy %d workers", all), State: diagnose.Busy}
}

// AnswersNothing says whether a server that was asked has answered nothing for a second.
func (v *Variant) AnswersNothing() bool {
	d := &v.Load
	return d.Waiting+d.InFlight > 0 && d.Achieved == 0 && d.Oldest >= time.Second
}

// AnswerWords say what a server that is only loaded has answered so far.
func (v *Variant) AnswerWords() string {
	d := &v.Load
	switch {
	case d.OK+d.Failed == 0:
		return "nothing has ended yet"
	case d.OK == 0:
		return "every request failed"
	case d.Failed > 0:
		return words.Number(d.Failed) + " failed"
	}
	return "it answers"
}

// PhaseWords says what a phase is, to someone who has not read the scenario; where nothing is to be broken, no phase is
// before a fault.
func (v *Variant) PhaseWords() string {
	names := map[string]string{history.Before: "before fault", history.During: "during fault", history.After: "after fault"}
	text, is := names[v.Phase]
	switch {
	case !is:
		return v.Phase
	case v.Plan.Name != "" && len(v.Plan.Faults)+len(v.Faults) == 0:
		return "under load"
	}
	return text
}

// LoadNow is the load of a variant; when it is over nothing is open any more.
func (v *Variant) LoadNow() metrics.Load {
	d := v.Load
	if v.To >= 0 {
		d.Oldest = 0
	}
	return d
}

// Unanswered is how many hits were sent, or are due, and have not ended.
func Unanswered(d *metrics.Load) uint64 {
	if ended := d.OK + d.Failed; d.Due > ended {
		return d.Due - ended
	}
	return 0
}

// Inside is how many requests the workers have accepted and not answered.
func (v *Variant) Inside() int {
	inside := 0
	for i := range v.Workers {
		inside += v.Workers[i].Inside
	}
	return max(inside, 0)
}

// Quantiles are those of the newest step in which something was answered; false: nothing was yet.
func Quantiles(d *metrics.Load) (metrics.Point, bool) {
	for i := len(d.Series.Points) - 1; i >= 0; i-- {
		if p := d.Series.Points[i]; p.OK+p.Failed > 0 {
			return p, true
		}
	}
	return metrics.Point{}, false
}
