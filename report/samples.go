package report

import (
	"slices"

	"github.com/aclements/go-moremath/stats"

	"github.com/hangtime-dev/hangtime/verdict"
)

// samples are one figure of several runs. Some may be lower bounds: what they measure was not seen to end.
type samples struct {
	values  []float64
	atLeast []bool
}

func (s *samples) add(f verdict.Figure) {
	s.values, s.atLeast = append(s.values, f.Value), append(s.atLeast, f.AtLeast)
}

// beyond lies above every value.
func (s samples) beyond() float64 {
	if len(s.values) == 0 {
		return 0
	}
	return slices.Max(s.values) + 1
}

// ranked are the values with the lower bounds put beyond them all: what was not seen to end took longest.
func (s samples) ranked(beyond float64) []float64 {
	out := slices.Clone(s.values)
	for i := range out {
		if s.atLeast[i] {
			out[i] = beyond
		}
	}
	return out
}

// median is a lower bound where it would be another if those that are had ended later.
func (s samples) median() (value float64, atLeast, known bool) {
	if len(s.values) == 0 {
		return 0, false, false
	}
	value = middle(s.values)
	return value, middle(s.ranked(s.beyond())) != value, true
}

func middle(values []float64) float64 {
	return stats.Sample{Xs: slices.Clone(values)}.Quantile(0.5)
}
