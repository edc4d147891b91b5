package hdr

import (
	"fmt"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// A Bar is how many durations were alike, in microseconds: the highest that the histogram cannot tell from them.
type Bar struct {
	Took int64
	N    int64
}

// A Reader reads the few counts of a histogram that are not 0. One of a window has a dozen of them among 23,000: it is
// looked through once, not once for each histogram that it is added to.
type Reader struct {
	took   []int64 // by index into the counts of a histogram of the usual shape
	lowest int64   // of that shape
	digits int64
}

// NewReader knows the usual shape.
func NewReader() *Reader {
	h := Library()
	if err := h.RecordValue(Highest); err != nil {
		panic(err) // the highest value of a histogram is always within it
	}
	r := &Reader{lowest: h.LowestTrackableValue(), digits: h.SignificantFigures()}
	for _, one := range h.Distribution() {
		r.took = append(r.took, one.To)
	}
	return r
}

// Read returns the bars of a histogram in the encoding of the history, whatever its shape.
func (r *Reader) Read(text string) ([]Bar, error) {
	h, err := hdrhistogram.Decode([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("decode a histogram of %d bytes: %w", len(text), err)
	}
	var out []Bar
	shot := h.Export()
	if shot.LowestTrackableValue != r.lowest || shot.SignificantFigures != r.digits {
		for _, one := range h.Distribution() {
			if one.Count > 0 {
				out = append(out, Bar{min(one.To, Highest), one.Count})
			}
		}
		return out, nil
	}
	for i, n := range shot.Counts {
		if n > 0 {
			// A histogram that reaches further than ours has more counts at its end.
			out = append(out, Bar{r.took[min(i, len(r.took)-1)], n})
		}
	}
	return out, nil
}

// Record adds bars to h; what lies above its highest value counts as that.
func Record(h *hdrhistogram.Histogram, all []Bar) {
	for _, one := range all {
		_ = h.RecordValues(min(one.Took, Highest), one.N) // within its range: it cannot fail
	}
}
