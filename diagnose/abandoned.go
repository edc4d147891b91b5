package diagnose

import (
	"slices"
	"time"
)

// abandoned says whether two threads or more, t among them, wait for one lock by their language's account while none of
// the others that could run its code is at anything: whoever took it has gone on without releasing it, or waits for it
// too. since is when the second of them came.
func (v waitGraph) abandoned(p *process, t *threadState) (since time.Duration, is bool) {
	st := v.stackOf(p, t)
	if !unheld(st) || t.running >= 0 || len(v.awaited(p)) > 0 { // a coroutine may have it
		return 0, false
	}
	var from []time.Duration
	for _, one := range p.threads {
		switch {
		case one.at < p.wholeFrom || p.stacks[one.TID] == nil: // it has ended, or is none of its language's
		case v.idle(p, one):
		case one.running < 0 && unheld(v.stackOf(p, one)) && v.stackOf(p, one).Wait.Object == st.Wait.Object:
			from = append(from, one.from)
		default:
			return 0, false
		}
	}
	if len(from) < 2 {
		return 0, false
	}
	slices.Sort(from)
	return from[1], true
}

// unheld says whether what a thread waits for is a lock of which its language does not say who has it.
func unheld(st *stack) bool {
	return st != nil && st.Wait != nil && st.Wait.On == "lock" && st.Wait.Object != 0 && st.Wait.Owner == 0 &&
		st.Wait.Before == 0
}
