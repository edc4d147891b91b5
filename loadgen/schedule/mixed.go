package schedule

import (
	"math"
	"slices"
	"strings"
	"time"
)

// mixed is several schedules at once, each with targets of its own, in one order of time.
type mixed struct {
	of    []Share
	order *ordered[[]uint64]
}

// A Share is one of the schedules that are mixed.
type Share struct {
	Schedule Schedule
	Rotation []uint32 // targets in turn, where the schedule has no choice of its own
}

// Mix puts several schedules into one order of time.
func Mix(of []Share) Schedule {
	return mixed{of, newOrdered(make([]uint64, len(of)), func(at []uint64, to *[blockSize]entry) []uint64 {
		at = slices.Clone(at)
		due := make([]time.Duration, len(of))
		for i := range of {
			due[i] = of[i].Schedule.Due(at[i])
		}
		for k := range to {
			next := 0
			for i := range due {
				if due[i] < due[next] {
					next = i
				}
			}
			value := math.Inf(1)
			if due[next] != Never {
				value = due[next].Seconds()
			}
			to[k] = entry{value: value, pick: uint32(next), n: at[next]}
			at[next]++
			due[next] = of[next].Schedule.Due(at[next])
		}
		return at
	})}
}

func (m mixed) Due(n uint64) time.Duration { return seconds(m.order.at(n).value) }

func (m mixed) target(n uint64) uint32 {
	e := m.order.at(n)
	one := m.of[e.pick]
	if c, ok := one.Schedule.(chooser); ok {
		return c.target(e.n)
	}
	return one.Rotation[e.n%uint64(len(one.Rotation))]
}

func (m mixed) String() string {
	words := make([]string, len(m.of))
	for i, one := range m.of {
		words[i] = one.Schedule.String()
	}
	return "mix of " + strings.Join(words, " and ")
}
