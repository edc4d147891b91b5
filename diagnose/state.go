package diagnose

import "time"

// A judge decides in which state each process is.
type judge struct {
	*server
	*casebook
	sight
	finder
	explainer
	progress
}

// decide moves a process to the state that all that is known of it now amounts to.
func (f *judge) decide(p *process) {
	s, stalled := f.assess(p)
	p.kept = stalled && f.silence(s.from, f.now) >= f.limits.Suspect
	p.unseen = ""
	switch {
	case stalled && (f.hung(s) || p.hang != nil && s.continues(p.stall) && !f.another(p, s)):
		f.hangs(p, s)
		return
	case p.hang != nil && !f.moves(p):
		f.enter(p, p.state, p.since)
		return
	case p.hang != nil:
		f.moved(p)
	}
	next, since := f.calm(p, s, stalled)
	f.enter(p, next, since)
	p.label = f.label(p, s, stalled)
	if stalled && f.silence(s.since(), f.now) >= f.limits.Loop {
		p.stall = s
		cause := f.causeOf(p, s)
		p.cause = &cause // shown beside a slow worker as beside one that hangs: what it is in, and where
	}
}

// calm is the state of a process that is not hung, and since when.
func (f *judge) calm(p *process, s standstill, stalled bool) (State, time.Duration) {
	if stalled && s.limit != never && !f.spared(s) && f.silence(s.from, f.now) >= f.limits.Suspect {
		return Suspect, s.from
	}
	if p.unseen = f.unknown(p, stalled); p.unseen != "" {
		from := p.seen
		if p.sample.Inside > 0 {
			from = p.began()
		}
		return Unknown, from
	}
	next := Idle
	switch {
	case p.sample.Inside > 0 || p.open > 0 || stalled || len(f.awaited(p)) > 0:
		next = Busy
	case !p.ready && f.now-p.seen < f.limits.Boot:
		next = Booting
	case f.whole && p.noListener && p.lookedAt != unset && !p.rests:
		next = Busy // nothing is seen to be asked of it, and no thread of it is proven to wait for work: it runs
	}
	if next == p.state {
		return next, p.since
	}
	return next, f.now
}

func (f *judge) enter(p *process, next State, since time.Duration) {
	if next == Suspect && p.suspected < 0 {
		p.suspected = f.now
	}
	if next != Suspect && !next.IsHang() {
		p.suspected = -1
	}
	if !next.IsHang() {
		p.cause = nil
	}
	p.state, p.since = next, since
	if pl := f.places[p.place]; pl.now == p {
		pl.note(next)
	}
}

// hangs makes the process a victim, or keeps it one.
func (f *judge) hangs(p *process, s standstill) {
	if p.hang != nil && f.another(p, s) {
		f.moved(p)
	}
	if p.hang != nil && !s.outside() {
		s.from = min(s.from, p.stall.from)
	}
	if p.suspected < 0 {
		p.suspected = f.now
	}
	if f.old(s) && s.limit == never {
		s.from = s.since()
	}
	p.stall, p.confirmed, p.label = s, f.now, ""
	cause := f.causeOf(p, s)
	if p.cause == nil || cause.better(*p.cause) {
		p.cause = &cause
	}
	next := Hung
	if s.outside() {
		next = Stopped
	}
	f.enter(p, next, s.from)
	if p.hang == nil {
		f.fell(p)
	} else {
		f.known(p)
	}
	if p.hang != nil {
		p.hang.inside(p, f.now)
	}
}
