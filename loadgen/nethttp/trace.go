package nethttp

import (
	"net"
	"net/http/httptrace"
	"sync"
	"time"

	"github.com/hangtime-dev/hangtime/loadgen/hit"
)

// trace is what net/http says on the way. Its hooks run on other goroutines, also after a failed RoundTrip has returned.
type trace struct {
	job    *hit.Job
	flight *flight

	mu      sync.Mutex
	began   time.Duration
	connect time.Duration
	first   time.Duration
	port    uint16
	wrote   int
}

func (t *trace) hooks() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		ConnectStart: func(string, string) { t.locked(func() { t.began = t.job.Now() }) },
		ConnectDone:  func(string, string, error) { t.locked(func() { t.connect = t.job.Now() - t.began }) },
		GotConn: func(info httptrace.GotConnInfo) {
			addr, _ := info.Conn.LocalAddr().(*net.TCPAddr)
			t.locked(func() {
				if addr != nil {
					t.port = uint16(addr.Port)
				}
				if info.Reused {
					t.connect = 0
				}
			})
		},
		WroteHeaders:         func() { t.locked(func() { t.wrote++ }) },
		GotFirstResponseByte: func() { t.locked(func() { t.first = t.job.Now() - t.flight.sent }) },
	}
}

func (t *trace) locked(do func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	do()
}

func (t *trace) into(f *flight) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f.connect, f.first, f.port, f.wrote = t.connect, t.first, t.port, t.wrote
}
