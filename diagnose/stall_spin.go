package diagnose

import "slices"

// spins says whether a thread runs a goroutine that was found running, on whatever thread, at every reading for a while.
func (v sight) spins(p *process, t *threadState) bool {
	st := p.stacks[t.TID]
	return st != nil && t.running >= 0 && v.turnsOn(p, st)
}

// turnsOn says the same of a piece of work.
func (v sight) turnsOn(p *process, st *stack) bool {
	if st.Kind != "goroutine" || st.Request == nil || v.now-st.at > 2*v.limits.Stale {
		return false
	}
	seen, known := p.spinning[st.ID]
	return known && seen.to-seen.from >= v.limits.Loop*9/10
}

// spinStall is a goroutine that computes while no thread is seen to: on a busy machine it mostly waits for its turn on one.
func (f finder) spinStall(p *process) (standstill, bool) {
	best, found := standstill{}, false
	for _, st := range p.pieces() {
		if !f.turnsOn(p, st) {
			continue
		}
		from := max(p.spinning[st.ID].from, p.seen)
		s := standstill{from: from, shown: from, work: unset, limit: never, how: computing, task: st}
		if age, inside := p.ageOf(st.Request.Port); inside {
			s.work = p.sampledAt - age
		}
		if !found || s.since() < best.since() {
			best, found = s, true
		}
	}
	return best, found
}

// mayTurn says whether a goroutine was last found running that has an old request, but not for long enough to say that it
// runs all the time.
func (f finder) mayTurn(p *process) bool {
	if p.sample.Inside == 0 || f.now-max(p.began(), p.answered) < f.limits.Unanswered {
		return false
	}
	return slices.ContainsFunc(p.pieces(), func(st *stack) bool {
		seen, known := p.spinning[st.ID]
		return known && st.Kind == "goroutine" && st.Request != nil && f.now-seen.to <= spunApart && !f.turnsOn(p, st)
	})
}
