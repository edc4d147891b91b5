package schedule

import (
	"strconv"
	"time"
)

// A curve is a rate over time, seen from the other side: at is when the integral of the rate comes to n, Never where it
// never does.
type curve interface {
	at(n float64) time.Duration
	// peak is the highest rate, in hits a second.
	peak() float64
	String() string
}

// even spaces hits as evenly as the curve allows: hit n at the moment when n hits should have been sent, the first one
// at once.
type even struct{ curve }

func (e even) Due(n uint64) time.Duration { return e.at(float64(n)) }

// constant is the same rate always; 0 is none.
type constant struct{ rate float64 }

func (c constant) at(n float64) time.Duration {
	if c.rate <= 0 {
		return Never
	}
	return seconds(n / c.rate)
}

func (c constant) peak() float64  { return c.rate }
func (c constant) String() string { return perSecond(c.rate) + " constant" }

func perSecond(rate float64) string { return strconv.FormatFloat(rate, 'g', 6, 64) + "/s" }
