package clock

import (
	"context"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// Processors tells how far each processor's own clock is behind CLOCK_MONOTONIC. The scheduler notes when a thread
// last ran on the clock of its processor, which stands still while a hypervisor runs someone else: 330 ms off after a
// while on a shared machine, 1-3 ms with this correction.
//
// It has an own thread, which visits the processor that is asked about; all methods are safe from one goroutine at a time.
type Processors struct {
	ask    chan int
	answer chan offset
	done   chan struct{}
	known  map[int]offset
}

type offset struct {
	at    time.Time
	shift time.Duration // CLOCK_MONOTONIC − the processor's clock
	ok    bool
}

// life is how long an offset stands: it drifts by the time stolen since.
const life = time.Second

// Start makes them ready; they end with ctx.
func Start(ctx context.Context, fs proc.FS) *Processors {
	c := &Processors{ask: make(chan int), answer: make(chan offset), done: make(chan struct{}), known: map[int]offset{}}
	go func() {
		defer close(c.done)
		runtime.LockOSThread() // and never unlocked: its affinity is changed, so the thread ends with this goroutine
		for {
			select {
			case <-ctx.Done():
				return
			case cpu := <-c.ask:
				select {
				case c.answer <- measure(fs, cpu):
				case <-ctx.Done():
					return
				}
			}
		}
	}()
	return c
}

// Wait returns when the thread has ended, after its context did.
func (c *Processors) Wait() { <-c.done }

func measure(fs proc.FS, cpu int) offset {
	var set unix.CPUSet
	set.Set(cpu)
	if unix.SchedSetaffinity(0, &set) != nil {
		return offset{at: time.Now()} // a processor that we may not use
	}
	// Going there put this thread on the processor just now; its own exec_start is that moment on the processor's clock.
	text, err := proc.Read(string(fs)+"/thread-self/sched", proc.MaxRead)
	now := Monotonic()
	start, found := proc.ParseExecStart(text)
	if err != nil || !found {
		return offset{at: time.Now()}
	}
	return offset{time.Now(), now - start, true}
}

// Since converts a thread's exec_start on a processor to how long ago it was.
func (c *Processors) Since(ctx context.Context, start time.Duration, cpu int) (time.Duration, bool) {
	one, known := c.known[cpu]
	if !known || time.Since(one.at) > life {
		select {
		case c.ask <- cpu:
		case <-ctx.Done():
			return 0, false
		}
		select {
		case one = <-c.answer:
		case <-ctx.Done():
			return 0, false
		}
		c.known[cpu] = one
	}
	if !one.ok {
		return 0, false
	}
	return max(Monotonic()-one.shift-start, 0), true
}
