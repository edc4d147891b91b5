package heartbeat

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// A Clock tells CLOCK_MONOTONIC, the one clock that all processes of the machine share, without a system call: Go's
// own monotonic clock is the same one with another zero.
type Clock struct {
	zero  time.Time
	shift int64 // CLOCK_MONOTONIC at zero, nanoseconds
}

// NewClock finds the distance between the two zeros.
func NewClock() (Clock, error) {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		return Clock{}, fmt.Errorf("read the monotonic clock: %w", err)
	}
	return Clock{zero: time.Now(), shift: ts.Nano()}, nil
}

// Now is in nanoseconds; it never goes back.
func (c Clock) Now() int64 { return c.shift + int64(time.Since(c.zero)) }
