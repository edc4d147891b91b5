//go:build bench

package bench

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// clients are how many send at once, each its next task when the one before was accepted; rateFor is for how long.
const (
	clients = 256
	rateFor = 4 * time.Second
)

// A rate is how many tasks were accepted a second, and how many requests were not.
type rate struct{ accepted, refused float64 }

func (r rate) String() string {
	if r.refused > 0 {
		return fmt.Sprintf("%.0f (and %.0f refused)", r.accepted, r.refused)
	}
	return fmt.Sprintf("%.0f", r.accepted)
}

// rates are with one client and with many, and how large the engine became. The tasks are run meanwhile.
func rates(t *testing.T, r row) (alone, together rate, memory int64) {
	s := serve(t, r)
	defer s.end()
	alone, together = s.rate(1), s.rate(clients)
	return alone, together, s.memory()
}

func (s *server) rate(n int) rate {
	var accepted, refused atomic.Int64
	var all sync.WaitGroup
	began := time.Now()
	for range n {
		all.Go(func() {
			c := client{address: s.address}
			defer c.close()
			for time.Since(began) < rateFor {
				if status, _, err := c.ask("POST", "/task", `{"work":"sleep"}`); err == nil && status == 202 {
					accepted.Add(1)
				} else {
					refused.Add(1)
				}
			}
		})
	}
	all.Wait()
	took := time.Since(began).Seconds()
	return rate{float64(accepted.Load()) / took, float64(refused.Load()) / took}
}
