package schedule

import (
	"container/heap"
	"math"
	"slices"
)

// mostWeight bounds the cycle in which targets come; larger weights are scaled down to it.
const mostWeight = 10_000

// Rotation is the order in which targets are hit: a cycle in which each has as many places as its weight, spread as
// evenly as can be (smooth weighted round robin, as nginx's upstream does it). Hit n goes to rotation[n % len].
func Rotation(weights []int) []uint32 {
	weights = slices.Clone(weights)
	sum, divisor := 0, 0
	for i := range weights {
		weights[i] = max(weights[i], 1)
		sum += weights[i]
		divisor = gcd(divisor, weights[i])
	}
	if divisor*len(weights) == sum { // all alike
		cycle := make([]uint32, len(weights))
		for i := range cycle {
			cycle[i] = uint32(i)
		}
		return cycle
	}
	if sum/divisor > mostWeight {
		scale := float64(mostWeight) / float64(sum)
		sum, divisor = 0, 1
		for i := range weights {
			weights[i] = max(int(float64(weights[i])*scale), 1)
			sum += weights[i]
		}
	}
	cycle := make([]uint32, sum/divisor)
	if len(cycle)*len(weights) > mostTurns {
		strides(cycle, weights)
		return cycle
	}
	credit := make([]int, len(weights))
	for n := range cycle {
		best := 0
		for i := range credit {
			credit[i] += weights[i]
			if credit[i] > credit[best] {
				best = i
			}
		}
		credit[best] -= sum
		cycle[n] = uint32(best)
	}
	return cycle
}

// mostTurns bounds how many targets are looked at to make a cycle: beyond it, some ten thousand different ones would
// take longer than the load.
const mostTurns = 50_000_000

// strides fills a cycle with each target's turns at even distances: target i has its k-th turn at (k + ½) / weight. A
// heap has the next turn of each.
func strides(cycle []uint32, weights []int) {
	next := make(turns, len(weights))
	for i, w := range weights {
		next[i] = turn{0.5 / float64(w), uint32(i)}
	}
	heap.Init(&next)
	for n := range cycle {
		cycle[n] = next[0].target
		next[0].at += 1 / float64(weights[next[0].target])
		heap.Fix(&next, 0)
	}
}

// A turn is when a target comes next, in cycles.
type turn struct {
	at     float64
	target uint32
}

type turns []turn

func (t turns) Len() int { return len(t) }
func (t turns) Less(i, j int) bool {
	return t[i].at < t[j].at || t[i].at == t[j].at && t[i].target < t[j].target
}
func (t turns) Swap(i, j int) { t[i], t[j] = t[j], t[i] }
func (t *turns) Push(x any)   { *t = append(*t, x.(turn)) }
func (t *turns) Pop() any     { panic("a target never leaves") }

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// Weights are shares as weights: whole numbers, that of the smallest at least 1.
func Weights(shares []float64) []int {
	sum := 0.0
	for _, share := range shares {
		sum += share
	}
	all := make([]int, len(shares))
	for i, share := range shares {
		all[i] = max(int(math.Round(share/sum*mostWeight)), 1)
	}
	return all
}
