package schedule

import (
	"fmt"
	"strings"
	"time"

	"github.com/hangtime-dev/hangtime/scenarios"
)

// A Shape is a rate over time as a plan has it; see scenarios.Load.
type Shape struct {
	Name       string
	Rate, To   scenarios.Rate
	From, Over time.Duration
	Steps      []scenarios.Step
	Arrivals   string
}

// Schedule is when hits come at that rate, and the highest rate in hits a second. The same seed gives the same random
// moments.
func (s Shape) Schedule(seed uint64) (Schedule, float64, error) {
	c, err := s.curve()
	if err != nil {
		return nil, 0, err
	}
	if s.Arrivals == "poisson" || s.Name == "poisson" {
		return newPoisson(c, seed), c.peak(), nil
	}
	return even{c}, c.peak(), nil
}

// Constant spaces hits evenly, rate of them a second; at 0 or less none comes.
func Constant(rate float64) Schedule { return even{constant{max(rate, 0)}} }

func (s Shape) curve() (curve, error) {
	rate, to, from, over := float64(s.Rate), float64(s.To), s.From.Seconds(), s.Over.Seconds()
	if rate <= 0 && s.Name != "step" {
		return nil, fmt.Errorf("rate %v: want above 0", rate)
	}
	switch s.Name {
	case "", "constant", "poisson":
		return constant{rate}, nil
	case "ramp":
		if over <= 0 {
			return nil, fmt.Errorf("a ramp needs a time to take: over: 30s")
		}
		words := fmt.Sprintf("ramp from %s to %s in %g s", perSecond(rate), perSecond(to), over)
		return newPiecewise(words, part{dur: from, r0: rate, r1: rate}, part{dur: over, r0: rate, r1: to}, part{r0: to}), nil
	case "spike":
		words := fmt.Sprintf("%s with a spike of %s at %g s for %g s", perSecond(rate), perSecond(to), from, over)
		return newPiecewise(words, part{dur: from, r0: rate, r1: rate}, part{dur: over, r0: to, r1: to}, part{r0: rate}), nil
	case "sine":
		if to < rate || to > 2*rate || over <= 0 {
			return nil, fmt.Errorf("a sine of %s up to %s with period %g s: want the top between the mean and twice the mean, and a period", perSecond(rate), perSecond(to), over)
		}
		return sine{rate, to - rate, over}, nil
	case "step":
		if len(s.Steps) == 0 {
			return nil, fmt.Errorf("shape step without steps")
		}
		var parts []part
		var words []string
		for _, step := range s.Steps {
			r := float64(step.Rate)
			parts = append(parts, part{dur: step.For.Seconds(), r0: r, r1: r})
			words = append(words, perSecond(r))
		}
		return newPiecewise("steps of "+strings.Join(words, ", "), parts...), nil
	}
	return nil, fmt.Errorf("shape %q is not known", s.Name)
}
