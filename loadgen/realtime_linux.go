package loadgen

import "golang.org/x/sys/unix"

// RealTime says whether the kernel lets this process run before all ordinary ones (sched(7)). A closed loop without a
// pause would then leave nothing else a processor.
func RealTime() bool {
	attr, err := unix.SchedGetAttr(0, 0)
	return err == nil && (attr.Policy == unix.SCHED_FIFO || attr.Policy == unix.SCHED_RR ||
		attr.Policy == unix.SCHED_DEADLINE)
}
