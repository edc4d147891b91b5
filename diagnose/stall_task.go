package diagnose

import "time"

// A taskFinder finds tasks of a queue that stand still, and the loop that would run them.
type taskFinder struct{ waitGraph }

// loopStall is a named loop thread that does not turn although the worker has work; answers of its other threads say
// nothing of the loop.
func (f taskFinder) loopStall(p *process) (standstill, bool) {
	if p.open == 0 && p.sample.Inside == 0 {
		return standstill{}, false
	}
	for _, t := range f.still(p) {
		if p.roleOf(t.ThreadSample) != loopThread || p.ended > t.at+3*tickStep || t.running >= 0 && !f.computes(p, t) {
			// A task ended well after the last look at it: it runs again. Its client learns of an end late, so a little later
			// proves nothing.
			continue
		}
		from := t.from
		if t.running >= 0 {
			from = max(p.turned, p.idled[loopThread])
			if p.open > 0 {
				from = max(from, p.ended)
			}
			if p.busyFrom <= from+2*tickStep {
				from = max(from, p.busyFrom) // its account is finer than the looks
			}
			if p.sample.Inside > 0 && !p.countsTurns() {
				from = max(from, p.answered) // it may have been the loop that answered
			}
		}
		return f.explained(p, t, max(from, f.asked(p)), f.limits.Loop), true
	}
	return standstill{}, false
}

// asked is when the oldest work that is present came: a loop that stood still before had nothing to do.
func (f taskFinder) asked(p *process) time.Duration {
	from := unset
	if p.open > 0 {
		from = p.openFrom
	}
	if p.sample.Inside > 0 && (from == unset || p.began() < from) {
		from = p.began()
	}
	return max(from-f.limits.Slack, p.seen)
}

// taskStall is accepted tasks of which none ends while a thread that is no named loop stands still.
func (f taskFinder) taskStall(p *process) (standstill, bool) {
	if p.open == 0 {
		return standstill{}, false
	}
	threads := f.still(p)
	for _, t := range threads {
		if p.roleOf(t.ThreadSample) == loopThread || t.from < p.endedMin-f.limits.Slack-tickStep || t.running >= 0 {
			continue // a task ended since. When it ended, its client learns late: at the next look.
		}
		s := f.explained(p, t, max(t.from, p.endedMin), f.limits.Pool)
		f.pooled(p, &s, threads)
		if alone := p.opened.least(max(s.from+closerLook, f.now-f.limits.Pool), p.open) <= s.crowd; alone &&
			(s.behind == nil || !s.behind.shared()) && s.limit > 0 {
			s.limit = never
		}
		return s, true
	}
	return standstill{}, false
}

// silentStall is accepted tasks of which none ends although nothing is seen to stand in the way, while requests are
// answered: nobody runs them. Slow tasks look the same, so it takes a loop whose count of turns stands still, or a
// process that has never ended a task for a long time.
func (f taskFinder) silentStall(p *process) (standstill, bool) {
	if p.open < 2 || max(p.answered, p.took) <= p.ended || len(f.still(p)) > 0 {
		return standstill{}, false
	}
	s := standstill{from: max(p.ended, p.openFrom, p.seen), work: unset, how: deadLoop}
	// A server that counts its tasks counts its loop's turns too: none at all is a loop that nobody runs.
	switch counted := p.beatAt >= 0 && f.now-p.beatAt <= f.limits.Stale && (p.beat.Turns > 0 || p.beat.InFlight > 0); {
	case counted:
		s.from, s.limit = max(s.from, p.turned), f.limits.Pool
	case p.finished || p.countsTurns():
		return standstill{}, false
	default:
		s.limit = f.limits.Tasks
	}
	return s, f.now-s.from >= f.limits.Loop
}
