package diagnose

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/words"
)

// A course tells what a program by itself is at, which nobody is seen to ask for anything.
type course struct{ waitGraph }

// isMain says whether a piece of work is what the program began with.
func isMain(p *process, st *stack) bool { return st.Main || st.TID == p.pid }

// courseStall is the own course of a program that stands still. In a circle, or for what it has itself, it hangs, and
// after some time where its own loop was seen to wait for its next message before; of any other wait only its author
// knows whether it works or rests there.
func (v course) courseStall(p *process) (standstill, bool) {
	if !v.alone(p) {
		return standstill{}, false
	}
	best, found := standstill{}, false
	consider := func(s standstill, st *stack) {
		if s.aimless && !v.counts(p, st) {
			return
		}
		if !found || v.tells(p, s, best) > 0 {
			best, found = s, true
		}
	}
	for _, t := range v.still(p) {
		if st := p.stacks[t.TID]; v.inCourse(p, st) && !v.works(p, t) {
			consider(v.threadCourse(p, t), st)
		}
	}
	for _, id := range sortedKeys(p.tasks) {
		if st := p.tasks[id]; v.inCourse(p, st) && st.Wait != nil {
			consider(v.taskCourse(p, st), st)
		}
	}
	return best, found
}

// works says whether a thread was found running, and not only because it woke up to wait again: it gets on.
func (v course) works(p *process, t *threadState) bool {
	return t.running >= 0 && (v.computes(p, t) || t.at-t.running >= sameFor || !v.repeats(p, t))
}

// threadCourse is a thread's.
func (v course) threadCourse(p *process, t *threadState) standstill {
	s := v.explained(p, t, max(t.from, p.seen), never)
	s.how, s.aimless = standing, s.limit != 0 && !p.fetched
	switch again := v.repeats(p, t); {
	case again && s.limit != 0:
		s.from, s.least, s.shown = max(t.placed, p.seen), true, 0
		if p.fetched {
			s.how = polling
		}
	case s.limit == 0: // who is in a circle has been there all the time, however often it wakes up to see
		if again {
			s.from = max(min(s.from, t.placed), p.seen)
		}
		s.least = t.from >= p.found-v.limits.Loop
	}
	return s
}

// taskCourse is that of a piece of work that no thread runs.
func (v course) taskCourse(p *process, st *stack) standstill {
	return standstill{from: max(v.stoodFrom(p, st), p.seen), work: unset, limit: never, how: waitingTasks, task: st,
		crowd: max(st.Count, 1), aimless: !p.fetched, least: true}
}

// stoodFrom is since when a piece of work that no thread runs is known to be where it is: since it was first read there,
// by its runtime's account, or since the last thread of its process ran.
func (v course) stoodFrom(p *process, st *stack) time.Duration {
	from := st.first
	if st.For > 0 {
		from = min(from, st.at-st.For)
	}
	ran := p.seen
	for _, t := range p.threads {
		if t.running >= 0 {
			return from
		}
		ran = max(ran, t.from)
	}
	return min(from, ran)
}

// counts says whether a piece of work says what its program is at: the main one does, and any other where that is in the
// program's own course too, or is over and has left no pool behind. Beside a library's loop the application's threads
// are its helpers.
func (v course) counts(p *process, st *stack) bool {
	if isMain(p, st) {
		return true
	}
	pool := false
	for _, one := range p.pieces() {
		if isMain(p, one) {
			return v.inCourse(p, one)
		}
		pool = pool || one.Pool
	}
	return !pool
}

// tells orders what is told of a program's course: what hangs, what waits for a lock, what does not wait for the end of
// another piece, the main one, and what stands longest.
func (v course) tells(p *process, a, b standstill) int {
	rank := func(s standstill) int {
		st, n := p.at(s), 0
		if s.limit == 0 {
			n += 8
		}
		if exclusive(st) {
			n += 4
		}
		if st.Wait == nil || st.Wait.On != "thread" && st.Wait.On != "wait group" {
			n += 2
		}
		if isMain(p, st) {
			n++
		}
		return n
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(b.from, a.from))
}

// onCourse says whether a program by itself is in its own course, so that the rest of its runtime's threads proves nothing.
func (v course) onCourse(p *process) bool {
	return slices.ContainsFunc(p.pieces(), func(st *stack) bool {
		return v.inCourse(p, st) && !onlyLoops(p, st) && v.counts(p, st)
	})
}

// justMet says whether a program in its own course was first looked at a moment ago, and not found running: it shows in a
// moment whether it waits again and again in one place.
func (v course) justMet(p *process) bool {
	return p.metAt != unset && v.now-p.metAt < v.limits.Loop && v.onCourse(p) && !v.runs(p)
}

// owedFor is for how long an answer has been owed to a program by itself that waits for events, and none of whose pieces
// of work is proven to rest; 0: none is. Over unix sockets the kernel does not say who spoke last.
func (v course) owedFor(p *process) time.Duration {
	rests := func(st *stack) bool { return st.Idle && len(st.Frames) > 0 && (st.Pool || st.Script || isMain(p, st)) }
	if !v.alone(p) || !v.upstreamWaits(p) || slices.ContainsFunc(p.pieces(), rests) {
		return 0
	}
	oldest := time.Duration(0)
	for _, one := range p.upstream.Waits {
		if one.Oldest > 0 {
			oldest = max(oldest, one.Oldest+v.now-p.upAt)
		}
	}
	return oldest
}

// courseWords says what is known of a program's course that stands still.
func (v course) courseWords(p *process, s standstill) string {
	lasts := words.Seconds(v.silence(s.from, v.now))
	if s.least {
		lasts += " at least"
	}
	at := "its own code stands still in " + p.at(s).own()
	if p.at(s).own() == "" {
		at = explainer(v).explain(p, s).Sentence
	}
	return fmt.Sprintf("it listens nowhere, and %s for %s%s; whether it works or rests there cannot be seen", at, lasts,
		v.owesWords(p))
}

// owesWords names who owes a program the answer that has been owed longest, and for how long; empty: nobody does.
func (v course) owesWords(p *process) string {
	if !v.upstreamWaits(p) {
		return ""
	}
	oldest := slices.MaxFunc(p.upstream.Waits, func(a, b history.Unanswered) int { return cmp.Compare(a.Oldest, b.Oldest) })
	if oldest.Oldest == 0 {
		return ""
	}
	who := oldest.Remote
	if len(oldest.Peers) > 0 {
		who += ", " + peers(oldest.Peers)
	}
	return fmt.Sprintf("; %s has not answered for %s", who, words.Seconds(oldest.Oldest+v.now-p.upAt))
}
