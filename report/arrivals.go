package report

import (
	"math"
	"slices"
	"time"

	"github.com/hangtime-dev/hangtime/scenarios"
)

// Arrivals are how many requests were due, or came, in each step of time.
type Arrivals struct {
	Step   time.Duration
	Counts []uint64
}

// mostSteps bounds the pattern that is written into a scenario: beyond it neighbours are put together.
const mostSteps = 60

// between is the part from one moment to another, both since the first count.
func (a Arrivals) between(from, to time.Duration) Arrivals {
	first, last := int(max(from, 0)/a.Step), int(max(to, 0)/a.Step)
	first = min(first, len(a.Counts))
	return Arrivals{a.Step, a.Counts[first:min(max(last, first), len(a.Counts))]}
}

// Mean is in requests a second.
func (a Arrivals) Mean() float64 {
	if len(a.Counts) == 0 {
		return 0
	}
	var sum uint64
	for _, n := range a.Counts {
		sum += n
	}
	return float64(sum) / (float64(len(a.Counts)) * a.Step.Seconds())
}

// random says whether the requests came at random moments: then a count varies as much as it is large, while counts
// of even arrivals hardly vary. It is judged by the median of what neighbours differ (0.45 for random arrivals), so
// that a jump of the rate counts for nothing.
func (a Arrivals) random() bool {
	var spread []float64
	for i := 1; i < len(a.Counts); i++ {
		x, y := float64(a.Counts[i-1]), float64(a.Counts[i])
		if x+y > 0 {
			spread = append(spread, (x-y)*(x-y)/(x+y))
		}
	}
	if len(spread) < 8 {
		return false
	}
	slices.Sort(spread)
	return spread[len(spread)/2] > 0.2
}

// Load is the pattern as a scenario's load: one rate where it hardly changed, else steps. Where nothing was seen to
// arrive it is no load at all.
func (a Arrivals) Load() scenarios.Load {
	if a.Mean() == 0 {
		return scenarios.Load{}
	}
	l := scenarios.Load{Rate: round(a.Mean()), Shape: "constant"}
	if a.random() {
		l.Arrivals = "poisson"
	}
	steps := a.steps()
	if len(steps) > 1 {
		l.Shape, l.Steps = "step", steps
	}
	return l
}

// steps puts seconds together whose counts differ by no more than chance and a tenth.
func (a Arrivals) steps() []scenarios.Step {
	type piece struct {
		n      uint64
		length time.Duration
	}
	rate := func(p piece) float64 { return float64(p.n) / p.length.Seconds() }
	var pieces []piece
	second := piece{}
	for _, n := range a.Counts {
		second.n += n
		second.length += a.Step
		if second.length < time.Second {
			continue
		}
		if k := len(pieces); k > 0 {
			before := pieces[k-1]
			if math.Abs(rate(second)-rate(before)) <= 0.1*rate(before)+3*math.Sqrt(rate(before)+1) {
				pieces[k-1] = piece{before.n + second.n, before.length + second.length}
				second = piece{}
				continue
			}
		}
		pieces = append(pieces, second)
		second = piece{}
	}
	for len(pieces) > mostSteps {
		var half []piece
		for i := 0; i < len(pieces); i += 2 {
			p := pieces[i]
			if i+1 < len(pieces) {
				p = piece{p.n + pieces[i+1].n, p.length + pieces[i+1].length}
			}
			half = append(half, p)
		}
		pieces = half
	}
	var steps []scenarios.Step
	for _, p := range pieces {
		steps = append(steps, scenarios.Step{Rate: round(rate(p)), For: p.length})
	}
	return steps
}

// round keeps three digits: more was not measured. A pause is a rate too, the smallest that a scenario can have.
func round(rate float64) scenarios.Rate {
	if rate <= 0 {
		return 0.1
	}
	digits := math.Pow(10, 2-math.Floor(math.Log10(rate)))
	return scenarios.Rate(math.Round(rate*digits) / digits)
}
