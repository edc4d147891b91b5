package diagnose

import "slices"

// An assignment tells which threads of a process are at the work of its server.
type assignment struct{ idleness }

// serving are those of the threads that stand still which may be at the work of the server. Where a language says what
// its threads are, one that is neither of a pool, nor at a request, nor the main one is the application's own, and
// stands for nobody's request; and where others serve, so is the main one.
func (v assignment) serving(p *process) []*threadState {
	all := v.still(p)
	spoken := len(p.stacks) > 0
	pools := slices.ContainsFunc(all, func(t *threadState) bool {
		return p.roleOf(t.ThreadSample) != mainThread && v.atWork(p, t)
	})
	out := all[:0:0]
	for _, t := range all {
		st := v.stackOf(p, t)
		switch main := p.roleOf(t.ThreadSample) == mainThread; {
		case st != nil && (st.Request != nil || st.Turn && st.Own > 0), p.hang != nil && p.stall.tid == t.TID:
		case main && st != nil && st.Ends:
		case main && (pools || v.accepts(p) && (!t.Idle || v.engaged(p, t)) && st != nil), main && !spoken && v.joins(p, t, all),
			main && !spoken && v.accepts(p) && v.unowned(p, t): // others accept, and it waits for them
			continue
		case !main && spoken && !v.atWork(p, t):
			if o := v.behind(p, t.TID, v.now); st != nil || o == nil || !o.shared() {
				continue
			}
		}
		out = append(out, t)
	}
	return out
}

// unowned says whether a thread waits in a futex of which nobody is seen to be the owner: for a lock, for the end of
// another thread, or parked.
func (v assignment) unowned(p *process, t *threadState) bool {
	o := v.behind(p, t.TID, v.now)
	return t.Syscall == "futex" && (o == nil || !o.shared())
}

// joins says whether the main thread waits for the end of the others: it stood still when the oldest request came, and
// as many others as there are requests inside have stood still only since.
func (v assignment) joins(p *process, main *threadState, all []*threadState) bool {
	later := 0
	for _, t := range all {
		if t != main && t.from > main.from {
			later++
		}
	}
	return p.sample.Inside > 0 && later >= p.sample.Inside && main.from <= p.began()+v.limits.Slack
}

// atWork says whether a thread is one of those that serve, by its name or by its language's account.
func (v assignment) atWork(p *process, t *threadState) bool {
	st := v.stackOf(p, t)
	if r := p.roleOf(t.ThreadSample); r == loopThread || r == poolThread && !p.onlyInherits(t, st) {
		return true
	}
	return st != nil && (st.Pool || st.Request != nil) || v.madeFor(p, t)
}

// onlyInherits says whether a thread has the name of a pool's only because one of these made it (pthread_create keeps
// the name): its language tells of others that they are a pool's, and of this one not. One that runs may have been read
// between two calls.
func (l *looks) onlyInherits(t *threadState, st *stack) bool {
	if st == nil || st.Pool || st.Kind != "" || len(st.Frames) == 0 && t.running >= 0 {
		return false
	}
	for _, other := range l.stacks {
		if other.Pool && other.Language == st.Language {
			return true
		}
	}
	return false
}

// serves says whether what stops a thread stops its worker.
func (v assignment) serves(p *process, t *threadState) bool {
	r := p.roleOf(t.ThreadSample)
	return r == loopThread || r == mainThread
}

// pool says whether a thread shares its worker's work with others.
func (v assignment) pool(p *process, t *threadState) bool {
	switch p.roleOf(t.ThreadSample) {
	case poolThread:
		return true
	case mainThread, loopThread:
		st := v.stackOf(p, t)
		return st != nil && st.Pool && v.threaded(p)
	}
	return true
}

// threaded says whether several threads of the worker serve.
func (v assignment) threaded(p *process) bool {
	n := 0
	for _, t := range p.threads {
		st := v.stackOf(p, t)
		if p.roleOf(t.ThreadSample) == poolThread && !p.onlyInherits(t, st) || st != nil && st.Pool {
			n++
		}
	}
	return n > 1
}

// occupied says whether a thread is proven to be at work although no request is seen to wait: an answer that has begun
// and does not end, a task of a queue, a boot or an end that does not come.
func (v assignment) occupied(p *process, t *threadState) bool {
	st := v.stackOf(p, t)
	if st != nil && (st.Request != nil || st.Ends) {
		return !st.Idle
	}
	if st != nil && st.Pool && st.Own > 0 {
		return true
	}
	if st != nil && st.Turn && st.Own > 0 {
		return true // whoever accepts: all that its loop has waits for this turn
	}
	if p.roleOf(t.ThreadSample) != mainThread || v.accepts(p) || st != nil && st.Idle {
		return false
	}
	if st != nil && st.Own > 0 || t.For == "something else" {
		return true
	}
	if p.noListener || !p.ready {
		o := v.behind(p, t.TID, v.now)
		return o != nil && o.foreign()
	}
	return false
}

// serverRuns says the same of its threads that are known to serve.
func (v assignment) serverRuns(p *process) bool {
	for _, t := range p.threads {
		if t.running >= 0 && v.fresh(p, t.at) && (p.roleOf(t.ThreadSample) != otherThread || v.atWork(p, t)) {
			return true
		}
	}
	return false
}

// computesBeside says whether a thread that is not known to serve was found running for as long as a loop may stand still.
func (v assignment) computesBeside(p *process) bool {
	for _, t := range p.threads {
		if t.running >= 0 && v.fresh(p, t.at) && t.at-t.running >= sameFor &&
			p.roleOf(t.ThreadSample) == otherThread && !v.atWork(p, t) {
			return true
		}
	}
	return false
}
