package diagnose

// progress tells whether a process that was found hung moves again.
type progress struct{ idleness }

// another says whether a stall is a new hang rather than what the process is hung by already. A thread that ran between
// is none: a signal's handler makes it run, and so does a timer. It takes an answer between the two.
func (pg progress) another(p *process, s standstill) bool {
	if p.stall.outside() != s.outside() {
		return true
	}
	return p.stall.tid == s.tid && s.how == standing && s.from > p.stall.from+pg.limits.Slack && p.grew > p.confirmed
}

// moves says whether a hung process that does not look hung any more makes progress again: that its threads were not
// looked at is no sign of life, and that one of them ran is none either. After the arbiter's signal the process dies:
// its threads run for its handlers, and its connections close. Only answers that go on long after that say that it
// lives.
func (pg progress) moves(p *process) bool {
	s := p.stall
	if at, doomed := p.doomed(); doomed {
		return s.how == standing && p.grew > at+pg.limits.Settle
	}
	switch s.how {
	case byStop, byTracer, byFreezer, byMemory:
		return true // seen in another state
	case waitingTasks:
		return p.answered > p.confirmed-tickStep || p.lookedAt > p.confirmed+pg.limits.Slack ||
			pg.now-p.lookedAt > pg.limits.Stale
	case deadLoop:
		return p.ended > s.from || p.turned > s.from+pg.limits.Slack || p.open == 0
	}
	switch {
	case pg.workless(p):
		return true
	case s.thread == nil && pg.whole && p.lookedAt > p.confirmed && pg.idles(p):
		return true // it was held to hang for want of a look
	case s.thread == nil:
		return p.answered > p.confirmed-tickStep && p.answered > s.from+pg.limits.Slack
	case p.roleOf(s.thread.ThreadSample) == loopThread:
		return pg.turns(p, s)
	}
	return pg.answers(p, s)
}

// turns says whether the loop that stood still turns again: by its own count, by tasks that end, or, where neither is
// known, by its thread that waits for work.
func (pg progress) turns(p *process, s standstill) bool {
	last, left := s.thread.at, pg.left(p, s)
	switch {
	case p.countsTurns():
		return p.turned > last || left && p.ended > last
	case p.open > 0 || p.finished:
		// Its client learns of an end late: one just after the last look proves nothing.
		return p.ended > last+3*tickStep || left && p.ended > last
	}
	return left
}

// answers says whether answers leave since the last look that found the thread standing.
func (pg progress) answers(p *process, s standstill) bool {
	last, left := s.thread.at, pg.left(p, s)
	if t := p.threads[s.tid]; t != nil && !left {
		last = max(last, t.at)
	}
	done := max(p.answered, p.ended)
	switch {
	case left && (done > last || p.noListener || pg.idle(p, p.threads[s.tid]) && p.sample.Inside == 0 && p.open == 0):
		return true // it answers, or it waits for work and there is none
	case p.grew > last, p.ended > last && s.crowd > 0:
		return true
	case p.grown > last && p.open == 0 && (p.sample.Inside == 0 || p.began() > last):
		return true // it has answered all that was asked before
	}
	return done > last && p.before > last // a sample came without a look after it, so nothing inside is old any more
}

// left says whether the thread that stood still was seen elsewhere since: in another call, on a processor, or waiting
// for work.
func (pg progress) left(p *process, s standstill) bool {
	t := p.threads[s.tid]
	if t == nil || t.at <= s.thread.at {
		return false
	}
	switch s.how {
	case computing, withoutFiles:
		return t.running < 0 && !pg.repeats(p, t)
	case polling:
		return t.placed == unset || t.placed > p.confirmed
	}
	return t.running >= 0 || t.Syscall != s.thread.Syscall || pg.idle(p, t)
}

// workless says whether nothing has been asked of the process for a while, and what it hung by is not seen any more:
// clients that give up free nobody.
func (pg progress) workless(p *process) bool {
	return p.sample.Inside == 0 && p.open == 0 && pg.backlog == 0 && pg.now-p.confirmed > pg.limits.Stale && !pg.stands(p)
}

// stands says whether the thread that a process hung by is still where it was, or still runs without a pause.
func (pg progress) stands(p *process) bool {
	s, t := p.stall, p.threads[p.stall.tid]
	switch {
	case s.thread == nil || t == nil || !pg.fresh(p, t.at) || pg.left(p, s):
		return false
	case s.how == computing || s.how == withoutFiles:
		return pg.computes(p, t)
	case s.how == polling:
		return pg.repeats(p, t)
	}
	return t.from <= s.thread.from+pg.limits.Slack
}
