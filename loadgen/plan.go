package loadgen

import (
	"cmp"
	"fmt"
	"math"
	"net/url"
	"strings"

	"github.com/hangtime-dev/hangtime/scenarios"
)

// work is a plan made ready: what is hit, and when.
type work struct {
	targets  []target
	rotation []uint32
	schedule Schedule
	peak     float64 // highest rate, in hits a second; 0: as fast as the server answers
}

// prepare makes a plan ready. Files that it names are read now.
func prepare(plan scenarios.Load, base *url.URL, seed uint64) (*work, error) {
	switch {
	case plan.Shape == "closed":
		targets, err := plannedTargets(plan, base)
		if err != nil {
			return nil, err
		}
		return &work{targets: targets, rotation: rotation(weights(plan.Targets, len(targets))), schedule: users(plan.Users, plan.Think)}, nil
	case plan.Shape == "replay":
		return prepareReplay(plan, base)
	case len(plan.Mix) > 0:
		return prepareMix(plan, base, seed)
	}
	targets, err := plannedTargets(plan, base)
	if err != nil {
		return nil, err
	}
	c, err := curveOf(form{plan.Shape, plan.Rate, plan.To, plan.From.Seconds(), plan.Over.Seconds(), plan.Steps})
	if err != nil {
		return nil, err
	}
	return &work{targets, rotation(weights(plan.Targets, len(targets))), arriving(c, plan.Shape, plan.Arrivals, seed), c.peak()}, nil
}

// prepareMix makes one plan of several.
func prepareMix(plan scenarios.Load, base *url.URL, seed uint64) (*work, error) {
	w := &work{}
	var shares []float64 // of each target in the rate of all, for a rate that a person sets
	sum := 0
	for _, m := range plan.Mix {
		if m.Rate == 0 {
			sum += max(m.Weight, 1)
		}
	}
	var all []share
	for i, m := range plan.Mix {
		rate := m.Rate
		if rate == 0 {
			rate = plan.Rate * scenarios.Rate(max(m.Weight, 1)) / scenarios.Rate(sum)
		}
		c, err := curveOf(form{m.Shape, rate, m.To, m.From.Seconds(), m.Over.Seconds(), m.Steps})
		if err != nil {
			return nil, fmt.Errorf("mix[%d]: %w", i, err)
		}
		targets, err := newTargets(m.Targets, base, plan.Timeout)
		if err != nil {
			return nil, fmt.Errorf("mix[%d]: %w", i, err)
		}
		each := weights(m.Targets, len(targets))
		turn := rotation(each)
		total := 0
		for _, weight := range each {
			total += weight
		}
		for _, weight := range each {
			shares = append(shares, c.peak()*float64(weight)/float64(total))
		}
		for k := range turn {
			turn[k] += uint32(len(w.targets))
		}
		w.targets = append(w.targets, targets...)
		w.peak += c.peak()
		all = append(all, share{arriving(c, m.Shape, m.Arrivals, seed+uint64(i)), turn})
	}
	w.rotation = rotation(whole(shares))
	w.schedule = newMixed(all)
	return w, nil
}

// whole are shares as weights: whole numbers, that of the smallest at least 1.
func whole(shares []float64) []int {
	sum := 0.0
	for _, share := range shares {
		sum += share
	}
	all := make([]int, len(shares))
	for i, share := range shares {
		all[i] = max(int(math.Round(share/sum*mostWeight)), 1)
	}
	return all
}

// form is a rate over time as a plan has it; times are seconds.
type form struct {
	shape      string
	rate, to   scenarios.Rate
	from, over float64
	steps      []scenarios.Step
}

func curveOf(f form) (curve, error) {
	rate, to := float64(f.rate), float64(f.to)
	if rate <= 0 && f.shape != "step" {
		return nil, fmt.Errorf("rate %v: want above 0", rate)
	}
	switch f.shape {
	case "", "constant", "poisson":
		return constant{rate}, nil
	case "ramp":
		if f.over <= 0 {
			return nil, fmt.Errorf("a ramp needs a time to take: over: 30s")
		}
		words := fmt.Sprintf("ramp from %s to %s in %g s", perSecond(rate), perSecond(to), f.over)
		return newPiecewise(words, part{dur: f.from, r0: rate, r1: rate}, part{dur: f.over, r0: rate, r1: to}, part{r0: to}), nil
	case "spike":
		words := fmt.Sprintf("%s with a spike of %s at %g s for %g s", perSecond(rate), perSecond(to), f.from, f.over)
		return newPiecewise(words, part{dur: f.from, r0: rate, r1: rate}, part{dur: f.over, r0: to, r1: to}, part{r0: rate}), nil
	case "sine":
		if to < rate || to > 2*rate || f.over <= 0 {
			return nil, fmt.Errorf("a sine of %s up to %s with period %g s: want the top between the mean and twice the mean, and a period", perSecond(rate), perSecond(to), f.over)
		}
		return sine{rate, to - rate, f.over}, nil
	case "step":
		if len(f.steps) == 0 {
			return nil, fmt.Errorf("shape step without steps")
		}
		var parts []part
		var words []string
		for _, s := range f.steps {
			r := float64(s.Rate)
			parts = append(parts, part{dur: s.For.Seconds(), r0: r, r1: r})
			words = append(words, perSecond(r))
		}
		return newPiecewise("steps of "+strings.Join(words, ", "), parts...), nil
	}
	return nil, fmt.Errorf("shape %q is not known", f.shape)
}

// arriving turns a rate into moments.
func arriving(c curve, shape, arrivals string, seed uint64) Schedule {
	if arrivals == "poisson" || shape == "poisson" {
		return newPoisson(c, seed)
	}
	return even{c}
}

// plannedTargets are those that stand in the plan, or in the file that it names.
func plannedTargets(plan scenarios.Load, base *url.URL) ([]target, error) {
	if plan.TargetsFile != "" {
		return readTargetsFile(plan.TargetsFile, base, plan.Timeout)
	}
	return newTargets(plan.Targets, base, plan.Timeout)
}

// weights are those of n targets; what has none has 1.
func weights(of []scenarios.Target, n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = 1
		if i < len(of) {
			all[i] = cmp.Or(of[i].Weight, 1)
		}
	}
	return all
}
