package clock

import (
	"context"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// When a thread slept for a known time, the scheduler's note of when it last ran is converted to that time.
func TestANoteOfTheSchedulerIsConvertedToHowLongAgoItWas(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	clocks := Start(ctx, "/proc")
	defer func() {
		stop()
		clocks.Wait()
	}()
	const fs = proc.FS("/proc")
	ready, tid, end := make(chan struct{}), 0, make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		runtime.LockOSThread()
		tid = unix.Gettid()
		close(ready)
		// A thread that blocks in a system call of its own stays where it last ran.
		var p [2]int
		if unix.Pipe2(p[:], unix.O_CLOEXEC) != nil {
			return
		}
		go func() {
			<-end
			unix.Close(p[1])
		}()
		_, _ = unix.Read(p[0], make([]byte, 1))
		unix.Close(p[0])
	}()
	<-ready
	defer func() {
		close(end)
		<-ended
	}()
	me := unix.Getpid()
	var last proc.Stat
	began := time.Now()
	for deadline := began.Add(10 * time.Second); ; {
		start, ok := fs.Thread(me, tid).ExecStart()
		s, err := fs.Thread(me, tid).Stat()
		last = s
		if ok && err == nil && start != 0 && s.State == 'S' {
			if ago, ok := clocks.Since(t.Context(), start, s.Processor); ok && ago >= 100*time.Millisecond {
				if most := time.Since(began) + 50*time.Millisecond; ago > most {
					t.Errorf("it ran %v ago, and it is there for %v", ago, most)
				}
				return
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("no standstill of 100 ms was seen: exec_start %v (%v), %+v", start, ok, last)
		}
		runtime.Gosched()
	}
}

func TestTheClocksSinceBoot(t *testing.T) {
	if m, b := Monotonic(), Boot(); m <= 0 || b < m {
		t.Errorf("since boot %v, and %v of it awake", b, m)
	}
	before := Monotonic()
	if after := Monotonic(); after < before {
		t.Errorf("%v after %v", after, before)
	}
}
