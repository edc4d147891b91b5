package diagnose

import (
	"slices"
	"time"
)

// A sight tells what is known at this moment of the threads of a process, its requests and its pieces of work without a
// thread.
type sight struct{ *server }

// fresh says whether what was found at a moment still counts: it was a moment ago, or is of the last whole look, which
// is over since a moment. On a busy machine a look takes long.
func (v sight) fresh(p *process, at time.Duration) bool {
	stale := v.stale(p)
	return v.now-at <= stale || at >= p.wholeFrom && v.now-p.lookedAt <= stale
}

// stale is how old the last look may be and still count. A program by itself shows nowhere else what it is at, and is looked
// at all the time: where that comes late, the machine is busy.
func (v sight) stale(p *process) time.Duration {
	if v.alone(p) {
		return v.limits.Pool
	}
	return v.limits.Stale
}

// alone says whether a process is a program by itself: it listens nowhere and is no child of a server, so that nobody
// is seen to ask it for anything. It may be a server that comes to nothing, a job that hangs, or a daemon that rests.
func (v sight) alone(p *process) bool {
	return p.noListener && p.pid == v.arbiter && p.sample.Inside == 0
}

// inCourse says whether a piece of work is in the own course of a program by itself, and is not proven to rest there: at
// the application's own code, or in a loop for events in which no code says what for.
func (v sight) inCourse(p *process, st *stack) bool {
	return st != nil && st.Request == nil && !st.Ends && (st.Script && !st.Idle || onlyLoops(p, st)) && v.alone(p)
}

// onlyLoops says whether the main thread waits for events in a loop below which no code is: what for the kernel knows.
func onlyLoops(p *process, st *stack) bool { return st.Idle && len(st.Frames) == 0 && st.TID == p.pid }

// stackOf is what a thread does in its language's words, as far as that is still true: it was read since the thread
// stands still, or a moment ago.
func (v sight) stackOf(p *process, t *threadState) *stack {
	st := p.stacks[t.TID]
	if st == nil || t.running < 0 && st.at >= t.from-v.limits.Slack || v.now-st.at <= 2*v.limits.Stale {
		return st
	}
	return nil
}

// behind is what a thread waits for, seen lately; nil: it is not known.
func (v sight) behind(p *process, tid int, now time.Duration) *obstacle {
	if o := p.obstacles[tid]; o != nil && (now-o.at <= v.limits.Stale || v.fresh(p, o.at)) {
		return o
	}
	return nil
}

// runs says whether the last look found one of its threads on a processor, or ready for one.
func (v sight) runs(p *process) bool {
	for _, t := range p.threads {
		if t.running >= 0 && v.fresh(p, t.at) {
			return true
		}
	}
	return false
}

// accepts says whether any of its threads waits for connections.
func (v sight) accepts(p *process) bool {
	for _, t := range p.threads {
		if v.fresh(p, t.at) && t.Idle && t.For == "connections" {
			return true
		}
	}
	return false
}

// starved says whether the process is ready to run most of the time and gets no processor, or has used up its quota.
func (v sight) starved(p *process) bool {
	used, delayed := p.shares()
	_, throttled := p.group.throttles()
	return delayed > v.limits.Starved && delayed > used || throttled
}

// fileless says whether the process has no descriptor left.
func (p *process) fileless() bool { return p.files.Limit > 0 && p.files.Open >= p.files.Limit }

// upstreamWaits says whether other servers were seen, lately, to owe it answers.
func (v sight) upstreamWaits(p *process) bool {
	return len(p.upstream.Waits) > 0 && v.now-p.upAt <= max(3*v.limits.Stale, v.stale(p))
}

// unansweredFor is for how long another server has owed a process an answer, as far as that was seen lately; 0: none does.
func (v sight) unansweredFor(p *process) (longest time.Duration) {
	if !v.upstreamWaits(p) {
		return 0
	}
	for _, one := range p.upstream.Waits {
		if one.Oldest > 0 {
			longest = max(longest, one.Oldest+v.now-p.upAt)
		}
	}
	return longest
}

// over says whether the request of a client's port is known to be inside no more: it is not among those whose ports are
// known. Behind a proxy a language knows other ports than the kernel, so another piece of work is to have one of these.
func (v sight) over(p *process, port int) bool {
	if _, inside := p.ageOf(port); inside || port == 0 || len(p.sample.Ports) < p.sample.Inside {
		return false
	}
	for _, st := range p.tasks {
		if st.Request != nil && slices.Contains(p.sample.Ports, st.Request.Port) {
			return true
		}
	}
	for _, st := range p.stacks {
		if st.Request != nil && slices.Contains(p.sample.Ports, st.Request.Port) {
			return true
		}
	}
	return false
}

// restedAt is when a thread was last seen idle; of a main or loop thread also by what is known of the one that had
// its part before.
func (v sight) restedAt(p *process, t *threadState) time.Duration {
	switch r := p.roleOf(t.ThreadSample); r {
	case mainThread, loopThread:
		if t.TID != p.program { // whose rest is no other's
			return p.idled[r]
		}
	}
	return t.idled
}

// queued says whether the requests inside of a worker may have waited for their turn, before it accepted them or since:
// more are there than so many threads can be at, and it has ended another since the oldest came, or that is not known.
// Then their age is not that of what a thread is at. Where nothing has ended for long it is.
func (v sight) queued(p *process, threads int) bool {
	return (v.backlog > 0 || p.sample.Inside > threads) && v.now-max(p.answered, p.found) < v.limits.Pool &&
		p.began() < max(p.earliest, p.found)-v.limits.Slack
}
