package proc

import (
	"fmt"
	"time"
)

// A Schedstat is a thread's account by the scheduler, /proc/PID/task/TID/schedstat
// (Documentation/scheduler/sched-stats.rst of the kernel; CONFIG_SCHED_INFO).
type Schedstat struct {
	Ran   time.Duration // on a processor
	Delay time.Duration // ready, and waiting for a processor
	Runs  uint64        // times it was put on a processor
}

// ParseSchedstat reads such a line: nanoseconds, nanoseconds, a count.
func ParseSchedstat(line []byte) (Schedstat, error) {
	w := Words{line}
	var n [3]uint64
	for i := range n {
		v, ok := Decimal(w.Next())
		if !ok {
			return Schedstat{}, fmt.Errorf("malformed schedstat %q", line)
		}
		n[i] = v
	}
	return Schedstat{time.Duration(n[0]), time.Duration(n[1]), n[2]}, nil
}
