package faults

import (
	"context"
	"time"
)

// Longest is how long any fault is kept up at most, whatever the scenario says.
const Longest = 60 * time.Second

// spare is how much longer than a fault its record may live: the guardian mends only what we failed to.
const spare = 5 * time.Second

// How long one step of mending may take. Everything together has to fit into the 2 s that a killed hangtime may leave
// traces.
const (
	endLimit      = 1500 * time.Millisecond
	continueLimit = time.Second
	removeLimit   = time.Second
	groupLimit    = 1500 * time.Millisecond // processes that are ending are still in the control group
	unmountLimit  = time.Second             // how long a mount may stay after it was detached
)

// How long it may take until a harm is seen.
const (
	stopLimit  = 2 * time.Second
	deathLimit = 5 * time.Second // of a killed process: longer than any takes that is not stuck in the kernel
)

// step is the time between two looks at whether something has happened.
const step = 10 * time.Millisecond

// sleep waits d and says whether ctx still holds.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}
