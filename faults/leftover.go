package faults

import (
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// EndAll waits a second for workers that should be leaving, kills those that have not, and returns their pids.
// Whoever has the number of a worker that is gone is left alone.
func EndAll(workers []Worker) (killed []int) {
	const grace, step = time.Second, 20 * time.Millisecond
	var left []process
	for _, w := range workers {
		left = append(left, process{w.PID, w.Start})
	}
	leave := func() {
		for deadline := time.Now().Add(grace); ; time.Sleep(step) {
			left = slices.DeleteFunc(left, func(p process) bool { return !p.alive() })
			if len(left) == 0 || time.Now().After(deadline) {
				return
			}
		}
	}
	leave()
	for _, p := range left {
		if p.signal(unix.SIGKILL) == nil {
			killed = append(killed, p.PID)
		}
	}
	leave()
	return killed
}
