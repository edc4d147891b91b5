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

// Between a hit and the kernel lies no allocation. What is counted here is the whole process, with a server that makes none either: the account's windows and the
// histograms of the history are a few hundred for each 100 ms, whatever the number of hits.
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
	p := scenarios.Load{Shape: "closed", Users: 4, Timeout: time.Minute, Targets: []scenarios.Target{{Path: "/"}}}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var ok, most uint64
	for ok < 500 { // a machine may be too busy for so many in one second
		_, sum := attackBy(t, engineFast, p, "http://"+l.Addr().String(), time.Second)
		windows := uint64(sum.Elapsed/window) + 1
		ok, most = ok+sum.OK, most+20_000+2000*windows+sum.OK/20
	}
	runtime.ReadMemStats(&after)
	if made := after.Mallocs - before.Mallocs; made > most {
		t.Errorf("%d allocations with %d hits; want at most %d", made, ok, most)
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
