package schedule

import (
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
