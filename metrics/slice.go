package metrics

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// maxTags bounds how many tags have figures of their own: a histogram is 180 KiB.
const maxTags = 32

// A Slice is the hits that were due in one phase, or had one tag, or both.
type Slice struct {
	OK, Failed uint64
	hist       *hdrhistogram.Histogram
}

// Count is how many of its hits have a response time.
func (s Slice) Count() uint64 {
	if s.hist == nil {
		return 0
	}
	return uint64(s.hist.TotalCount())
}

// Percentile is the response time, from due, that q percent of its hits did not exceed; q is 0 to 100.
func (s Slice) Percentile(q float64) time.Duration {
	if s.hist == nil {
		return 0
	}
	return time.Duration(s.hist.ValueAtPercentile(q)) * time.Microsecond
}

func (s *Slice) add(ok, failed uint64) {
	s.OK += ok
	s.Failed += failed
}

// A sliceKey names a slice that is kept; those over all tags or all phases are put together when they are asked for.
type sliceKey struct{ phase, tag string }

// cuts keeps hits by phase and tag. Hits without a tag are under the empty one, and so are those of tags beyond the bound.
type cuts map[sliceKey]*Slice

func (c cuts) of(phase, tag string) *Slice {
	key := sliceKey{phase, tag}
	if c[key] == nil {
		c[key] = &Slice{hist: hdrhistogram.New(lowest, highest, digits)}
	}
	return c[key]
}

// Slice is what is known of the hits that were due in a phase and had a tag; empty means any. Its owner is the goroutine of the fold: it is not for keeping.
func (f *Fold) Slice(phase, tag string) Slice {
	if phase == "" && tag == "" {
		return Slice{f.load.OK, f.load.Failed, f.all}
	}
	var found []*Slice
	for key, one := range f.slices {
		if (phase == "" || key.phase == phase) && (tag == "" || key.tag == tag) {
			found = append(found, one)
		}
	}
	if len(found) == 1 {
		return *found[0]
	}
	out := Slice{hist: hdrhistogram.New(lowest, highest, digits)}
	for _, one := range found {
		out.add(one.OK, one.Failed)
		out.hist.Merge(one.hist)
	}
	return out
}

// phaseQuantiles are those of each phase. To go through a histogram costs a tenth of a millisecond, ten times a second: those of a phase in which nothing ended since are kept.
func (f *Fold) phaseQuantiles() map[string]Quantiles {
	counts := map[string]uint64{}
	for key, one := range f.slices {
		counts[key.phase] += one.Count()
	}
	out := make(map[string]Quantiles, len(counts))
	for phase, n := range counts {
		if f.known[phase].Count != n {
			f.known[phase] = quantiles(f.Slice(phase, "").hist)
		}
		out[phase] = f.known[phase]
	}
	return out
}

// tag is the name under which a hit's tag is kept.
func (f *Fold) tag(name string) string {
	if !f.tags[name] {
		if len(f.tags) >= maxTags {
			return ""
		}
		f.tags[name] = true
	}
	return name
}

// AchievedIn is how many hits were answered ok in a phase, whenever they were due, over how many were due in it; false where none was.
func (f *Fold) AchievedIn(phase string) (float64, bool) {
	due := f.dueIn[phase]
	if due == 0 {
		return 0, false
	}
	return float64(f.okIn[phase]) / float64(due), true
}
