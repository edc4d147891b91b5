package metrics

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/hangtime-dev/hangtime/hdr"
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

// cuts keeps hits by phase and tag. Hits without a tag are under the empty one, and so are those of tags beyond the
// bound.
type cuts map[sliceKey]*Slice

func (c cuts) of(phase, tag string) *Slice {
	key := sliceKey{phase, tag}
	if c[key] == nil {
		c[key] = &Slice{hist: hdr.Library()}
	}
	return c[key]
}
