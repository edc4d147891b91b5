package diagnose

import (
	"cmp"
	"slices"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// A stall is work without progress, and what is known of the thread that stands still.
type stall struct {
	from    time.Duration // since when
	limit   time.Duration // from when on it is a hang; 0: it is one at once; <0: it never is
	tid     int           // of the thread that explains it; 0: none does
	thread  *thread
	wait    *wait
	stopped bool
	cpu     bool
	slow    bool // each piece of work has a thread of its own at it: no hang however long it takes
}

// never is the limit of a stall that is suspicious and no more.
const never time.Duration = -1

// assess finds what keeps the process from progress, if anything does.
func (f *Fold) assess(p *process, now time.Duration) (stall, bool) {
	if p.sampledAt >= 0 && stopped(p.sample.State) {
		from := max(p.sampledAt-p.sample.Still, p.running, p.seen)
		return stall{from: from, stopped: true}, true
	}
	if used, delayed := p.shares(); delayed > f.limits.Starved && delayed > used {
		return stall{}, false // it would run if it got a processor
	}
	best, found := stall{}, false
	for _, s := range []func(*process, time.Duration) (stall, bool){f.loopStall, f.requestStall, f.taskStall} {
		if one, ok := s(p, now); ok && (!found || f.worse(one, best, now)) {
			best, found = one, true
		}
	}
	return best, found
}

// worse prefers what is a hang already, then what a thread explains, then what lasts longer.
func (f *Fold) worse(a, b stall, now time.Duration) bool {
	rank := func(s stall) int {
		n := 0
		if f.hung(s, now) {
			n += 2
		}
		if s.thread != nil {
			n++
		}
		return n
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(b.from, a.from)) > 0
}

// hung says whether a stall is a hang by now. Time in which hangtime itself was late does not count.
func (f *Fold) hung(s stall, now time.Duration) bool {
	if s.slow {
		return false
	}
	return s.stopped || s.limit == 0 || s.limit > 0 && now-max(s.from, f.blind) >= s.limit
}

// loopStall is a named loop thread that does not turn although the worker has work; answers of its other threads say nothing of the loop.
func (f *Fold) loopStall(p *process, now time.Duration) (stall, bool) {
	if p.open == 0 && p.sample.Inside == 0 {
		return stall{}, false
	}
	for _, t := range f.still(p, now) {
		if p.role(t.ThreadSample) != loopThread {
			continue
		}
		from := t.from
		if t.running >= 0 {
			from = max(t.running, p.turned)
			if p.open > 0 {
				from = max(from, p.ended)
			}
			if p.sample.Inside > 0 {
				from = max(from, p.answered)
			}
		}
		if p.ended > t.at+3*tickStep {
			continue // a task ended well after the last look at it: it runs again. Its client learns of an end late, so a little later proves nothing.
		}
		return f.explained(p, t, max(from, f.asked(p)), f.limits.Loop), true
	}
	return stall{}, false
}

// asked is when the oldest work that is present came: a loop that stood still before had nothing to do.
func (f *Fold) asked(p *process) time.Duration {
	from := time.Duration(-1)
	if p.open > 0 {
		from = p.openFrom
	}
	if p.sample.Inside > 0 && (from < 0 || p.began() < from) {
		from = p.began()
	}
	return max(from-f.limits.Slack, p.seen)
}

// requestStall is requests inside and no answer, or connections that nobody accepts and a thread that shows why.
func (f *Fold) requestStall(p *process, now time.Duration) (stall, bool) {
	asked := p.sample.Inside > 0
	from := max(p.answered, p.seen)
	if asked {
		from = max(from, p.began())
	}
	threads := f.still(p, now)
	for _, t := range threads {
		w := f.waitOf(p, t.TID, now)
		if !asked && f.backlog == 0 && (w == nil || p.ready) {
			continue
		}
		begin := t.from
		if t.running >= 0 {
			begin = max(t.running, from)
		}
		if p.grew > 0 && p.grew+f.limits.Slack >= t.at {
			continue // it answered after the last look at this thread
		}
		// A thread that stood still long before the last answer is not what stops the answers, unless it is known to: then a client that gave up looks like one.
		if known := p.hang != nil && p.stall.tid == t.TID; !known && begin < p.earliest-f.limits.Slack {
			continue
		}
		if p.role(t.ThreadSample) == mainThread || w != nil {
			return f.explained(p, t, max(begin, p.seen), f.limits.Loop), true
		}
		s := f.explained(p, t, max(begin, from), f.limits.Pool)
		s.slow = !f.crowded(p, threads)
		return s, true
	}
	if !asked || f.idles(p, now) {
		return stall{}, false // a loop that waits for events: a long poll, or an answer that comes from elsewhere
	}
	s := stall{from: from, limit: f.limits.Pool}
	if p.sample.Inside < 2 && f.backlog == 0 {
		s.limit = never // one slow answer, and nobody waits behind it
	}
	return s, true
}

// tickStep is how often the probe looks; what is told to have begun between two looks may be as old as that.
const tickStep = 100 * time.Millisecond

// taskStall is accepted tasks of which none ends while a thread that is no named loop stands still.
func (f *Fold) taskStall(p *process, now time.Duration) (stall, bool) {
	if p.open == 0 {
		return stall{}, false
	}
	threads := f.still(p, now)
	for _, t := range threads {
		role := p.role(t.ThreadSample)
		if role == loopThread || t.from < p.ended-f.limits.Slack-tickStep || t.running >= 0 {
			continue
		}
		s := f.explained(p, t, max(t.from, p.ended), f.limits.Pool)
		s.slow = p.open <= len(threads) && s.wait == nil
		return s, true
	}
	return stall{}, false
}

// crowded says whether more is asked of the worker than the threads that stand still can be busy with: others wait.
func (f *Fold) crowded(p *process, standing []*thread) bool {
	return p.sample.Inside > len(standing) || f.backlog > 0
}

// explained is a stall with a thread as its reason.
func (f *Fold) explained(p *process, t *thread, from, limit time.Duration) stall {
	s := stall{from: from, limit: limit, tid: t.TID, thread: t, cpu: t.running >= 0}
	s.wait = f.waitOf(p, t.TID, t.at)
	if !t.Twice && !s.cpu {
		s.limit = max(limit, f.limits.Pool) // a single look proves less
	}
	if used, _ := p.shares(); s.cpu && used < f.limits.Busy {
		s.limit = never
	}
	return s
}

// still are the threads that do not wait for work and stand still, or run all the time; those that explain most first.
func (f *Fold) still(p *process, now time.Duration) []*thread {
	var all []*thread
	for _, t := range p.threads {
		if now-t.at > f.limits.Stale || t.Idle || t.State == "Z" {
			continue
		}
		if t.running < 0 && t.Still < f.limits.Suspect && !t.Twice {
			continue
		}
		all = append(all, t)
	}
	for tid, w := range p.waits {
		if p.threads[tid] == nil && now-w.at <= f.limits.Stale && w.Still >= f.limits.Suspect {
			all = append(all, w.thread())
		}
	}
	slices.SortFunc(all, func(a, b *thread) int {
		return cmp.Or(cmp.Compare(f.weight(p, b, now), f.weight(p, a, now)), cmp.Compare(a.from, b.from), cmp.Compare(a.TID, b.TID))
	})
	return all
}

func (f *Fold) weight(p *process, t *thread, now time.Duration) int {
	n := map[role]int{loopThread: 8, mainThread: 4}[p.role(t.ThreadSample)]
	if f.waitOf(p, t.TID, now) != nil {
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

// idles says whether the thread that would serve waits for events, seen lately.
func (f *Fold) idles(p *process, now time.Duration) bool {
	for _, t := range p.threads {
		if r := p.role(t.ThreadSample); now-t.at <= f.limits.Stale && t.Idle && (r == loopThread || r == mainThread) {
			return true
		}
	}
	return false
}

func (f *Fold) waitOf(p *process, tid int, now time.Duration) *wait {
	if w := p.waits[tid]; w != nil && now-w.at <= f.limits.Stale {
		return w
	}
	return nil
}

// thread is a lock wait of a thread of which no sample could be taken, as if it were one.
func (w *wait) thread() *thread {
	sample := history.ThreadSample{PID: w.PID, TID: w.TID, State: "S", Still: w.Still, Syscall: w.Lock}
	return &thread{ThreadSample: sample, at: w.at, seq: w.seq, from: w.from, running: -1}
}
