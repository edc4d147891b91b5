package main

import (
	"slices"
	"time"
)

// delays are how late the answers really were.
type delays []time.Duration

func (d delays) middle() time.Duration {
	if len(d) == 0 {
		return 0
	}
	slices.Sort(d)
	return d[len(d)/2]
}

// arrivals counts requests by the millisecond in which they came, for up to two minutes.
type arrivals struct {
	first  time.Time
	counts [120_000]uint16
	last   int
}

func (a *arrivals) add(now time.Time) {
	ms := int(now.Sub(a.first) / time.Millisecond)
	if ms >= 0 && ms < len(a.counts) {
		a.counts[ms]++
		a.last = max(a.last, ms)
	}
}

// even says how even they were: the variance over the mean, and the most in one millisecond. The first and the last
// tenth are left out.
func (a *arrivals) even() (dispersion float64, most int) {
	in := a.counts[a.last/10 : a.last*9/10+1]
	var sum, squares float64
	for _, n := range in {
		sum += float64(n)
		squares += float64(n) * float64(n)
		most = max(most, int(n))
	}
	mean := sum / float64(len(in))
	if mean == 0 {
		return 0, 0
	}
	return (squares/float64(len(in)) - mean*mean) / mean, most
}
