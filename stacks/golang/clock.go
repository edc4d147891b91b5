package golang

import (
	"syscall"
	"time"
	"unsafe"
)

// The clocks of clock_gettime(2).
const (
	monotonic       = 1 // the runtimes of all Go programs keep their times on it
	processorThread = 3 // processor time of the calling thread
)

// clock reads a clock; 0: it cannot be read.
func clock(id uintptr) time.Duration {
	var now syscall.Timespec
	if _, _, err := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, id, uintptr(unsafe.Pointer(&now)), 0); err != 0 {
		return 0
	}
	return time.Duration(now.Nano())
}

// A budget is processor time that a look may still use. It is for the thread that made it.
type budget struct{ end time.Duration }

func newBudget(d time.Duration) budget { return budget{clock(processorThread) + d} }

func (b budget) spent() bool { return clock(processorThread) > b.end }
