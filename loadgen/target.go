package loadgen

import (
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"

	"github.com/hangtime-dev/hangtime/scenarios"
)

// A target is one kind of hit, ready to be sent.
type target struct {
	tag    string
	method string
	url    string
	header http.Header
	body   []byte
	expect []int
}

// expects says whether a status counts as ok.
func (t *target) expects(status int) bool {
	if len(t.expect) == 0 {
		return status >= 200 && status < 400
	}
	return slices.Contains(t.expect, status)
}

func newTargets(all []scenarios.Target, base *url.URL) ([]target, error) {
	if len(all) == 0 {
		return nil, fmt.Errorf("there is no target; want at least one, such as {method: POST, path: /task}")
	}
	if len(all) > math.MaxUint16 {
		return nil, fmt.Errorf("%d targets; want at most %d", len(all), math.MaxUint16)
	}
	targets := make([]target, 0, len(all))
	for i, one := range all {
		ref, err := url.Parse(one.Path)
		if err != nil {
			return nil, fmt.Errorf("targets[%d]: path %q: %w", i, one.Path, err)
		}
		t := target{tag: one.Tag, method: one.Method, url: base.ResolveReference(ref).String(), header: http.Header{}, body: []byte(one.Body), expect: one.Expect}
		if t.method == "" {
			t.method = http.MethodGet
		}
		for name, value := range one.Header {
			t.header.Set(name, value)
		}
		targets = append(targets, t)
	}
	return targets, nil
}

// mostWeight bounds the cycle in which targets come; larger weights are scaled down to it.
const mostWeight = 10_000

// rotation is the order in which targets are hit: a cycle in which each has as many places as its weight, spread as evenly as can be
// (smooth weighted round robin, as nginx's upstream does it). Hit n goes to rotation[n % len].
func rotation(all []scenarios.Target) []uint16 {
	weights := make([]int, len(all))
	sum, divisor := 0, 0
	for i, t := range all {
		weights[i] = max(t.Weight, 1)
		sum += weights[i]
		divisor = gcd(divisor, weights[i])
	}
	if sum/divisor > mostWeight {
		scale := float64(mostWeight) / float64(sum)
		sum, divisor = 0, 1
		for i := range weights {
			weights[i] = max(int(float64(weights[i])*scale), 1)
			sum += weights[i]
		}
	}
	cycle := make([]uint16, sum/divisor)
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
		cycle[n] = uint16(best)
	}
	return cycle
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
