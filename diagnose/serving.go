package diagnose

import (
	"cmp"
	"slices"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// A sight tells what the threads of a process are at, and what its pieces of work without a thread wait for.
type sight struct{ *server }

// sameFor is for how long every look must find a thread that sleeps and runs by turns in one place before it is held to repeat one wait.
const sameFor = 700 * time.Millisecond

// idle says whether a thread is proven to wait for work: by the set of descriptors that it waits for, or by the place in its code.
func (f sight) idle(p *process, t *thread) bool {
	if st := f.stackOf(p, t); st != nil && st.Idle {
		return true
	}
	o := f.behind(p, t.TID, f.now)
	return t.Idle && (o == nil || !o.real())
}

// idles says whether the thread that would serve waits for events, seen lately.
func (f sight) idles(p *process) bool {
	for _, t := range p.threads {
		if r := roleOf(t.ThreadSample); f.now-t.at <= f.limits.Stale && f.idle(p, t) && (r == loopThread || r == mainThread || t.For == "connections") {
			return true
		}
	}
	return false
}

// accepts says whether any of its threads waits for connections.
func (f sight) accepts(p *process) bool {
	for _, t := range p.threads {
		if f.now-t.at <= f.limits.Stale && t.Idle && t.For == "connections" {
			return true
		}
	}
	return false
}

// still are the threads that do not wait for work and stand still, run all the time, or wait again and again in one place; those that explain most first.
func (f sight) still(p *process) []*thread {
	var all []*thread
	for _, t := range p.threads {
		if f.now-t.at > f.limits.Stale || t.State == "Z" || f.idle(p, t) {
			continue
		}
		if t.running < 0 && t.Still < f.limits.Suspect && !t.Twice && !f.repeats(p, t) {
			continue
		}
		all = append(all, t)
	}
	for tid := range p.obstacles {
		if o := f.behind(p, tid, f.now); o != nil && p.threads[tid] == nil && o.still >= f.limits.Suspect {
			all = append(all, o.thread())
		}
	}
	slices.SortFunc(all, func(a, b *thread) int {
		return cmp.Or(cmp.Compare(f.weight(p, b), f.weight(p, a)), cmp.Compare(a.from, b.from), cmp.Compare(a.TID, b.TID))
	})
	return all
}

func (f sight) weight(p *process, t *thread) int {
	n := 0
	switch roleOf(t.ThreadSample) {
	case loopThread:
		n = 8
	case mainThread:
		n = 4
	}
	if st := f.stackOf(p, t); st != nil && st.Request != nil {
		n += 8
	}
	if o := f.behind(p, t.TID, f.now); o != nil && o.shared() {
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

// serving are those of the threads that stand still which may be at the work of the server. Where a language says what its threads are, one that is neither of a pool, nor at a
// request, nor the main one is the application's own, and stands for nobody's request; and where others serve, so is the main one.
func (f sight) serving(p *process) []*thread {
	all := f.still(p)
	spoken := len(p.stacks) > 0
	pools := slices.ContainsFunc(all, func(t *thread) bool { return roleOf(t.ThreadSample) != mainThread && f.atWork(p, t) })
	out := all[:0:0]
	for _, t := range all {
		st := f.stackOf(p, t)
		switch main := roleOf(t.ThreadSample) == mainThread; {
		case st != nil && st.Request != nil, p.hang != nil && p.stall.tid == t.TID:
		case main && st != nil && st.Ends:
		case main && (pools || f.accepts(p) && t.Idle == false && st != nil):
			continue
		case !main && spoken && !f.atWork(p, t):
			if o := f.behind(p, t.TID, f.now); st != nil || o == nil || !o.shared() {
				continue
			}
		}
		out = append(out, t)
	}
	return out
}

// atWork says whether a thread is one of those that serve, by its name or by its language's account.
func (f sight) atWork(p *process, t *thread) bool {
	if r := roleOf(t.ThreadSample); r == poolThread || r == loopThread {
		return true
	}
	st := f.stackOf(p, t)
	return st != nil && (st.Pool || st.Request != nil)
}

// serves says whether what stops a thread stops its worker.
func (f sight) serves(p *process, t *thread) bool {
	r := roleOf(t.ThreadSample)
	return r == loopThread || r == mainThread
}

// pool says whether a thread shares its worker's work with others.
func (f sight) pool(p *process, t *thread) bool {
	switch roleOf(t.ThreadSample) {
	case poolThread:
		return true
	case mainThread, loopThread:
		st := f.stackOf(p, t)
		return st != nil && st.Pool && f.threaded(p)
	}
	return true
}

// threaded says whether several threads of the worker serve.
func (f sight) threaded(p *process) bool {
	n := 0
	for _, t := range p.threads {
		if st := f.stackOf(p, t); roleOf(t.ThreadSample) == poolThread || st != nil && st.Pool {
			n++
		}
	}
	return n > 1
}

// occupied says whether a thread is proven to be at work although no request is seen to wait: an answer that has begun and does not end, a task of a queue, a boot or an end that
// does not come.
func (f sight) occupied(p *process, t *thread) bool {
	st := f.stackOf(p, t)
	if st != nil && (st.Request != nil || st.Ends) {
		return !st.Idle
	}
	if st != nil && st.Pool && st.Own > 0 {
		return true
	}
	if roleOf(t.ThreadSample) != mainThread || f.accepts(p) || st != nil && st.Idle {
		return false
	}
	if st != nil && st.Own > 0 || t.For == "something else" {
		return true
	}
	if p.noListener || !p.ready {
		o := f.behind(p, t.TID, f.now)
		return o != nil && o.foreign()
	}
	return false
}

// foreign says whether what the thread waits for is outside of its process and its server, so that it is no way of waiting for work.
func (o *obstacle) foreign() bool {
	switch ev := o.event.(type) {
	case history.SocketWait:
		return ev.Remote != "" && !ev.Client
	case history.ChildWait, history.TerminalWait, history.DiskWait:
		return true
	case history.PipeWait:
		return ev.Op == "write"
	}
	return false
}

// repeats says whether a thread waits again and again in one place: a lock that is asked for with pauses, a call that is tried again.
func (f sight) repeats(p *process, t *thread) bool {
	if roleOf(t.ThreadSample) == loopThread {
		return false // a loop comes back to one place by its nature, each time for another piece of work
	}
	return t.placed != unset && f.now-t.placed >= sameFor && (t.running >= 0 || t.from > t.placed+f.limits.Slack)
}

// pooled counts those of a pool among threads that stand still. The pool is used up since the last of them was taken.
func (f finder) pooled(p *process, s *stall, standing []*thread) {
	for _, t := range standing {
		if r := roleOf(t.ThreadSample); t.running >= 0 && !f.repeats(p, t) || r == mainThread || r == loopThread {
			continue
		}
		s.crowd++
		if (s.behind == nil || !s.behind.shared()) && !f.repeats(p, t) {
			s.from = max(s.from, t.from)
		}
	}
}

// spare says whether a thread of the pool is proven to wait for work: then nothing waits for the others.
func (f sight) spare(p *process) bool {
	for _, t := range p.threads {
		if st := f.stackOf(p, t); f.now-t.at <= f.limits.Stale && st != nil && st.Pool && st.Idle {
			return true
		}
	}
	return false
}

// crowded says whether more was asked of the worker, all the time since, than the threads that stand still can be busy with: others wait. A request that passes
// by beside them is none that waits.
func (f sight) crowded(p *process, crowd int, since time.Duration) bool {
	return p.inside.least(max(since+closerLook, f.now-f.limits.Pool), p.sample.Inside) > crowd || f.waiting()
}

// stackOf is what a thread does in its language's words, as far as that is still true: it was read since the thread stands still, or a moment ago.
func (f sight) stackOf(p *process, t *thread) *stack {
	st := p.stacks[t.TID]
	if st == nil || t.running < 0 && st.at >= t.from-f.limits.Slack || f.now-st.at <= 2*f.limits.Stale {
		return st
	}
	return nil
}
