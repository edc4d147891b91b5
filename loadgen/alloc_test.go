package loadgen

import (
	"bytes"
	"net"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/scenarios"
)

// Between a hit and the kernel lies no allocation. What is counted is the whole process, with a server that makes none
// either: so two attacks of the same length are compared, one by users who think most of the time. What remains, the
// account's windows and the history's histograms, does not grow with the hits.
func TestAHitOfTheFastEngineAllocatesNothing(t *testing.T) {
	l := listen(t, "tcp", "127.0.0.1:0")
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
	t.Cleanup(func() { _ = l.Close(); conns.Wait() })
	attack := func(think time.Duration) (hits, made int64) {
		p := scenarios.Load{Shape: "closed", Users: 4, Think: think, Timeout: time.Minute,
			Targets: []scenarios.Target{{Path: "/"}}}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, sum := attackBy(t, engineFast, p, "http://"+l.Addr().String(), time.Second)
		runtime.ReadMemStats(&after)
		return int64(sum.OK), int64(after.Mallocs - before.Mallocs)
	}
	var hits, made int64
	for hits < 5000 { // a machine may be too busy for so many in one second
		few, baseline := attack(50 * time.Millisecond)
		many, with := attack(0)
		t.Logf("%d allocations with %d hits, %d with %d", with, many, baseline, few)
		hits, made = hits+many-few, made+with-baseline
	}
	if made > hits/4 {
		t.Errorf("%d allocations for %d hits more", made, hits)
	}
}

// answerPlainly answers whatever it reads that ends as a request does.
func answerPlainly(c net.Conn) {
	defer c.Close()
	buf := make([]byte, 4096)
	answer, end := []byte(plainAnswer), []byte("\r\n\r\n")
	for {
		n, err := c.Read(buf)
		if err != nil || !bytes.HasSuffix(buf[:n], end) {
			return
		}
		if _, err := c.Write(answer); err != nil {
			return
		}
	}
}
