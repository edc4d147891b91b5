package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/metrics"
	"github.com/hangtime-dev/hangtime/scenarios"
	"github.com/hangtime-dev/hangtime/verdict"
)

// A Builder makes reports from a history, live or from a file. One goroutine owns it; the reports it returns belong
// to nobody and never change.
type Builder struct {
	header      history.Header
	first       history.Record // the header as a record
	doc         *scenarios.Document
	unreadable  error // why the scenario in the header could not be read
	now         time.Duration
	interrupted string
	over        bool
	lag         time.Duration
	troubles    []string
	outside     []string // troubles that came while no variant ran: the run's own
	variants    []*variantFold
	explain     func() explainer // makes the diagnosis of a variant
}

// An explainer is diagnose.Fold; tests of what a report looks like say themselves what it found.
type explainer interface {
	Add(history.Record)
	Workers() []diagnose.Worker
	Incidents() []diagnose.Incident
	Notices() []diagnose.Notice
}

// NewBuilder returns a builder that has seen nothing.
func NewBuilder() *Builder {
	return &Builder{explain: func() explainer { return diagnose.New(diagnose.DefaultLimits()) }}
}

// Add takes the next record.
func (b *Builder) Add(r history.Record) {
	b.now = r.At
	switch ev := r.Event.(type) {
	case history.Header:
		b.header, b.first = ev, r
		if ev.Text != "" { // a watch without a scenario has none
			b.doc, b.unreadable = scenarios.Read(ev.Scenario+".yaml", []byte(ev.Text))
		}
	case history.Interrupted:
		b.interrupted = ev.By
	case history.RunEnded:
		b.over = true
	case history.Tick:
		b.lag = max(b.lag, ev.Late)
	case history.Trouble:
		b.troubles = append(b.troubles, ev.Text)
		// The run that a variant ended tells its reason once more.
		if v := b.last(); ev.Voids() && (v == nil || v.shown.To >= 0 && ev.Text != v.shown.Reason) {
			b.outside = append(b.outside, ev.Text)
		}
	case history.VariantStarted:
		b.variants = append(b.variants, b.variant(r.At, ev))
	}
	if v := b.last(); v != nil {
		v.add(r)
	}
}

// last is the variant that runs, or ran last; nil: none has begun.
func (b *Builder) last() *variantFold {
	if len(b.variants) == 0 {
		return nil
	}
	return b.variants[len(b.variants)-1]
}

// End says that no more records will come although the history has no end, as after a crash of hangtime.
func (b *Builder) End(why string) {
	b.troubles = append(b.troubles, why)
	if v := b.last(); v == nil || v.shown.To >= 0 { // one that was under way says it itself
		b.outside = append(b.outside, why)
	}
	b.over = true
}

// Report is all that can be said so far.
func (b *Builder) Report() *Report {
	r := &Report{
		Header: b.header, Now: b.now, Interrupted: b.interrupted, Over: b.over, Lag: b.lag,
		Troubles: slices.Clone(b.troubles), Planned: len(b.variants),
	}
	guide := ""
	if b.doc != nil {
		r.Title, r.Watch, guide = b.doc.Scenario.Title, b.doc.Scenario.Watch, b.doc.Scenario.Guide
		r.Planned = max(r.Planned, len(b.doc.Scenario.Variants))
	}
	var judged []verdict.Variant
	for _, v := range b.variants {
		drawn := v.report(b.now, b.over)
		r.Variants = append(r.Variants, drawn)
		judged = append(judged, drawn.Verdict)
	}
	r.Verdict = verdict.Of(judged, r.Planned, b.over, guide)
	doubts := slices.Clone(b.outside)
	if b.unreadable != nil {
		doubts = append(doubts, "the scenario in the recording cannot be read: "+b.unreadable.Error())
	}
	for _, doubt := range doubts {
		r.Verdict.Outcome = verdict.Worst(r.Verdict.Outcome, verdict.Unknown)
		r.Verdict.Why = append(r.Verdict.Why, strings.Split(doubt, "\n")...)
	}
	r.Verdict.Sentence = verdict.Sentence(r.Verdict, guide, b.over)
	return r
}

