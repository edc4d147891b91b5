package nethttp

import (
	"time"

	"golang.org/x/sys/unix"
)

// processCPU is the processor time of the whole process (getrusage(2)): net/http works on goroutines that cannot be
// told apart from the rest.
func processCPU() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
