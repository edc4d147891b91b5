package diagnose

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// A sight tells what the threads of a process are at, and what its pieces of work without a thread wait for.
type sight struct{ *server }

// sameFor is for how long every look must find a thread that sleeps and runs by turns in one place before it is held to
// repeat one wait.
const sameFor = 700 * time.Millisecond

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

// idle says whether a thread is proven to wait for work: by the set of descriptors that it waits for, or by the place
// in its code.
func (v sight) idle(p *process, t *threadState) bool {
	if st := v.stackOf(p, t); st != nil && st.Idle && !(onlyLoops(p, st) && v.alone(p)) {
		return true
	}
	if v.engaged(p, t) {
		return false
	}
	o := v.behind(p, t.TID, v.now)
	return t.Idle && (o == nil || !o.real()) || o != nil && o.owed() && !v.waiting() && !asks(p, o) || v.parks(p, t)
}

// engaged says whether the code of a thread is at work while the kernel sees it wait for events alone: it is in a request,
// in a job of its pool, in a turn of its loop or in the own course of a program. Only a wait below which none of these
// stands may be that of a loop.
func (v sight) engaged(p *process, t *threadState) bool {
	if st := p.stacks[t.TID]; t.For == "events" && st != nil && !st.Idle && v.inCourse(p, st) {
		return true // its runtime waits with a wake-up of its own, whatever its code waits for
	}
	st := v.stackOf(p, t)
	if t.For != "events" || st == nil || st.Idle || st.Kind == "goroutine" { // which is tied to no thread
		return false
	}
	if st.Request == nil && (st.Own == 0 || !st.Pool && !st.Turn) {
		return false
	}
	// A loop may have ended the turn since it was read; who is in no turn, and was found there before, wakes up to wait
	// again.
	return t.running < 0 && st.at >= t.from-v.limits.Slack || !st.Turn && (st.first < st.at || t.placed != unset)
}

// asks says whether the client at whose connection a thread waits has a request outstanding, or may have one.
func asks(p *process, o *obstacle) bool {
	ev, _ := o.event.(history.SocketWait)
	at, err := netip.ParseAddrPort(ev.Remote)
	return err != nil || len(p.sample.Ports) < p.sample.Inside || slices.Contains(p.sample.Ports, int(at.Port()))
}

// parks says whether a thread waits in a futex beside one of its name whose loop waits for connections, in a program
// that tells nothing of its own: threads that run one loop by turns, such as tokio's, park so. It may be a lock as well.
func (v sight) parks(p *process, t *threadState) bool {
	if t.Syscall != "futex" || len(p.stacks) > 0 {
		return false
	}
	for _, other := range p.threads {
		if other.TID != t.TID && other.Name == t.Name && other.Idle && other.For == "connections" &&
			strings.HasPrefix(other.Syscall, "epoll") && v.fresh(p, other.at) {
			return true
		}
	}
	return false
}

// idles says whether the thread that would serve waits for events, seen lately.
func (v sight) idles(p *process) bool {
	for _, t := range p.threads {
		if r := p.roleOf(t.ThreadSample); v.fresh(p, t.at) && v.idle(p, t) &&
			(r == loopThread || r == mainThread || t.For == "connections") {
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

// still are the threads that do not wait for work and stand still, run all the time, or wait again and again in one
// place; those that explain most first.
func (v sight) still(p *process) []*threadState {
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

func (v sight) weight(p *process, t *threadState) int {
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

// repeats says whether a thread waits again and again in one place: a lock that is asked for with pauses, a call that
// is tried again.
func (v sight) repeats(p *process, t *threadState) bool {
	if p.roleOf(t.ThreadSample) == loopThread {
		return false // a loop comes back to one place by its nature, each time for another piece of work
	}
	enough, until := sameFor, t.there
	if old := p.sample.Inside > 0 && v.limits.HangAfter > 0 && v.now-p.began() >= v.limits.HangAfter; old &&
		v.restedAt(p, t) <= p.began() && !v.queued(p, 1) {
		enough, until = tickStep, v.now // its request is older than any should be: two looks in one place will do
	}
	return t.placed != unset && until-t.placed >= enough && (t.running >= 0 || t.from > t.placed+v.limits.Slack)
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

// stackOf is what a thread does in its language's words, as far as that is still true: it was read since the thread
// stands still, or a moment ago.
func (v sight) stackOf(p *process, t *threadState) *stack {
	st := p.stacks[t.TID]
	if st == nil || t.running < 0 && st.at >= t.from-v.limits.Slack || v.now-st.at <= 2*v.limits.Stale {
		return st
	}
	return nil
}

// unread says whether what a thread does was last read before it began to stand still: it may have gone to rest since.
func (v sight) unread(p *process, t *threadState) bool {
	st := p.stacks[t.TID]
	return st != nil && t.running < 0 && st.at < t.from-v.limits.Slack && !v.repeats(p, t)
}

// starved says whether the process is ready to run most of the time and gets no processor, or has used up its quota.
func (v sight) starved(p *process) bool {
	used, delayed := p.shares()
	_, throttled := p.group.throttles()
	return delayed > v.limits.Starved && delayed > used || throttled
}

// computes says whether a thread that was found running runs all the time: at two looks, and by the account of its
// process between them. One that shares its processor runs less, and is ready to run all the time.
func (v sight) computes(p *process, t *threadState) bool {
	used, delayed := p.sharesSince(t.running - tickStep)
	return t.at-t.running >= lookTwice && used+delayed >= v.limits.Busy
}

// behind is what a thread waits for, seen lately; nil: it is not known.
func (v sight) behind(p *process, tid int, now time.Duration) *obstacle {
	if o := p.obstacles[tid]; o != nil && (now-o.at <= v.limits.Stale || v.fresh(p, o.at)) {
		return o
	}
	return nil
}

// fileless says whether the process has no descriptor left.
func (p *process) fileless() bool { return p.files.Limit > 0 && p.files.Open >= p.files.Limit }

// runs says whether the last look found one of its threads on a processor, or ready for one.
func (v sight) runs(p *process) bool {
	for _, t := range p.threads {
		if t.running >= 0 && v.fresh(p, t.at) {
			return true
		}
	}
	return false
}

// serverRuns says the same of its threads that are known to serve.
func (v sight) serverRuns(p *process) bool {
	for _, t := range p.threads {
		if t.running >= 0 && v.fresh(p, t.at) && (p.roleOf(t.ThreadSample) != otherThread || v.atWork(p, t)) {
			return true
		}
	}
	return false
}

// computesBeside says whether a thread that is not known to serve was found running for as long as a loop may stand still.
func (v sight) computesBeside(p *process) bool {
	for _, t := range p.threads {
		if t.running >= 0 && v.fresh(p, t.at) && t.at-t.running >= sameFor &&
			p.roleOf(t.ThreadSample) == otherThread && !v.atWork(p, t) {
			return true
		}
	}
	return false
}

// upstreamWaits says whether other servers were seen, lately, to owe it answers.
func (v sight) upstreamWaits(p *process) bool {
	return len(p.upstream.Waits) > 0 && v.now-p.upAt <= max(3*v.limits.Stale, v.stale(p))
}
