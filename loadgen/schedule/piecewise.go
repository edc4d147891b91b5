package schedule

import (
	"math"
	"time"
)

// piecewise is a rate that goes in straight lines: ramps, steps, spikes.
type piecewise struct {
	parts []part
	words string
}

// part is one straight line. The last one of a curve goes on for ever at its first rate.
type part struct {
	from, dur float64 // seconds
	r0, r1    float64 // rates at its beginning and end
	before    float64 // hits before it
}

// newPiecewise joins lines of duration and rates; the last goes on.
func newPiecewise(words string, lines ...part) piecewise {
	c := piecewise{words: words}
	from, before := 0.0, 0.0
	for i, p := range lines {
		p.from, p.before = from, before
		if i < len(lines)-1 {
			from += p.dur
			before += p.dur * (p.r0 + p.r1) / 2
		} else {
			p.dur, p.r1 = math.Inf(1), p.r0
		}
		c.parts = append(c.parts, p)
	}
	return c
}

func (c piecewise) at(n float64) time.Duration {
	i := len(c.parts) - 1
	for i > 0 && c.parts[i].before > n {
		i--
	}
	p := c.parts[i]
	k := n - p.before
	if k == 0 && p.r0 > 0 {
		return seconds(p.from)
	}
	slope := 0.0
	if !math.IsInf(p.dur, 1) && p.dur > 0 {
		slope = (p.r1 - p.r0) / p.dur
	}
	// k = r0 t + slope t² / 2, solved in the form that loses no digits where the slope is small.
	root := math.Sqrt(max(p.r0*p.r0+2*slope*k, 0))
	if p.r0+root == 0 {
		if k == 0 {
			return seconds(p.from)
		}
		return Never
	}
	return seconds(p.from + min(2*k/(p.r0+root), p.dur))
}

func (c piecewise) peak() float64 {
	most := 0.0
	for _, p := range c.parts {
		most = max(most, p.r0, p.r1)
	}
	return most
}

func (c piecewise) String() string { return c.words }
