// Package clock reads the clocks that the kernel counts by: since boot, and of each processor.
package clock

import (
	"time"

	"golang.org/x/sys/unix"
)

// Monotonic is CLOCK_MONOTONIC: since boot, without the time for which the machine was suspended (clock_gettime(2)).
func Monotonic() time.Duration { return read(unix.CLOCK_MONOTONIC) }

// Boot is CLOCK_BOOTTIME: since boot. The start of a process in its stat is on it.
func Boot() time.Duration { return read(unix.CLOCK_BOOTTIME) }

func read(clock int32) time.Duration {
	var ts unix.Timespec
	if unix.ClockGettime(clock, &ts) != nil {
		return 0 // cannot fail with these (clock_gettime(2)), the second of which is there since Linux 2.6.39
	}
	return time.Duration(ts.Nano())
}
