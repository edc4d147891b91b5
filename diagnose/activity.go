package diagnose

import (
	"slices"
	"time"
)

// An activity tells how the threads and pieces of work of a process get on: which run all the time, and which come back to
// one place again and again.
type activity struct{ sight }

// sameFor is for how long every look must find a thread that sleeps and runs by turns in one place before it is held to
// repeat one wait.
const sameFor = 700 * time.Millisecond

// repeats says whether a thread waits again and again in one place: a lock that is asked for with pauses, a call that
// is tried again.
func (v activity) repeats(p *process, t *threadState) bool {
	if p.roleOf(t.ThreadSample) == loopThread {
		return false // a loop comes back to one place by its nature, each time for another piece of work
	}
	enough, until, pauses := sameFor, t.there, 2
	if p.roleOf(t.ThreadSample) == mainThread {
		switch {
		case p.beganTurn(t.placed):
			return false
		case p.servesNobody() && !p.sameRequest(t):
			enough, pauses = v.limits.Unanswered, servedPauses
		}
	}
	if old := p.sample.Inside > 0 && v.limits.HangAfter > 0 && v.now-p.began() >= v.limits.HangAfter; old &&
		v.restedAt(p, t) <= p.began() && !v.queued(p, 1) {
		enough, until, pauses = tickStep, v.now, 0 // its request is older than any should be: two looks in one place will do
	}
	return t.placed != unset && until-t.placed >= enough && (t.running >= 0 || t.pauses >= pauses && t.from > t.placed+v.limits.Slack)
}

// sameRequest says whether two readings of a thread's code found it in one request.
func (p *process) sameRequest(t *threadState) bool {
	st := p.stacks[t.TID]
	return st != nil && st.Request != nil && st.first < st.at
}

// servedPauses is how many looks must find a thread of a process waiting in one place that has no request inside: one that
// ends its requests within moments is in the same place of another one each time.
const servedPauses = 8

// mayRepeat says whether a process was first looked at so lately that a thread which comes back to one place may not
// have been seen there for long enough: on a busy machine its code is read late, and once a second.
func (v activity) mayRepeat(p *process) bool {
	if p.metAt == unset || v.now-p.metAt >= v.limits.Turn {
		return false
	}
	for _, t := range p.threads {
		if t.placed != unset && v.fresh(p, t.at) && !v.repeats(p, t) {
			return true
		}
	}
	return false
}

// computes says whether a thread that was found running runs all the time: at two looks, and by the account of its
// process between them. One that shares its processor runs less, and is ready to run all the time.
func (v activity) computes(p *process, t *threadState) bool {
	used, delayed := p.sharesSince(t.running - tickStep)
	return t.at-t.running >= lookTwice && used+delayed >= v.limits.Busy
}

// unread says whether what a thread does was last read before it began to stand still: it may have gone to rest since.
func (v activity) unread(p *process, t *threadState) bool {
	st := p.stacks[t.TID]
	return st != nil && t.running < 0 && st.at < t.from-v.limits.Slack && !v.repeats(p, t)
}

// asksAgain says whether a thread waits again and again in one request.
func (v activity) asksAgain(p *process, t *threadState) bool {
	return p.stacks[t.TID].work() != "" && v.repeats(p, t)
}

// pauses says whether a thread sleeps that has run long after its request came: it waits between two tries. The only
// thing that a sleep can end is itself, so what it is between is not seen.
func (v activity) pauses(p *process, t *threadState, others []*threadState) bool {
	return sleeps(t.ThreadSample, v.behind(p, t.TID, v.now)) && p.sample.Inside > 0 && len(others) == 1 && !v.queued(p, 1) &&
		p.roleOf(t.ThreadSample) == mainThread && t.from > max(p.began(), p.answered)+v.limits.Loop
}

// spins says whether a thread runs a goroutine that was found running, on whatever thread, at every reading for a while.
func (v activity) spins(p *process, t *threadState) bool {
	st := p.stacks[t.TID]
	return st != nil && t.running >= 0 && v.turnsOn(p, st)
}

// turnsOn says the same of a piece of work.
func (v activity) turnsOn(p *process, st *stack) bool {
	if st.Kind != "goroutine" || st.Request == nil || v.now-st.at > 2*v.limits.Stale {
		return false
	}
	seen, known := p.spinning[st.ID]
	return known && seen.to-seen.from >= v.limits.Loop*9/10
}

// mayTurn says whether a goroutine was last found running that has an old request, but not for long enough to say that it
// runs all the time.
func (v activity) mayTurn(p *process) bool {
	if p.sample.Inside == 0 || v.now-max(p.began(), p.answered) < v.limits.Unanswered {
		return false
	}
	return slices.ContainsFunc(p.pieces(), func(st *stack) bool {
		seen, known := p.spinning[st.ID]
		return known && st.Kind == "goroutine" && st.Request != nil && v.now-seen.to <= spunApart && !v.turnsOn(p, st)
	})
}
