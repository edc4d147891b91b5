package diagnose

import (
	"fmt"
	"time"
)

// An awaitFinder finds pieces of work that stand still and that no thread is seen to run.
type awaitFinder struct {
	waitGraph
	criterion
}

// awaitStall is pieces of work without a thread that wait for what only one can have at a time.
func (f awaitFinder) awaitStall(p *process) (standstill, bool) {
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
func (f awaitFinder) answerStall(p *process) (standstill, bool) {
	s, first := standstill{work: unset, limit: never, how: waitingTasks}, ""
	for _, st := range f.awaited(p) {
		on := f.awaitsAnswer(p, st)
		if st.Request == nil || f.limits.HangAfter <= 0 || on == "" {
			continue
		}
		age, inside := p.ageOf(st.Request.Port)
		if !inside || age < f.limits.HangAfter {
			continue
		}
		if s.task == nil {
			s.task, s.from, first = st, max(p.sampledAt-age, p.seen), on
		}
		if on == first {
			s.crowd += max(st.Count, 1)
		}
	}
	return s, s.task != nil
}

// awaitsAnswer is what a piece of work waits for that is to come within the time that work may last: "socket", or "sleep" of a
// goroutine; empty: it may wait for something on purpose. Where its runtime does not say what for, as of what a compiled
// module awaits, it is an answer if nothing of its own has been sent and another server has owed its process one for as long.
func (f awaitFinder) awaitsAnswer(p *process, st *stack) string {
	on := ""
	if st.Wait != nil {
		on = st.Wait.On
	}
	switch {
	case on == "socket", on == "sleep" && st.Kind == "goroutine":
		return on
	case on == "" && st.Kind != "goroutine" && st.Request != nil && st.Request.Spoke == 0 && f.unansweredFor(p) >= f.limits.HangAfter:
		return "socket"
	}
	return ""
}

// circleStall is coroutines that await each other: none of them can ever go on.
func (f awaitFinder) circleStall(p *process) (standstill, bool) {
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
func (f awaitFinder) circledAt(p *process, in *stack) time.Duration {
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
func (f awaitFinder) taskCircle(p *process, from *stack) []string {
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
func (f awaitFinder) startStall(p *process) (standstill, bool) {
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
