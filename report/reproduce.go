package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/scenarios"
	"github.com/hangtime-dev/hangtime/words"
)

// What a reproduction lasts beside the harm itself.
const (
	reproduceBefore = 3 * time.Second
	reproduceAfter  = 5 * time.Second
	leastHarm       = 3 * time.Second
	mostHarm        = 2 * time.Minute
)

// A Seen is what was observed of an incident: enough to bring it about again.
type Seen struct {
	Source  string // where it was observed, in words
	Kind    string // diagnose.KindHang or KindCrash
	Cause   string
	Said    string // the cause as a sentence
	Lasted  time.Duration
	Longest time.Duration // that one worker stood still
	Workers int           // places in the pool; 0: not known
	Timeout time.Duration // of the arbiter; 0: not known
	// Load is the observed arrivals; its targets may be empty.
	Load scenarios.Load
	// Assumed says that nobody saw the incident: its cause and length are somebody's word.
	Assumed bool
	// Span is how long the arrivals were watched; 0: as long as the harm.
	Span time.Duration
	// Plan is the scenario under which it was observed, with the harm that was done, where there was one.
	Plan *scenarios.Scenario
}

// Observed takes an incident out of a report: the one with that number, or with 0 the first hang, else the first crash.
func (r *Report) Observed(variant string, number int, source string) (Seen, error) {
	var v *Variant
	var in *diagnose.Incident
	for i := range r.Variants {
		if variant != "" && r.Variants[i].Name != variant {
			continue
		}
		for j := range r.Variants[i].Incidents {
			one := &r.Variants[i].Incidents[j]
			if better(one, in, number) {
				v, in = &r.Variants[i], one
			}
		}
	}
	if in == nil {
		return Seen{}, r.noIncident(variant, number, source)
	}
	end := in.Ended
	if end < 0 {
		end = r.endOf(v)
	}
	seen := Seen{
		Source: fmt.Sprintf("%s #%d of variant %s in %s", in.Kind, in.ID, v.Name, source), Kind: in.Kind,
		Cause: in.Cause.Kind, Said: in.Cause.Sentence,
		Lasted: end - in.Began, Longest: in.Longest(end), Workers: len(v.Workers), Timeout: v.Server.Timeout,
	}
	from, to := v.harmOf(in, end)
	seen.Load = v.arrivals().between(from-reproduceBefore-v.Load.Series.Start, to+reproduceAfter-v.Load.Series.Start).Load()
	if v.Plan.Name != "" {
		plan := v.observedPlan(from, to)
		seen.Plan = &plan
	}
	return seen, nil
}

func better(one, than *diagnose.Incident, number int) bool {
	switch {
	case number > 0:
		return one.ID == number && than == nil
	case than == nil:
		return true
	}
	return one.Kind == diagnose.KindHang && than.Kind != diagnose.KindHang
}

func (r *Report) noIncident(variant string, number int, source string) error {
	have := ""
	for _, v := range r.Variants {
		for _, in := range v.Incidents {
			have += fmt.Sprintf("; variant %s has %s #%d (%s)", v.Name, in.Kind, in.ID, in.Cause.Kind)
		}
	}
	if have == "" {
		return fmt.Errorf("%s has no incident: there is nothing to reproduce", source)
	}
	if variant != "" && !slices.ContainsFunc(r.Variants, func(v Variant) bool { return v.Name == variant }) {
		return fmt.Errorf("%s has no variant %s%s", source, variant, have)
	}
	if number == 0 {
		return fmt.Errorf("variant %s in %s has no incident%s", variant, source, have)
	}
	return fmt.Errorf("%s has no incident %d%s", source, number, have)
}

func (v *Variant) arrivals() Arrivals {
	a := Arrivals{Step: cmp.Or(v.Load.Series.Step, time.Second)}
	for _, p := range v.Load.Series.Points {
		a.Counts = append(a.Counts, p.Due)
	}
	return a
}

// harmOf is the time of an incident, from the beginning of the fault that led to it where that is known.
func (v *Variant) harmOf(in *diagnose.Incident, end time.Duration) (from, to time.Duration) {
	from, to = in.Began, end
	for _, f := range v.Faults {
		if f.ID == in.Fault {
			from = min(from, f.From)
		}
	}
	return from, to
}

// observedPlan is the variant's own plan with the faults as they were: when they took effect, for how long, and on whom.
func (v *Variant) observedPlan(from, to time.Duration) scenarios.Scenario {
	p := v.Plan
	planned := p.Faults
	p.Faults = nil
	for _, f := range v.Faults {
		of := slices.IndexFunc(planned, func(p scenarios.Fault) bool {
			return p.Kind == f.Kind && (p.Path == "" || strings.HasSuffix(f.Target, p.Path))
		})
		if of < 0 || f.To >= 0 && f.To < from || f.From > to {
			continue
		}
		one := planned[of]
		one.At, one.Every = max(f.From-from, 0).Round(10*time.Millisecond), 0
		if f.To > f.From {
			one.For = max(f.To-f.From, 100*time.Millisecond).Round(10 * time.Millisecond)
		}
		if f.Worker > 0 && one.Worker != "" {
			one.Worker = fmt.Sprint(f.Worker)
		}
		p.Faults = append(p.Faults, one)
	}
	return p
}

