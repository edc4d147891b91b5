package diagnose

// label says what is the matter with a process that is not hung.
func (f finder) label(p *process, s standstill, stalled bool) Label {
	_, throttled := p.group.throttles()
	work := p.sample.Inside > 0 || p.open > 0
	slow := stalled && (s.limit == never || f.spared(s)) && f.silence(s.since(), f.now) >= f.limits.Loop
	switch {
	case p.gone || p.state.IsHang() || p.state == Unknown || p.helps():
		return ""
	case p.leaving || p.told("SIGTERM"):
		return Draining
	case throttled:
		return Throttled
	case f.starved(p):
		return Starved
	case stalled && waitsForClient(s.behind) && s.limit == never:
		return SlowPeer
	case slow:
		return Slow
	case p.sample.Silent > 0 && p.sample.Inside == 0:
		return SlowPeer
	case !stalled && f.awaitsLong(p):
		return Awaiting
	case !stalled && p.sample.Inside > 0 && f.upstreamWaits(p) && f.now-p.began() > f.limits.Loop:
		return Relaying
	case !stalled && p.sample.Inside > 0 && f.idles(p) && f.now-p.began() > f.limits.Loop &&
		f.now-p.answered > f.limits.Suspect && !f.swamped() && !f.computesBeside(p):
		return LongPoll
	case work && f.swamped():
		return Saturated
	}
	return ""
}

// awaitsLong says whether a piece of work without a thread has waited for longer than a moment.
func (f finder) awaitsLong(p *process) bool {
	all := f.awaited(p)
	return len(all) > 0 && f.now-f.askedAt(p, all[0]) > f.limits.Loop
}
