package schedule

import (
	"math"
	"strconv"
	"time"
)

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
	return "sine of " + perSecond(c.mean-c.swing) + " to " + perSecond(c.mean+c.swing) + " every " +
		strconv.FormatFloat(c.period, 'g', 6, 64) + " s"
}
