package loadgen

import (
	"math"
	"strconv"
	"time"
)

// never is the due time of a hit that will not come.
const never = time.Duration(math.MaxInt64)

// A Schedule says when each hit is due, apart from whatever sends it. Due must not fall with n, and is never after the last hit.
// It is called with n in any order, from several goroutines.
type Schedule interface {
	// Due is when hit n (from 0) is due, since the attack began.
	Due(n uint64) time.Duration
	// String says it in words: "200/s constant".
	String() string
}

// A chooser is a schedule that also says which target each hit goes to.
type chooser interface {
	target(n uint64) uint32
}

// A curve is a rate over time, seen from the other side: at is when the integral of the rate comes to n, never where it never does.
type curve interface {
	at(n float64) time.Duration
	// peak is the highest rate, in hits a second.
	peak() float64
	String() string
}

// even spaces hits as evenly as the curve allows: hit n at the moment when n hits should have been sent, the first one at once.
type even struct{ curve }

func (e even) Due(n uint64) time.Duration { return e.at(float64(n)) }

// constant is the same rate always; 0 is none.
type constant struct{ rate float64 }

func (c constant) at(n float64) time.Duration {
	if c.rate <= 0 {
		return never
	}
	return seconds(n / c.rate)
}

func (c constant) peak() float64  { return c.rate }
func (c constant) String() string { return perSecond(c.rate) + " constant" }

// seconds is a time that may be beyond all times.
func seconds(s float64) time.Duration {
	if ns := s * 1e9; ns < math.MaxInt64 {
		return time.Duration(ns)
	}
	return never
}

func perSecond(rate float64) string { return strconv.FormatFloat(rate, 'g', 6, 64) + "/s" }

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
		return never
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

// sine swings around a mean rate, beginning at the mean and rising.
type sine struct {
	mean, swing float64 // hits a second; swing is at most mean
	period      float64 // seconds
}

// sent is the integral of the rate up to t seconds.
func (c sine) sent(t float64) float64 {
	return c.mean*t + c.swing*c.period/(2*math.Pi)*(1-math.Cos(2*math.Pi*t/c.period))
}

// at finds the moment by halving: the integral never falls, and the swing shifts it by at most swing × period / π hits.
func (c sine) at(n float64) time.Duration {
	high := n / c.mean
	low := max(high-c.swing*c.period/(math.Pi*c.mean), 0)
	for range 64 {
		middle := (low + high) / 2
		if high-low < 1e-9 {
			break
		}
		if c.sent(middle) < n {
			low = middle
		} else {
			high = middle
		}
	}
	return seconds(high)
}

func (c sine) peak() float64 { return c.mean + c.swing }

func (c sine) String() string {
	return "sine of " + perSecond(c.mean-c.swing) + " to " + perSecond(c.mean+c.swing) + " every " + strconv.FormatFloat(c.period, 'g', 6, 64) + " s"
}
