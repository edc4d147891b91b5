package diagnose

import (
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// explained is a stall with a thread as its reason.
func (v waitGraph) explained(p *process, t *threadState, from, limit time.Duration) standstill {
	s := standstill{from: from, work: unset, limit: limit, tid: t.TID, thread: t}
	s.behind = v.behind(p, t.TID, t.at)
	if t.running >= 0 {
		s.how, s.shown = computing, t.running
		if p.fileless() {
			s.how = withoutFiles
		}
		return s
	}
	if !t.Twice {
		if limit >= 0 {
			s.limit = max(limit, v.limits.Pool) // a single look proves less
		}
		return s
	}
	// A thread beside those that serve, such as a log's writer, may wait for ever and harm nobody.
	if disk, ok := s.event().(history.DiskWait); ok && disk.Frozen && v.serves(p, t) {
		s.limit = 0
	}
	if s.cycle = v.cycle(p, t); s.cycle != nil {
		s.limit = 0
		if from, known := v.formed(p, t, len(s.cycle)); known {
			s.from = from
		}
	}
	if st := p.stacks[t.TID]; st.holdsItself() || st != nil && st.Wait != nil && st.Wait.Before != 0 && st.Wait.On != "" {
		s.limit = 0 // who took it does not exist in this process, or waits for itself
	}
	if mutex, ok := s.event().(history.MutexWait); ok && mutex.Dead {
		s.limit = 0
	}
	if v.unreadChild(p, t) || v.lostChild(p, t) {
		s.limit = 0
	}
	return s
}

// unreadChild says whether a thread waits for the end of a child that writes to a full pipe which nobody but its own
// process could read, and no other thread of that is at anything.
func (v waitGraph) unreadChild(p *process, t *threadState) bool {
	o, links := v.behind(p, t.TID, t.at), p.chains[t.TID].Links
	if o == nil || len(links) == 0 || !links[len(links)-1].Sole {
		return false
	}
	if child, ok := o.event.(history.ChildWait); !ok || child.Via != "end" {
		return false
	}
	for _, other := range p.threads {
		if other != t && !v.idle(p, other) {
			return false
		}
	}
	return true
}

// lostChild says whether a thread waits for the end of a child that never ends, for it waits for a lock which the fork
// copied taken.
func (v waitGraph) lostChild(p *process, t *threadState) bool {
	o, links := v.behind(p, t.TID, t.at), p.chains[t.TID].Links
	if o == nil || len(links) == 0 || !links[0].Lost {
		return false
	}
	child, ok := o.event.(history.ChildWait)
	return ok && child.Via == "end"
}

// formed is since when so many threads are in a circle, where their own standstill does not say it: who waits for a
// monitor of Java wakes up every second to look (ObjectMonitor::EnterI, MAX_RECHECK_INTERVAL). They serve as many
// requests, which are not answered any more, and so are the oldest; the circle is as old as the last of these.
func (v waitGraph) formed(p *process, t *threadState, n int) (from time.Duration, known bool) {
	st := p.stacks[t.TID]
	if st == nil || st.Language != "java" || st.Wait == nil || st.Wait.On != "monitor" || n < 1 || n > len(p.sample.Ages) {
		return 0, false
	}
	return max(p.sampledAt-p.sample.Ages[n-1], v.restedAt(p, t)), true
}
