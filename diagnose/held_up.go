package diagnose

import (
	"slices"
	"time"
)

// heldUp says whether threads wait for a lock that one thread has which stands still itself, t among them or that one,
// by their language's account; and since when both the first of them and the one that has it do. In a queue that moves
// the one that has the lock changes. Where that one serves nobody, as a thread of the program's own in the background, the
// first that waits is the work that is held up, and it takes a second to wait behind it.
func (v waitGraph) heldUp(p *process, t *threadState, others []*threadState) (since time.Duration, is bool) {
	has := v.keeperOf(p, t)
	if has == nil || has.running >= 0 || !v.fresh(p, has.at) || v.idle(p, has) {
		return 0, false
	}
	enough, waiting := 2, 0
	if slices.Contains(others, has) {
		enough = 1
	}
	for _, one := range others {
		if one.TID == has.TID || v.keeperOf(p, one) != has {
			continue
		}
		waits := one.from
		if v.repeats(p, one) { // one that wakes up to look whether its turn has come
			waits = one.placed
		}
		if waiting == 0 || waits < since {
			since = waits
		}
		waiting++
	}
	return max(since, has.from), waiting >= enough
}

// keeperOf is the thread that has what a thread waits for, or what that one waits for itself, and so on: itself where it
// waits for no lock; nil: it is not known, or they wait in a circle.
func (v waitGraph) keeperOf(p *process, t *threadState) *threadState {
	for range maxThreads {
		st := v.stackOf(p, t)
		if st == nil || st.Wait == nil || st.Wait.On != "lock" && st.Wait.On != "monitor" {
			return t
		}
		if t = p.threads[int(st.Wait.Owner)]; t == nil {
			return nil
		}
	}
	return nil
}
