package diagnose

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"

	"github.com/hangtime-dev/hangtime/history"
)

// A waitGraph tells what keeps a thread: who has what it waits for, over threads and processes, and who waits in a circle.
type waitGraph struct{ capacity }

// A waitingThread is one thread that waits for what another has.
type waitingThread struct{ pid, tid int }

// owners are the threads that keep a thread waiting, as far as they are known, what it waits for, and both in a sentence. A lock's holder
// is a process: where all of its threads that are at work wait, one of these is it. One that waits for the same lock
// has it not, and the holder that was seen may be another by now.
func (v waitGraph) owners(p *process, tid int) (what, text string, all []waitingThread) {
	o := v.behind(p, tid, v.now)
	if o == nil {
		// Its runtime waits with a wake-up of its own, and knows what for.
		if t := p.threads[tid]; t != nil && t.running < 0 && v.stackOf(p, t) != nil {
			return owner(p, tid)
		}
		return "", "", nil
	}
	switch ev := o.event.(type) {
	case history.MutexWait:
		if ev.Owner != 0 && !ev.Dead {
			return "a mutex", fmt.Sprintf("thread %d of pid %d waits for a mutex of thread %d", tid, p.pid, ev.Owner),
				[]waitingThread{{pid: cmp.Or(ev.Holder.PID, p.pid), tid: ev.Owner}}
		}
		return owner(p, tid)
	case history.LockWait:
		for _, h := range ev.Holders {
			q := v.alive(h.PID)
			if q == nil || ev.Polled {
				continue
			}
			for _, other := range v.detained(q) {
				all = append(all, waitingThread{pid: q.pid, tid: other})
			}
			if len(all) > 0 {
				what = ev.Lock + " on " + path.Base(ev.Path)
				return what, fmt.Sprintf("pid %d waits for %s, held by pid %d", p.pid, what, h.PID), all
			}
		}
	}
	return "", "", nil
}

// owner is the thread that keeps another of its process waiting, by their runtime's account.
func owner(p *process, tid int) (what, text string, all []waitingThread) {
	st := p.stacks[tid]
	if st == nil || st.Wait == nil || st.Wait.Owner == 0 || int(st.Wait.Owner) == tid {
		return "", "", nil
	}
	what = userWait(st)
	return what, fmt.Sprintf("thread %d of pid %d waits for %s of thread %d", tid, p.pid, what, st.Wait.Owner),
		[]waitingThread{{pid: p.pid, tid: int(st.Wait.Owner)}}
}

// together says whether two threads wait for one and the same: neither has it.
func (v waitGraph) together(p *process, tid int, other waitingThread) bool {
	q := v.alive(other.pid)
	if q == nil {
		return false
	}
	if a, b := p.stacks[tid], q.stacks[other.tid]; p == q && a != nil && b != nil && a.Wait != nil && b.Wait != nil &&
		a.Wait.Object != 0 {
		return a.Wait.Object == b.Wait.Object
	}
	a, b := v.behind(p, tid, v.now), v.behind(q, other.tid, v.now)
	if _, within := eventOf(a).(history.MutexWait); within && p != q {
		return false // addresses of two processes
	}
	return a != nil && b != nil && a.same == b.same
}

// detained are the threads of a process that wait for something; none where another that is at work does not.
func (v waitGraph) detained(p *process) []int {
	for _, t := range v.serving(p) {
		if v.behind(p, t.TID, v.now) == nil {
			return nil
		}
	}
	return slices.Sorted(maps.Keys(p.obstacles))
}

// cycle follows who waits for whom from a thread until it comes back to it; nil: it does not.
func (v waitGraph) cycle(p *process, t *threadState) []string {
	seen := map[waitingThread]bool{}
	var walk func(q *process, tid int, way []string) []string
	walk = func(q *process, tid int, way []string) []string {
		if seen[waitingThread{q.pid, tid}] || len(way) > 32 {
			return nil
		}
		seen[waitingThread{q.pid, tid}] = true
		_, text, next := v.owners(q, tid)
		for _, n := range next {
			if v.together(q, tid, n) {
				continue // the owner that was seen has let go since
			}
			now := append(slices.Clone(way), text)
			if n.pid == p.pid && n.tid == t.TID {
				return now
			}
			if r := v.alive(n.pid); r != nil {
				if found := walk(r, n.tid, now); found != nil {
					return found
				}
			}
		}
		return nil
	}
	return walk(p, t.TID, nil)
}
