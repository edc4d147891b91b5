package diagnose

import (
	"cmp"
	"slices"
)

// still are the threads that do not wait for work and stand still, run all the time, or wait again and again in one
// place; those that explain most first.
func (v idleness) still(p *process) []*threadState {
	var all []*threadState
	for _, t := range p.threads {
		if !v.fresh(p, t.at) || t.State == "Z" || v.idle(p, t) {
			continue
		}
		if t.running < 0 && t.Still < v.limits.Suspect && !t.Twice && !v.repeats(p, t) {
			continue
		}
		all = append(all, t)
	}
	for tid := range p.obstacles {
		if o := v.behind(p, tid, v.now); o != nil && p.threads[tid] == nil && o.still >= v.limits.Suspect {
			all = append(all, o.thread())
		}
	}
	slices.SortFunc(all, func(a, b *threadState) int {
		return cmp.Or(cmp.Compare(v.weight(p, b), v.weight(p, a)), cmp.Compare(a.from, b.from), cmp.Compare(a.TID, b.TID))
	})
	return all
}

func (v idleness) weight(p *process, t *threadState) int {
	n := 0
	switch p.roleOf(t.ThreadSample) {
	case loopThread:
		n = 8
	case mainThread:
		n = 4
	}
	if st := v.stackOf(p, t); st != nil && st.Request != nil {
		n += 8
	}
	if o := v.behind(p, t.TID, v.now); o != nil && o.shared() {
		n += 16
	}
	if t.Twice {
		n += 2
	}
	if t.running < 0 {
		n++
	}
	return n
}
