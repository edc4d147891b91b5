package diagnose

import (
	"cmp"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// A finder finds what keeps a process from progress.
type finder struct{ sight }

// worse prefers what is a hang already, then what is explained, then what lasts longer.
func (f finder) worse(a, b standstill) bool {
	rank := func(s standstill) int {
		n := 0
		if f.hung(s) {
			n += 4
		}
		if s.limit != never {
			n += 2
		}
		if s.thread != nil || s.task != nil || s.how == waitingInside {
			n++
		}
		return n
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(b.from, a.from)) > 0
}

// hung says whether a stall is a hang by now: because it cannot end by itself, because others have waited behind it for
// its limit, or because the work is older than any should be. Time in which hangtime itself was late does not count.
func (f finder) hung(s standstill) bool {
	switch {
	case s.how == byStop || s.how == byFreezer || s.how == byMemory || s.limit == 0:
		return true
	case s.unaided || s.aimless:
		return false
	case f.spared(s):
		return f.old(s)
	case s.limit > 0 && f.silence(s.from, f.now) >= s.limit &&
		(s.shown == 0 || f.silence(s.shown, f.now) >= s.limit-closerLook-3*tickStep):
		return true
	}
	return f.old(s)
}

// spared says whether a stall that keeps nobody else has lasted long enough to be a hang, and is none because others of
// the server answer those who wait.
func (f finder) spared(s standstill) bool {
	return s.own && s.limit > 0 && f.silence(s.from, f.now) >= s.limit && f.served(f.limits.Loop)
}

// old says whether the work is older than the age from which on it is held to hang whoever waits for it.
func (f finder) old(s standstill) bool {
	if f.limits.HangAfter <= 0 || s.how == deadLoop || s.nobodys {
		return false
	}
	return f.silence(s.since(), f.now) >= f.limits.HangAfter &&
		(s.shown == 0 || f.silence(s.shown, f.now) >= min(f.limits.HangAfter, f.limits.Loop)-closerLook-3*tickStep)
}

// explained is a stall with a thread as its reason.
func (f finder) explained(p *process, t *threadState, from, limit time.Duration) standstill {
	s := standstill{from: from, work: unset, limit: limit, tid: t.TID, thread: t}
	s.behind = f.behind(p, t.TID, t.at)
	if t.running >= 0 {
		s.how, s.shown = computing, t.running
		if p.fileless() {
			s.how = withoutFiles
		}
		return s
	}
	if !t.Twice {
		if limit >= 0 {
			s.limit = max(limit, f.limits.Pool) // a single look proves less
		}
		return s
	}
	// A thread beside those that serve, such as a log's writer, may wait for ever and harm nobody.
	if disk, ok := s.event().(history.DiskWait); ok && disk.Frozen && f.serves(p, t) {
		s.limit = 0
	}
	if s.cycle = f.cycle(p, t); s.cycle != nil {
		s.limit = 0
		if from, known := f.formed(p, t, len(s.cycle)); known {
			s.from = from
		}
	}
	if st := p.stacks[t.TID]; st.holdsItself() || st != nil && st.Wait != nil && st.Wait.Before != 0 && st.Wait.On != "" {
		s.limit = 0 // who took it does not exist in this process, or waits for itself
	}
	if mutex, ok := s.event().(history.MutexWait); ok && mutex.Dead {
		s.limit = 0
	}
	if f.unreadChild(p, t) || f.lostChild(p, t) {
		s.limit = 0
	}
	return s
}

// unreadChild says whether a thread waits for the end of a child that writes to a full pipe which nobody but its own
// process could read, and no other thread of that is at anything.
func (f finder) unreadChild(p *process, t *threadState) bool {
	o, links := f.behind(p, t.TID, t.at), p.chains[t.TID].Links
	if o == nil || len(links) == 0 || !links[len(links)-1].Sole {
		return false
	}
	if child, ok := o.event.(history.ChildWait); !ok || child.Via != "end" {
		return false
	}
	for _, other := range p.threads {
		if other != t && !f.idle(p, other) {
			return false
		}
	}
	return true
}

// lostChild says whether a thread waits for the end of a child that never ends, for it waits for a lock which the fork
// copied taken.
func (f finder) lostChild(p *process, t *threadState) bool {
	o, links := f.behind(p, t.TID, t.at), p.chains[t.TID].Links
	if o == nil || len(links) == 0 || !links[0].Lost {
		return false
	}
	child, ok := o.event.(history.ChildWait)
	return ok && child.Via == "end"
}

// formed is since when so many threads are in a circle, where their own standstill does not say it: who waits for a
// monitor of Java wakes up every second to look (ObjectMonitor::EnterI, MAX_RECHECK_INTERVAL). They serve as many
// requests, which are not answered any more, and so are the oldest; the circle is as old as the last of these.
func (f finder) formed(p *process, t *threadState, n int) (from time.Duration, known bool) {
	st := p.stacks[t.TID]
	if st == nil || st.Language != "java" || st.Wait == nil || st.Wait.On != "monitor" || n < 1 || n > len(p.sample.Ages) {
		return 0, false
	}
	return max(p.sampledAt-p.sample.Ages[n-1], f.restedAt(p, t)), true
}

// pooled counts those of a pool among threads that stand still. The pool is used up since the last of them was taken.
func (f finder) pooled(p *process, s *standstill, standing []*threadState) {
	for _, t := range standing {
		r := p.roleOf(t.ThreadSample)
		switch {
		case r == mainThread || r == loopThread:
			continue
		case t.TID == s.tid && t.running >= 0: // it is one itself; since when, is known
			s.crowd++
			continue
		case t.TID == s.tid:
		case t.running >= 0 && !f.repeats(p, t), f.unread(p, t):
			continue
		}
		s.crowd++
		if (s.behind == nil || !s.behind.shared()) && !f.repeats(p, t) {
			s.from = max(s.from, t.from)
		}
	}
}
