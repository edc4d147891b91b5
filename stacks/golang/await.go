package golang

import (
	"slices"
	"time"

	"github.com/hangtime-dev/hangtime/stacks"
)

const (
	maxPatience = 30 * time.Millisecond // the runtime interrupts what runs after 10 to 20 ms
	round       = 3 * time.Millisecond
)

// await waits until the runtime interrupts goroutines that run and of which nothing else tells where they stand. All of
// them in one look share the time that it may take.
func (t *tracer) await(all []*seen) {
	for ; len(all) > 0 && t.patience > 0; t.patience -= round {
		time.Sleep(round)
		all = slices.DeleteFunc(all, func(s *seen) bool { return t.interruptions.sinceSeen(s) || t.stopped(s) })
	}
	for _, s := range all {
		if slices.ContainsFunc(s.frames, func(f stacks.Frame) bool { return f.Library }) {
			s.trace = &trace{place: s.place} // it began there, but it is somewhere else
		}
	}
}

// stopped tells of a goroutine that ran where it stands now that others have their turn.
func (t *tracer) stopped(s *seen) bool {
	now := *s
	if !t.again(&now) || now.status != runnable && now.status != preempted {
		return false
	}
	calls, whole := t.unwinder.unwind(nil, now.pc, true, now.stack)
	if whole {
		s.trace = t.traces.remember(calls)
	}
	return whole
}
