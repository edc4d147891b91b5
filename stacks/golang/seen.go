package golang

import (
	"slices"
	"strings"

	"github.com/hangtime-dev/hangtime/stacks"
)

// A seen is a goroutine with what its stack says.
type seen struct {
	goroutine
	began string // name of the function that it began with
	*trace
	stack  []byte
	target target
}

// A target is what a goroutine waits for: a sudog in the queue of a channel or a semaphore, or the poller of a descriptor.
type target struct {
	at     uint64
	memory []byte            // what is there
	call   *call             // whose frame has the address, where the g does not have it
	proves func([]byte) bool // that it is what the goroutine waits for
}

// good tells whether there is a target, and it is the right one.
func (t *target) good() bool { return t.at != 0 && t.proves(t.memory) }

// runtimeOnly tells whether a goroutine that began with a function is always one of the runtime itself:
// isSystemGoroutine in src/runtime/traceback.go.
func runtimeOnly(began string) bool {
	return strings.HasPrefix(began, "runtime.") && !mayCallOut(began) && began != "runtime.main" &&
		began != "runtime.corostart" &&
		began != "runtime.handleAsyncEvent" && began != "runtime.goexit"
}

// mayCallOut tells whether it is one of those of the runtime that call functions of the application: finalizers and
// cleanups.
func mayCallOut(began string) bool {
	return began == "runtime.runfinq" || began == "runtime.runFinalizers" || began == "runtime.runCleanups"
}

// system tells whether the goroutine does nothing for the application now.
func (s *seen) system() bool {
	if runtimeOnly(s.began) {
		return true
	}
	return mayCallOut(s.began) && !slices.ContainsFunc(s.frames,
		func(f stacks.Frame) bool { return !strings.HasPrefix(f.Function, "runtime.") })
}
