package metrics

import "github.com/HdrHistogram/hdrhistogram-go"

// A bar is how many hits took one time, in microseconds: the highest that the histogram cannot tell from it.
type bar struct {
	took int64
	n    int64
}

// bars reads the few counts of a histogram that are not 0. A window has a dozen of them among 23,000: it is looked through once, not once for each
// histogram that it is added to.
type bars struct {
	took   []int64 // by index into the counts of a histogram of the usual shape
	lowest int64   // of that shape
	digits int64
}

func newBars() bars {
	h := hdrhistogram.New(lowest, highest, digits)
	if err := h.RecordValue(highest); err != nil {
		panic(err) // the highest value of a histogram is always within it
	}
	b := bars{lowest: h.LowestTrackableValue(), digits: h.SignificantFigures()}
	for _, one := range h.Distribution() {
		b.took = append(b.took, one.To)
	}
	return b
}

// of returns the bars of h that are not empty.
func (b bars) of(h *hdrhistogram.Histogram) []bar {
	var out []bar
	shot := h.Export()
	if shot.LowestTrackableValue != b.lowest || shot.SignificantFigures != b.digits {
		for _, one := range h.Distribution() {
			if one.Count > 0 {
				out = append(out, bar{min(one.To, highest), one.Count})
			}
		}
		return out
	}
	for i, n := range shot.Counts {
		if n > 0 {
			// A histogram that reaches further than ours has more counts at its end.
			out = append(out, bar{b.took[min(i, len(b.took)-1)], n})
		}
	}
	return out
}

// record adds bars to h; what lies above its highest value counts as that.
func record(h *hdrhistogram.Histogram, all []bar) {
	for _, one := range all {
		_ = h.RecordValues(min(one.took, highest), one.n) // within its range: it cannot fail
	}
}
