package diagnose

import (
	"fmt"
	"time"
)

// loopStall is a named loop thread that does not turn although the worker has work; answers of its other threads say
// nothing of the loop.
func (f finder) loopStall(p *process) (standstill, bool) {
	if p.open == 0 && p.sample.Inside == 0 {
		return standstill{}, false
	}
	for _, t := range f.still(p) {
		if p.roleOf(t.ThreadSample) != loopThread || p.ended > t.at+3*tickStep || t.running >= 0 && !f.computes(p, t) {
			continue // a task ended well after the last look at it: it runs again. Its client learns of an end late, so a little later proves nothing.
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
func (f finder) asked(p *process) time.Duration {
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
func (f finder) taskStall(p *process) (standstill, bool) {
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
func (f finder) silentStall(p *process) (standstill, bool) {
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

// awaitStall is pieces of work without a thread that wait for what only one can have at a time.
func (f finder) awaitStall(p *process) (standstill, bool) {
	groups := map[uint64][]*stack{}
	for _, st := range f.awaited(p) {
		if exclusive(st) && !f.inCourse(p, st) {
			groups[st.Wait.Object] = append(groups[st.Wait.Object], st)
		}
	}
	best, found := f.answerStall(p)
	for _, look := range []func(*process) (standstill, bool){f.circleStall, f.startStall} {
		if s, ok := look(p); ok && (!found || f.worse(s, best)) {
			best, found = s, true
		}
	}
	for _, object := range sortedKeys(groups) {
		group := groups[object]
		s := standstill{from: f.askedAt(p, group[0]), work: unset, limit: never, how: waitingTasks, task: group[0]}
		for _, st := range group {
			s.crowd += max(st.Count, 1)
			if st.Own > 0 && s.task.Own == 0 {
				s.task = st
			}
		}
		if s.crowd > 1 && object != 0 && f.now-p.answered >= f.limits.Loop && group[0].Wait.On != "condition" {
			s.limit = f.limits.Pool // they wait for each other, or for one that never lets go
		}
		s.from = max(s.from, p.seen)
		if at, passes := p.passed[object]; passes && s.crowd > 1 {
			s.from = max(s.from, at)
			if f.now-at < f.limits.Pool {
				s.limit = never // it goes from one to the next: they wait for their turn
			}
		}
		if s.unaided = s.limit != never && f.now-p.found < f.limits.Turn; s.unaided && found && best.cycle == nil {
			best.unaided = true // what the others wait for explains more, in a moment
		}
		if f.now-s.from < f.limits.Suspect {
			continue
		}
		if !found || f.worse(s, best) {
			best, found = s, true
		}
	}
	return best, found
}

// answerStall is requests whose pieces of work have waited for longer than work may last: for a socket, an answer of
// another server, or, of a goroutine, which stands for a thread, in sleeps.
func (f finder) answerStall(p *process) (standstill, bool) {
	s := standstill{work: unset, limit: never, how: waitingTasks}
	for _, st := range f.awaited(p) {
		if st.Wait == nil || st.Request == nil || f.limits.HangAfter <= 0 ||
			st.Wait.On != "socket" && !(st.Wait.On == "sleep" && st.Kind == "goroutine") {
			continue
		}
		age, inside := p.ageOf(st.Request.Port)
		if !inside || age < f.limits.HangAfter {
			continue
		}
		if s.task == nil {
			s.task, s.from = st, max(p.sampledAt-age, p.seen)
		}
		if st.Wait.On != s.task.Wait.On {
			continue
		}
		s.crowd += max(st.Count, 1)
	}
	return s, s.task != nil
}

// circleStall is coroutines that await each other: none of them can ever go on.
func (f finder) circleStall(p *process) (standstill, bool) {
	for _, st := range f.awaited(p) {
		cycle := f.taskCircle(p, st)
		if cycle == nil {
			continue
		}
		return standstill{from: max(f.circledAt(p, st), p.seen), work: unset, how: waitingTasks, task: st, crowd: len(cycle),
			cycle: cycle}, true
	}
	return standstill{}, false
}

// circledAt is since when a circle of coroutines is there: asyncio keeps no time of them, so it is as old as the request
// that waits for it, where that was never seen at anything else.
func (f finder) circledAt(p *process, in *stack) time.Duration {
	from := f.askedAt(p, in)
	for _, st := range f.awaited(p) {
		if st.Request == nil || st.first > p.metAt {
			continue
		}
		for next, n := st, 0; next != nil && next.Wait != nil && n < 32; n++ {
			if next.ID == in.ID {
				from = min(from, f.askedAt(p, st))
				break
			}
			next = p.tasks[next.Wait.Owner]
		}
	}
	return from
}

// taskCircle says who awaits whom from a coroutine back to itself; nil: it does not come back.
func (f finder) taskCircle(p *process, from *stack) []string {
	var way []string
	for st := from; st != nil && st.Wait != nil && st.Wait.Owner != 0 && len(way) < 32; {
		next := p.tasks[st.Wait.Owner]
		if next == nil {
			return nil
		}
		way = append(way, fmt.Sprintf("%s awaits %s", nameOf(st), nameOf(next)))
		if next == from {
			return way
		}
		st = next
	}
	return nil
}

// startStall is the application's start that does not end, in a worker that has no listening socket before it does.
func (f finder) startStall(p *process) (standstill, bool) {
	if !p.noListener || f.anyReadyBut(p) {
		return standstill{}, false
	}
	for _, st := range f.awaited(p) {
		if st.Boots && st.Wait != nil && f.now-p.seen >= f.limits.Loop {
			return standstill{from: p.seen, work: unset, limit: f.limits.Pool, how: waitingTasks, task: st,
				crowd: max(st.Count, 1)}, true
		}
	}
	return standstill{}, false
}
