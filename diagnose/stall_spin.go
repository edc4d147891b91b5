package diagnose

// spinStall is a goroutine that computes while no thread is seen to: on a busy machine it mostly waits for its turn on one.
func (f awaitFinder) spinStall(p *process) (standstill, bool) {
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
