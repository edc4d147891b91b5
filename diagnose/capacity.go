package diagnose

import (
	"slices"
	"strings"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// A capacity tells whether the threads of a worker that serve are too few for what is asked of it.
type capacity struct{ assignment }

// jobsWait is how many jobs wait for a thread of a pool of which no more threads are busy than stand still, and none has
// moved for a while. That more tasks of a queue were fetched than are worked on is no sign of anything.
func (v capacity) jobsWait(p *process, crowd int) int {
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

// spareFor is for how long a thread of a pool that was read at rest may be one that still is: those of a busy pool run
// again and again, and are read each second, or two where one reading fails.
const spareFor = 2500 * time.Millisecond

// spare says whether another thread of the pool of t was lately proven to wait for work: then nothing waits for the others.
func (v capacity) spare(p *process, of *threadState) bool {
	for tid, st := range p.stacks {
		if st.Pool && st.Idle && v.seenLately(p, tid, spareFor) && samePool(st, p.stacks[of.TID]) {
			return true
		}
	}
	return false
}

// seenLately says whether a thread of a pool was looked at lately, and its code read no longer ago than a time: or that
// alone, for on a busy machine it may run between the two looks at it.
func (v capacity) seenLately(p *process, tid int, read time.Duration) bool {
	st, t := p.stacks[tid], p.threads[tid]
	if v.now-st.at <= v.limits.Stale {
		return true
	}
	return t != nil && v.fresh(p, t.at) && (v.stackOf(p, t) != nil || v.now-st.at <= read)
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
func (v capacity) stranded(p *process, t *threadState, s *standstill) bool {
	st := v.stackOf(p, t)
	return st != nil && st.Turn && st.Own > 0 && s.how == standing &&
		p.unread.least(s.from+closerLook, p.sample.Unread) > s.crowd
}

// crowded says whether more was asked of the worker, all the time since, than the threads that stand still can be busy
// with, and those beside them that work: others wait. A request that passes by is none that waits.
func (v capacity) crowded(p *process, crowd int, since time.Duration) bool {
	return p.inside.least(max(since+closerLook, v.now-v.limits.Pool), p.sample.Inside) > crowd || v.waiting()
}

// besides counts the threads of a pool that are not among those that stand still and are not proven to wait for work: each
// may have taken a request a moment ago, which its code, read before, does not tell.
func (v capacity) besides(p *process, standing []*threadState) int {
	n := 0
	for tid, st := range p.stacks {
		t := p.threads[tid]
		if !st.Pool || !v.seenLately(p, tid, v.now) || t != nil && slices.Contains(standing, t) {
			continue
		}
		if !st.Idle || t != nil && v.stackOf(p, t) == nil {
			n++
		}
	}
	return n
}

// madeTogether is how far apart the threads of a pool are made at most that a program makes all at once.
const madeTogether = 100 * time.Millisecond

// usedUp says whether a thread is one of those of libuv, of which there are four by default and never more
// (https://docs.libuv.org/en/v1.x/threadpool.html), made together for what an event loop of JavaScript does not do itself,
// and each is kept by something outside, while the loop waits. Whoever asked for another such thing since waits behind
// them. Of other programs' threads there may be more as soon as they are wanted.
func (v capacity) usedUp(p *process, of *threadState) bool {
	if p.roleOf(of.ThreadSample) != otherThread || of.Age == 0 || !v.idles(p) {
		return false
	}
	if loop := p.stacks[p.pid]; loop == nil || loop.Language != "javascript" {
		return false
	}
	n := 0
	for _, t := range p.threads {
		if apart := (t.at - t.Age) - (of.at - of.Age); t.TID == p.pid || apart < -madeTogether || apart > madeTogether {
			continue
		}
		o := v.behind(p, t.TID, v.now)
		if t.running >= 0 || o == nil || !o.outside() {
			return false
		}
		n++
	}
	return n > 1
}

// pooled counts those of a pool among threads that stand still. The pool is used up since the last of them was taken.
func (v capacity) pooled(p *process, s *standstill, standing []*threadState) {
	for _, t := range standing {
		r := p.roleOf(t.ThreadSample)
		switch {
		case r == mainThread || r == loopThread:
			continue
		case t.TID == s.tid && t.running >= 0: // it is one itself; since when, is known
			s.crowd++
			continue
		case t.TID == s.tid:
		case t.running >= 0 && !v.repeats(p, t), v.unread(p, t):
			continue
		}
		s.crowd++
		if (s.behind == nil || !s.behind.shared()) && !v.repeats(p, t) {
			s.from = max(s.from, v.stillFrom(p, t))
		}
	}
}

// stillFrom is since when a thread stands still: since it last ran, or since the last word on the connection at which it
// waits for another server's answer, where it woke up once and went back to that.
func (v capacity) stillFrom(p *process, t *threadState) time.Duration {
	if at, known := v.silentFrom(p, t); known && t.running < 0 {
		return min(t.from, max(at, v.restedAt(p, t), p.seen))
	}
	return t.from
}

// silentFrom is since when nobody has said anything at the connection at which a thread waits for another server, by the
// kernel's account: the thread, which comes back to it again and again, has waited for that long.
func (v capacity) silentFrom(p *process, t *threadState) (from time.Duration, known bool) {
	o := v.behind(p, t.TID, v.now)
	if o == nil {
		return 0, false
	}
	ev, ok := o.event.(history.SocketWait)
	if !ok || ev.Client || ev.Silent < 0 || ev.Asked <= 0 {
		return 0, false
	}
	return o.at - min(ev.Silent, ev.Asked), true
}
