package probe

import (
	"context"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// cpuClocks tells how far each processor's own clock is behind CLOCK_MONOTONIC. The scheduler notes when a thread last ran on the clock of its processor, which stands
// still while a hypervisor runs someone else: 330 ms off after a while on a shared machine, 1-3 ms with this correction.
//
// It has an own thread, which visits the processor that is asked about; all methods are safe from one goroutine at a time.
type cpuClocks struct {
	ask    chan int
	answer chan clockOffset
	done   chan struct{}
	known  map[int]clockOffset
}

type clockOffset struct {
	at    time.Time
	shift time.Duration // CLOCK_MONOTONIC − the processor's clock
	ok    bool
}

// clockLife is how long an offset stands: it drifts by the time stolen since.
const clockLife = time.Second

func startCPUClocks(ctx context.Context, p proc.FS) *cpuClocks {
	c := &cpuClocks{ask: make(chan int), answer: make(chan clockOffset), done: make(chan struct{}), known: map[int]clockOffset{}}
	go func() {
		defer close(c.done)
		runtime.LockOSThread() // and never unlocked: its affinity is changed, so the thread ends with this goroutine
		for {
			select {
			case <-ctx.Done():
				return
			case cpu := <-c.ask:
				select {
				case c.answer <- measure(p, cpu):
				case <-ctx.Done():
					return
				}
			}
		}
	}()
	return c
}

// wait returns when the thread has ended, after its context did.
func (c *cpuClocks) wait() { <-c.done }

func measure(p proc.FS, cpu int) clockOffset {
	var set unix.CPUSet
	set.Set(cpu)
	if unix.SchedSetaffinity(0, &set) != nil {
		return clockOffset{at: time.Now()} // a processor that we may not use
	}
	// Going there put this thread on the processor just now; its own exec_start is that moment on the processor's clock.
	text, err := proc.Read(string(p)+"/thread-self/sched", proc.MaxRead)
	now := monotonic()
	start, found := proc.ParseExecStart(text)
	if err != nil || !found {
		return clockOffset{at: time.Now()}
	}
	return clockOffset{time.Now(), now - start, true}
}

func monotonic() time.Duration {
	var ts unix.Timespec
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts) != nil {
		return 0 // cannot fail with this clock (clock_gettime(2))
	}
	return time.Duration(ts.Nano())
}

// since converts a thread's exec_start on a processor to how long ago it was.
func (c *cpuClocks) since(ctx context.Context, start time.Duration, cpu int) (time.Duration, bool) {
	offset, known := c.known[cpu]
	if !known || time.Since(offset.at) > clockLife {
		select {
		case c.ask <- cpu:
		case <-ctx.Done():
			return 0, false
		}
		select {
		case offset = <-c.answer:
		case <-ctx.Done():
			return 0, false
		}
		c.known[cpu] = offset
	}
	if !offset.ok {
		return 0, false
	}
	return max(monotonic()-offset.shift-start, 0), true
}
