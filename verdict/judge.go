package verdict

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/metrics"
	"github.com/hangtime-dev/hangtime/scenarios"
	"github.com/hangtime-dev/hangtime/words"
)

// Variant judges one variant: what its world was expected to do, then each check. plan is the scenario as that
// variant, its number at, runs it. It can be asked at any time; until the variant is over nothing is decided.
func (f *Fold) Variant(v scenarios.Variant, at int, plan scenarios.Scenario, l metrics.Load, seen Seen,
	incidents []diagnose.Incident) Variant {
	out := Variant{Name: v.Name, Notes: append(loadNotes(l), f.notes...), Expect: string(v.Expect), Outcome: Pass,
		Figures: figuresOf(f, l, incidents)}
	doubts := f.blind()
	if broken := seen.Broken(); broken > 0 {
		doubts = append(doubts, fmt.Sprintf("%d histograms of the history could not be read", broken))
	}
	if l.Due == 0 {
		doubts = append(doubts, "no request was ever sent")
	}
	if silent(l, incidents) {
		doubts = append(doubts, "no request of the phase before was answered: there may be no server at that address, and nothing to compare with")
	}
	doubts = append(doubts, f.harms.lacking(len(plan.Faults))...)
	if !f.over {
		doubts = []string{"it is still running"}
	}
	expected := f.expected(v, at, incidents)
	if !f.over || f.byHand != "" || v.Expect != scenarios.Healthy || !crashedByItself(incidents) {
		expected = doubted(expected, doubts)
	}
	out.Checks = append(out.Checks, expected)
	values := byName(out.Figures)
	own := len(plan.Checks) - len(v.Checks)
	for i, c := range plan.Checks {
		key := Key(i, own, at)
		one := f.check(c, values, seen, incidents)
		if f.aborted != key {
			one = doubted(one, doubts)
		} else if one.Outcome != Fail {
			// It came to hold again between the moment at which the run was told to end and its end.
			one.Outcome, one.Got = Fail, one.Got+" at the end; it did not hold for its time of grace and the run was ended"
		}
		one.Key = key
		out.Checks = append(out.Checks, one)
	}
	for _, c := range out.Checks {
		out.Outcome = Worst(out.Outcome, c.Outcome)
	}
	return out
}

// crashedByItself says whether a worker died that no fault had killed: whatever else was not seen, such a server is not healthy.
func crashedByItself(incidents []diagnose.Incident) bool {
	return slices.ContainsFunc(incidents, func(in diagnose.Incident) bool {
		return in.Kind == diagnose.KindCrash && in.Fault == ""
	})
}

// silent says whether nothing answered before the fault, and no incident that none of the faults brought about says why.
func silent(l metrics.Load, incidents []diagnose.Incident) bool {
	return l.Phases[history.Before].Count > 0 && l.Answered[history.Before] == 0 &&
		!slices.ContainsFunc(incidents, func(in diagnose.Incident) bool { return in.Fault == "" })
}

// Holding is what a check comes to as things stand, whatever doubts there are of the whole.
func (f *Fold) Holding(c scenarios.Check, l metrics.Load, seen Seen, incidents []diagnose.Incident) Outcome {
	return f.check(c, byName(figuresOf(f, l, incidents)), seen, incidents).Outcome
}

func byName(all []Figure) map[string]Figure {
	values := map[string]Figure{}
	for _, fig := range all {
		values[fig.Name] = fig
	}
	return values
}

// doubted turns a check into unknown where what it rests on was not seen, whatever it came to: a fail that rests on a
// fault that never was would blame the server.
func doubted(c Check, doubts []string) Check {
	if len(doubts) > 0 {
		c.Outcome, c.Why = Unknown, strings.Join(doubts, "; ")
	}
	return c
}

// expected judges what the variant's world did against what the scenario says it does.
func (f *Fold) expected(v scenarios.Variant, at int, incidents []diagnose.Incident) Check {
	c := Check{Name: "behaved as expected", Key: fmt.Sprintf("variants[%d].expect", at), Want: wanted(v),
		Got: summary(incidents), Outcome: Fail}
	holds := false
	switch v.Expect {
	case scenarios.Any:
		holds = true
	case scenarios.Healthy:
		holds = len(incidents) == 0
	case scenarios.Hang:
		holds = has(incidents, diagnose.KindHang, v.Cause)
	case scenarios.Crash:
		holds = has(incidents, diagnose.KindCrash, v.Cause)
	}
	if holds {
		c.Outcome = Pass
	}
	return c
}

func has(incidents []diagnose.Incident, kind, cause string) bool {
	for _, in := range incidents {
		if in.Kind == kind && (cause == "" || in.Cause.Kind == cause) {
			return true
		}
	}
	return false
}

func wanted(v scenarios.Variant) string {
	because := ""
	if v.Cause != "" {
		because = " with cause " + v.Cause
	}
	switch v.Expect {
	case scenarios.Hang:
		return "a hang" + because
	case scenarios.Crash:
		return "a crash" + because
	case scenarios.Healthy:
		return "no incident"
	}
	return "anything"
}