// Abort names the check that has failed to hold for its time of grace and wants the run ended; empty: none.
func (b *Builder) Abort() (key, check string) {
	v := b.last()
	if v == nil || b.over {
		return "", ""
	}
	return v.abort(b.now)
}

// A variantFold is all folds over one variant.
type variantFold struct {
	shown     Variant
	index     int
	plan      scenarios.Scenario
	variant   scenarios.Variant
	load      *metrics.Fold
	diagnosis explainer
	judge     *verdict.Fold
	story     story
	spans     spans
	log       serverLog
	done      *Variant                 // once it is over it does not change any more
	broken    map[string]time.Duration // checks with abort that do not hold, and since when
}

func (b *Builder) variant(at time.Duration, ev history.VariantStarted) *variantFold {
	v := &variantFold{
		shown: Variant{Name: ev.Name, Expect: ev.Expect, Timeline: Timeline{From: at, To: -1, Planned: ev.Planned, LoadFrom: -1}},
		load:  metrics.New(), diagnosis: b.explain(), judge: verdict.NewFold(),
	}
	v.index = ev.Index
	if b.first.Event != nil {
		v.diagnosis.Add(history.Record{Seq: b.first.Seq, At: at, Event: b.first.Event}) // by its format the history is read
	}
	v.variant = scenarios.Variant{Name: ev.Name, Expect: scenarios.Expect(ev.Expect)}
	if b.doc == nil || ev.Index < 0 || ev.Index >= len(b.doc.Scenario.Variants) {
		return v
	}
	v.variant = b.doc.Scenario.Variants[ev.Index]
	v.shown.Says = v.variant.Says
	plan, err := b.doc.Variant(ev.Index)
	if err != nil {
		b.troubles = append(b.troubles, fmt.Sprintf("variant %s: %v", ev.Name, err))
	}
	v.plan, v.shown.Plan = plan, plan
	v.story.calm = plan.Name != "" && len(plan.Faults) == 0
	return v
}

// add takes the next record. What comes after the variant's end is none of its own: a report is made once it is over
// and kept, and must not depend on when it was asked for.
func (v *variantFold) add(r history.Record) {
	if v.shown.To >= 0 {
		return
	}
	v.load.Add(r)
	v.diagnosis.Add(r)
	v.judge.Add(r)
	v.story.add(r)
	v.spans.add(r)
	v.log.add(r)
	switch ev := r.Event.(type) {
	case history.PhaseStarted:
		v.shown.Phase, v.shown.PhaseFrom = ev.Phase, r.At
		if ev.Phase == history.Before {
			v.shown.LoadFrom = r.At
		}
	case history.ServerStarted:
		v.shown.Server = ev
	case history.Listener:
		v.shown.Backlog, v.shown.BacklogMax = ev.Backlog, ev.Limit
	case history.VariantEnded:
		v.shown.To, v.shown.Reason = r.At, ev.Reason
	}
}

func (v *variantFold) report(now time.Duration, over bool) Variant {
	if v.done != nil {
		return *v.done
	}
	out := v.shown
	if over && out.To < 0 {
		out.Reason = "the history ends here"
		v.judge.Add(history.Record{At: now, Event: history.VariantEnded{Reason: out.Reason}})
	}
	if out.To >= 0 {
		now = out.To
	}
	out.Load = v.load.Load(now)
	out.Workers = v.diagnosis.Workers()
	out.Incidents = v.diagnosis.Incidents()
	out.Notices = v.diagnosis.Notices()
	out.Phases, out.Faults = slices.Clone(v.spans.phases), slices.Clone(v.spans.faults)
	out.Log = slices.Clip(v.log.lines)
	out.Story = v.story.lines(out.Incidents)
	out.Verdict = v.judge.Variant(v.variant, v.index, v.plan, out.Load, v.load, out.Incidents)
	if out.To >= 0 {
		v.done = &out
	}
	return out
}
