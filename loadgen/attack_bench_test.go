package loadgen

import (
	"net"
	"sync"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/scenarios"
)

// BenchmarkAttack is half a second of the fast engine for each iteration: users of a closed loop say how many hits it
// can send beside a server that does nothing, in the same process; a rate says how long after they were due hits leave.
func BenchmarkAttack(b *testing.B) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	var conns sync.WaitGroup
	conns.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			conns.Go(func() { answerPlainly(c) })
		}
	})
	defer conns.Wait()
	defer l.Close()
	for _, row := range []struct {
		name string
		plan scenarios.Load
	}{
		{"closed loop of 8", scenarios.Load{Shape: "closed", Users: 8}},
		{"2000 a second", scenarios.Load{Rate: 2000, Senders: 64}},
	} {
		p := row.plan
		p.Timeout, p.Targets = time.Minute, []scenarios.Target{{Path: "/"}}
		b.Run(row.name, func(b *testing.B) {
			var sum Summary
			var hits uint64
			for b.Loop() {
				a, err := New(p, "http://"+l.Addr().String(), history.NewRecorder(time.Now()),
					Options{Engine: engineFast, Unlimited: true})
				if err != nil {
					b.Fatal(err)
				}
				if err := a.Run(b.Context(), 500*time.Millisecond); err != nil {
					b.Fatal(err)
				}
				sum = a.Summary()
				hits += sum.OK
			}
			b.ReportMetric(float64(hits)/b.Elapsed().Seconds(), "hits/s")
			b.ReportMetric(float64(sum.CPU.Nanoseconds())/float64(sum.Sent), "cpu-ns/hit")
			b.ReportMetric(float64(sum.Wait.P99.Microseconds()), "p99-wait-µs")
		})
	}
}
