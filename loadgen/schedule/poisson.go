package schedule

import (
	"math/rand/v2"
	"time"
)

// poisson sends hits at random moments whose mean rate is the curve's: the gaps, measured in hits of the curve, are
// exponential with mean 1. The same seed gives the same moments.
type poisson struct {
	curve
	gaps *ordered[walk]
}

// walk is where the sum of gaps stands before a block, and the block's number, which seeds it.
type walk struct {
	sum   float64
	block uint64
}

func newPoisson(c curve, seed uint64) poisson {
	return poisson{c, newOrdered(walk{}, func(w walk, to *[blockSize]entry) walk {
		random := rand.New(rand.NewPCG(seed, w.block))
		for i := range to {
			w.sum += random.ExpFloat64()
			to[i] = entry{value: w.sum}
		}
		w.block++
		return w
	})}
}

func (p poisson) Due(n uint64) time.Duration { return p.at(p.gaps.at(n).value) }

func (p poisson) String() string { return p.curve.String() + ", Poisson arrivals" }