// Reproduce is a scenario that brings the incident about again, and says so by its own checks.
func (s Seen) Reproduce(name string) (scenarios.Scenario, []string, error) {
	expect := map[string]scenarios.Expect{diagnose.KindHang: scenarios.Hang, diagnose.KindCrash: scenarios.Crash}[s.Kind]
	notes := []string{"Made by `hangtime reproduce` from " + s.Source + ".", "Observed: " + s.Said + ", for " +
		words.Duration(s.Lasted) + "."}
	var out scenarios.Scenario
	switch {
	case s.Plan != nil && len(s.Plan.Faults) > 0:
		out = *s.Plan
		notes = append(notes, "The server, its settings and the faults are those of the run in which it was observed, at the moments at which they struck.")
	default:
		recipe, ok := scenarios.Recipe(expect, s.Cause)
		if !ok {
			return out, nil, fmt.Errorf("%s with cause %s: no built-in scenario brings that about, so there is no fault to write for it", s.Kind, s.Cause)
		}
		out = recipe
		notes = append(notes, fmt.Sprintf("The cause is brought about on the reference server as the built-in scenario %s does.", recipe.Name))
		for i := range out.Faults {
			if out.Faults[i].For > 0 {
				out.Faults[i].For = min(max(s.Lasted, leastHarm), mostHarm).Round(100 * time.Millisecond)
			}
			out.Faults[i].At = 0
		}
		if s.Workers > 0 {
			out.Server.Workers = s.Workers
		}
		out.Server.Timeout = cmp.Or(s.Timeout, out.Server.Timeout)
		if s.Plan != nil && len(s.Plan.Load.Targets) > 0 && s.Plan.Server.Kind == scenarios.Reference {
			out.Load.Targets = s.Plan.Load.Targets
		}
		if len(s.Load.Targets) > 0 {
			out.Load.Targets = s.Load.Targets
		}
	}
	out.Load = s.load(out.Load)
	out.Phases = s.phases(out.Faults)
	out.Name, out.Title, out.Watch, out.Guide, out.Seed = name, "reproduces "+s.Source, "", "", 0
	out.Quick, out.Checks, out.Reports = nil, nil, nil
	out.Variants = []scenarios.Variant{{Name: "reproduced", Says: "as it was observed", Expect: expect, Cause: s.Cause,
		Checks: s.checks()}}
	return out, notes, nil
}

// load puts the observed arrivals into a load; one that a plan describes in its own words is kept where it was kept to.
func (s Seen) load(l scenarios.Load) scenarios.Load {
	seen := s.Load
	if seen.Rate == 0 || len(l.Mix) > 0 || s.Plan != nil &&
		!slices.Contains([]string{"", "constant", "poisson"}, s.Plan.Load.Shape) {
		return l
	}
	if asPlanned := l.Rate; s.Plan != nil && len(seen.Steps) == 0 && asPlanned > 0 &&
		float64(seen.Rate) > 0.95*float64(asPlanned) && float64(seen.Rate) < 1.05*float64(asPlanned) {
		return l
	}
	l.Rate, l.Shape, l.Steps = seen.Rate, seen.Shape, seen.Steps
	if seen.Arrivals != "" {
		l.Arrivals = seen.Arrivals
	}
	return l
}

func (s Seen) phases(faults []scenarios.Fault) scenarios.Phases {
	during := min(max(s.Lasted, leastHarm), mostHarm)
	for _, f := range faults {
		during = max(during, f.At+f.For+500*time.Millisecond)
	}
	if s.Span > 0 {
		third := (min(s.Span, mostHarm) / 3).Round(time.Second)
		return scenarios.Phases{Before: max(reproduceBefore, third),
			During: max(during.Round(100*time.Millisecond)+time.Second, third), After: max(reproduceAfter, third)}
	}
	return scenarios.Phases{Before: reproduceBefore, During: during.Round(100*time.Millisecond) + time.Second,
		After: reproduceAfter}
}

func (s Seen) checks() []scenarios.Check {
	all := []scenarios.Check{{That: fmt.Sprintf("incidents_of(%q) >= 1", s.Cause), Why: "the same incident"}}
	if s.Kind == diagnose.KindHang && !s.Assumed {
		all = append(all, scenarios.Check{That: fmt.Sprintf("longest_stall >= %g*s",
			(s.Longest / 2).Round(100*time.Millisecond).Seconds()), Why: "observed: " + words.Duration(s.Longest)})
	}
	return all
}
