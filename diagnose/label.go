package diagnose

// A labeller says what is the matter with a process that is not hung.
type labeller struct {
	assignment
	criterion
}

// label says what is the matter with a process that is not hung.
func (v labeller) label(p *process, s standstill, stalled bool) Label {
	_, throttled := p.group.throttles()
	work := p.sample.Inside > 0 || p.open > 0
	slow := stalled && (s.limit == never || v.spared(s)) && v.silence(s.since(), v.now) >= v.limits.Loop
	switch {
	case p.gone || p.state.IsHang() || p.state == Unknown || p.helps():
		return ""
	case p.leaving || p.told("SIGTERM"):
		return Draining
	case throttled:
		return Throttled
	case v.starved(p):
		return Starved
	case stalled && waitsForClient(s.behind) && s.limit == never:
		return SlowPeer
	case slow:
		return Slow
	case p.sample.Silent > 0 && p.sample.Inside == 0:
		return SlowPeer
	case !stalled && v.awaitsLong(p):
		return Awaiting
	case !stalled && p.sample.Inside > 0 && v.upstreamWaits(p) && v.now-p.began() > v.limits.Loop:
		return Relaying
	case !stalled && p.sample.Inside > 0 && v.idles(p) && v.now-p.began() > v.limits.Loop &&
		v.now-p.answered > v.limits.Suspect && !v.swamped() && !v.computesBeside(p):
		return LongPoll
	case work && v.swamped():
		return Saturated
	}
	return ""
}
