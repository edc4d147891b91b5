package worker

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/reference-server/heartbeat"
)

// memory is how much this process uses, read at most every 100 ms: every log line names it.
type memory struct {
	clock heartbeat.Clock
	statm *os.File
	page  uint64
	read  atomic.Int64 // when
	bytes atomic.Uint64

	mu      sync.Mutex
	cpuAt   int64
	cpuUsed time.Duration
}

const memoryAge = int64(100 * time.Millisecond)

func newMemory(clock heartbeat.Clock) (*memory, error) {
	statm, err := os.Open("/proc/self/statm")
	if err != nil {
		return nil, fmt.Errorf("open the process's memory figures: %w", err)
	}
	return &memory{clock: clock, statm: statm, page: uint64(os.Getpagesize()), cpuAt: clock.Now()}, nil
}

// rss is the resident memory in bytes, proc_pid_statm(5); from any thread.
func (m *memory) rss() uint64 {
	now, last := m.clock.Now(), m.read.Load()
	if now-last < memoryAge || !m.read.CompareAndSwap(last, now) {
		return m.bytes.Load()
	}
	var text [128]byte
	n, err := unix.Pread(int(m.statm.Fd()), text[:], 0)
	if err != nil {
		return m.bytes.Load()
	}
	if fields := bytes.Fields(text[:n]); len(fields) > 1 {
		if pages, err := strconv.ParseUint(string(fields[1]), 10, 64); err == nil {
			m.bytes.Store(pages * m.page)
		}
	}
	return m.bytes.Load()
}

// cpu is the processor time that this process has used.
func cpu() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// cpuPercent is of one processor, since the call before; the first call counts since the process started, where
// psutil's says 0.
func (m *memory) cpuPercent() float64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	now, used := m.clock.Now(), cpu()
	percent := 0.0
	if past := now - m.cpuAt; past > 0 {
		percent = 100 * float64(used-m.cpuUsed) / float64(past)
	}
	m.cpuAt, m.cpuUsed = now, used
	return percent
}
