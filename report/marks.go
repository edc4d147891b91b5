package report

import (
	"slices"
	"time"
)

// Kinds of marks.
const (
	MarkVariant  = "variant"
	MarkFault    = "fault"
	MarkIncident = "incident"
)

// A Mark is a moment of a run that is worth looking at.
type Mark struct {
	At   time.Duration
	Kind string
	Text string
}

// Marks are the moments to jump to, in order.
func (r *Report) Marks() []Mark {
	var all []Mark
	for i := range r.Variants {
		v := &r.Variants[i]
		all = append(all, Mark{At: v.From, Kind: MarkVariant, Text: v.Name})
		for _, f := range v.Faults {
			all = append(all, Mark{At: f.From, Kind: MarkFault, Text: f.Kind})
		}
		for _, in := range v.Incidents {
			all = append(all, Mark{At: in.Detected, Kind: MarkIncident, Text: in.Cause.Short})
		}
	}
	slices.SortStableFunc(all, func(a, b Mark) int { return int(a.At - b.At) })
	return all
}