// summary says what incidents there were: "1 hang (file-lock, 4 workers)".
func summary(incidents []diagnose.Incident) string {
	if len(incidents) == 0 {
		return "no incident"
	}
	type group struct{ kind, cause string }
	var order []group
	count, places := map[group]int{}, map[group]int{}
	for _, in := range incidents {
		g := group{in.Kind, in.Cause.Kind}
		if count[g] == 0 {
			order = append(order, g)
		}
		count[g]++
		places[g] = max(places[g], in.Places())
	}
	var parts []string
	for _, g := range order {
		parts = append(parts, fmt.Sprintf("%s (%s, %s)", words.Count(count[g], g.kind), g.cause,
			words.Count(places[g], "worker")))
	}
	return strings.Join(parts, ", ")
}

// check judges one expression. A figure of which only a lower bound is known decides only where the bound and
// everything above it agree.
func (f *Fold) check(c scenarios.Check, figures map[string]Figure, seen Seen, incidents []diagnose.Incident) Check {
	out := Check{Name: c.That, Want: c.Why, Outcome: Unknown}
	compiled, err := f.compile(c)
	if err != nil {
		out.Why = err.Error()
		return out
	}
	values := map[string]float64{}
	var got, missing, bounds []string
	for _, m := range compiled.Uses {
		name, fig := m.Key, figures[m.Key]
		if m.Func != "" {
			n, unit := measured(m, seen, incidents)
			fig = Figure{Value: n.value, Known: n.known, Text: textOf(n, unit)}
		}
		got = append(got, name+" = "+fig.Text)
		if !fig.Known {
			missing = append(missing, name)
		}
		values[name] = fig.Value
		if fig.AtLeast {
			bounds = append(bounds, name)
		}
	}
	out.Got = strings.Join(got, ", ")
	if len(missing) > 0 {
		out.Why = "not measured, or from too few samples: " + strings.Join(missing, ", ")
		return out
	}
	holds, err := compiled.Holds(values)
	if err != nil {
		out.Why = err.Error()
		return out
	}
	same := true
	if len(bounds) > 0 {
		same, err = agrees(compiled, values, bounds, holds)
	}
	switch {
	case err != nil:
		out.Why = err.Error()
	case !same:
		out.Why = "only a lower bound is known: the run ended first"
	case holds:
		out.Outcome = Pass
	default:
		out.Outcome = Fail
	}
	return out
}

// compile keeps what it has compiled: the same checks are judged ten times a second.
func (f *Fold) compile(c scenarios.Check) (scenarios.CompiledCheck, error) {
	if known, ok := f.compiled[c.That]; ok {
		return known, nil
	}
	compiled, err := c.Compile()
	if err == nil {
		f.compiled[c.That] = compiled
	}
	return compiled, err
}

// endless is longer than anything lasts. It is no infinity, for the difference of two of those is no number.
const endless = 1e15

// agrees says whether the check comes to the same wherever the figures of which only a lower bound is known may lie.
// What it comes to changes at the numbers in it and at the other figures, where a figure is compared as it is: it is
// asked there, just beside, and far beyond. Between two ends that agree, a window around arithmetic with a figure may
// be missed.
func agrees(c scenarios.CompiledCheck, values map[string]float64, bounds []string, holds bool) (bool, error) {
	if len(bounds) == 0 {
		got, err := c.Holds(values)
		return got == holds, err
	}
	name, rest := bounds[0], bounds[1:]
	bound := values[name]
	defer func() { values[name] = bound }()
	turns := append(slices.Collect(maps.Values(values)), c.Literals...)
	points := []float64{bound, endless}
	for _, at := range turns {
		for _, point := range []float64{math.Nextafter(at, 0), at, math.Nextafter(at, endless)} {
			if point > bound && point < endless {
				points = append(points, point)
			}
		}
	}
	for _, point := range points {
		values[name] = point
		if same, err := agrees(c, values, rest, holds); err != nil || !same {
			return same, err
		}
	}
	return true, nil
}

// Of is the verdict of the whole run. planned is how many variants there should be.
func Of(variants []Variant, planned int, over bool, guide string) Verdict {
	v := Verdict{Outcome: Pass, Variants: variants}
	for _, one := range variants {
		v.Outcome = Worst(v.Outcome, one.Outcome)
		v.Why = append(v.Why, one.why()...)
	}
	if len(variants) < planned || !over {
		v.Outcome = Worst(v.Outcome, Unknown)
		if over {
			v.Why = append(v.Why, fmt.Sprintf("%d of %s ran", len(variants), words.Count(planned, "variant")))
		}
	}
	v.Sentence = Sentence(v, guide, over)
	return v
}

// why says what kept a variant from passing. What leaves all of its checks unknown is said once.
func (v Variant) why() []string {
	var all []string
	unknown := map[string]int{}
	for _, c := range v.Checks {
		if c.Outcome == Unknown {
			unknown[c.Why]++
		}
	}
	told := map[string]bool{}
	for _, c := range v.Checks {
		switch n := unknown[c.Why]; {
		case c.Outcome == Fail:
			all = append(all, fmt.Sprintf("%s: %s: got %s", v.Name, c.Name, c.Got))
		case c.Outcome == Unknown && n > 1 && !told[c.Why]:
			all = append(all, fmt.Sprintf("%s: nothing can be said of %d checks: %s", v.Name, n, c.Why))
		case c.Outcome == Unknown && n == 1:
			all = append(all, fmt.Sprintf("%s: %s: unknown: %s", v.Name, c.Name, c.Why))
		}
		if c.Outcome == Unknown {
			told[c.Why] = true
		}
	}
	return all
}
