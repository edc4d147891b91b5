package diagnose

import (
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// turn dates the wait for a lock by the thread that has it: where that one has moved since, the lock may have gone from
// one to the next, and as long as it does they wait for their turn.
func (v waitGraph) turn(p *process, s *standstill) {
	if s.limit == 0 {
		return
	}
	from, known := v.holderStands(p, s)
	if !known || from <= s.from+v.limits.Slack {
		return
	}
	s.from = from
	if v.now-from < v.limits.Pool {
		s.limit = never
	}
}

// holderStands is since when the thread stands still that has the lock for which a stall's thread waits; it is not known
// where that one is not, or asks for something again and again in one request.
func (v waitGraph) holderStands(p *process, s *standstill) (from time.Duration, known bool) {
	if ev, ok := s.event().(history.LockWait); ok {
		return v.processStands(ev, s)
	}
	tid := 0
	if st := p.stacks[s.tid]; st != nil && st.Wait != nil && exclusive(st) {
		tid = int(st.Wait.Owner)
	}
	if ev, ok := s.event().(history.MutexWait); ok && ev.Owner != 0 {
		tid = ev.Owner
	}
	holder := p.threads[tid]
	if holder == nil || tid == s.tid || holder.running >= 0 || v.asksAgain(p, holder) {
		return 0, false
	}
	return holder.from, true
}

// processStands is the same of a lock that processes have. Any thread of these that is at work and does not wait for
// that lock may have it, so it is the one that has stood still the longest; where none stands still, it moves now.
func (v waitGraph) processStands(ev history.LockWait, s *standstill) (from time.Duration, known bool) {
	from = v.now
	for _, h := range ev.Holders {
		q := v.alive(h.PID)
		if q == nil || v.now-q.lookedAt > v.limits.Stale {
			return 0, false // not one of the server's, or not looked at
		}
		for _, t := range v.serving(q) {
			if o := v.behind(q, t.TID, v.now); o != nil && o.same == s.behind.same {
				continue
			}
			if t.running >= 0 || v.asksAgain(q, t) {
				return 0, false
			}
			from = min(from, t.from)
		}
	}
	return from, len(ev.Holders) > 0
}
