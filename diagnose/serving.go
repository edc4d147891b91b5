package diagnose

import (
	"slices"
	"strings"
	"time"
)

// serving are those of the threads that stand still which may be at the work of the server. Where a language says what
// its threads are, one that is neither of a pool, nor at a request, nor the main one is the application's own, and
// stands for nobody's request; and where others serve, so is the main one.
func (v sight) serving(p *process) []*threadState {
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
func (v sight) unowned(p *process, t *threadState) bool {
	o := v.behind(p, t.TID, v.now)
	return t.Syscall == "futex" && (o == nil || !o.shared())
}

// joins says whether the main thread waits for the end of the others: it stood still when the oldest request came, and
// as many others as there are requests inside have stood still only since.
func (v sight) joins(p *process, main *threadState, all []*threadState) bool {
	later := 0
	for _, t := range all {
		if t != main && t.from > main.from {
			later++
		}
	}
	return p.sample.Inside > 0 && later >= p.sample.Inside && main.from <= p.began()+v.limits.Slack
}

// atWork says whether a thread is one of those that serve, by its name or by its language's account.
func (v sight) atWork(p *process, t *threadState) bool {
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
func (v sight) serves(p *process, t *threadState) bool {
	r := p.roleOf(t.ThreadSample)
	return r == loopThread || r == mainThread
}

// pool says whether a thread shares its worker's work with others.
func (v sight) pool(p *process, t *threadState) bool {
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
func (v sight) threaded(p *process) bool {
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
func (v sight) occupied(p *process, t *threadState) bool {
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

// spareFor is for how long a thread of a pool that was read at rest may be one that still is: those of a busy pool run
// again and again, and are read each second, or two where one reading fails.
const spareFor = 2500 * time.Millisecond

// jobsWait is how many jobs wait for a thread of a pool of which no more threads are busy than stand still, and none has
// moved for a while. That more tasks of a queue were fetched than are worked on is no sign of anything.
func (v sight) jobsWait(p *process, crowd int) int {
	busy, jobs := 0, 0
	for _, t := range p.threads {
		if st := v.stackOf(p, t); st != nil && st.Queued > 0 && !st.Idle && (st.Request == nil || st.Request.ID == "") {
			if t.running >= 0 || v.now-t.from < v.limits.Loop {
				return 0
			}
			busy++
			jobs = max(jobs, st.Queued)
		}
	}
	if busy > crowd {
		return 0
	}
	return jobs
}

// spare says whether another thread of the pool of t was lately proven to wait for work: then nothing waits for the others.
func (v sight) spare(p *process, of *threadState) bool {
	for _, t := range p.threads {
		st := p.stacks[t.TID]
		if v.fresh(p, t.at) && st != nil && st.Pool && st.Idle && samePool(st, p.stacks[of.TID]) &&
			(v.stackOf(p, t) != nil || v.now-st.at <= spareFor) {
			return true
		}
	}
	return false
}

// samePool says whether two threads may be of one pool: their names differ in their last number only. One without a name
// may be of any.
func samePool(a, b *stack) bool {
	if b == nil || a.Name == "" || b.Name == "" {
		return true
	}
	return a.Kind == b.Kind && poolOf(a.Name) == poolOf(b.Name)
}

// poolOf is what the names of one pool's threads have in common: "ThreadPoolExecutor-0_" of "ThreadPoolExecutor-0_3", and
// "Thread-serve)" of "Thread-7 (serve)".
func poolOf(name string) string {
	counted, what, _ := strings.Cut(name, " (")
	return strings.TrimRight(counted, "0123456789") + what
}

// stranded says whether more requests than so many threads can be at have come that nobody has begun to read, since an
// event loop's thread stands still in a turn: they wait for it, for a connection stays with its loop, however many other
// loops rest.
func (v sight) stranded(p *process, t *threadState, s *standstill) bool {
	st := v.stackOf(p, t)
	return st != nil && st.Turn && st.Own > 0 && s.how == standing &&
		p.unread.least(s.from+closerLook, p.sample.Unread) > s.crowd
}

// queued says whether the requests inside of a worker may have waited for their turn, before it accepted them or since:
// more are there than so many threads can be at, and it has ended another since the oldest came, or that is not known.
// Then their age is not that of what a thread is at. Where nothing has ended for long it is.
func (v sight) queued(p *process, threads int) bool {
	return (v.backlog > 0 || p.sample.Inside > threads) && v.now-max(p.answered, p.found) < v.limits.Pool &&
		p.began() < max(p.earliest, p.found)-v.limits.Slack
}

// crowded says whether more was asked of the worker, all the time since, than the threads that stand still can be busy
// with: others wait. A request that passes by beside them is none that waits.
func (v sight) crowded(p *process, crowd int, since time.Duration) bool {
	return p.inside.least(max(since+closerLook, v.now-v.limits.Pool), p.sample.Inside) > crowd || v.waiting()
}
