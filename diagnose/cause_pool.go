package diagnose

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/words"
)

// exhausted is a pool of which every thread stands still while work waits; false: it has free ones, and the others that
// stand still are at other requests.
func (x explainer) exhausted(p *process, s standstill) (Cause, bool) {
	what := x.keeps(p, s.thread, s.event())
	same, others := x.keptOtherwise(p, s, what)
	if s.limit == never && same == 1 && x.spare(p, s.thread) {
		return Cause{}, false
	}
	waiting := max(max(p.sample.Inside, p.open)-s.crowd, x.jobsWait(p, s.crowd))
	known := s.thread.Syscall != "" || fromKernel(s.thread) != ""
	c := Cause{Kind: CausePool, Confidence: sure(s, known),
		Short:    words.Count(same, "thread") + " " + what,
		Sentence: fmt.Sprintf("all %d threads of its pool that work", s.crowd)}
	if x.spare(p, s.thread) && x.jobsWait(p, s.crowd) == 0 {
		c.Sentence = fmt.Sprintf("%d threads of its pool", s.crowd)
	}
	if len(others) == 0 {
		c.Sentence += " are " + what
	} else {
		c.Sentence += fmt.Sprintf(" stand still: %s, and %d %s %s", strings.Join(others, ", "), same,
			words.Choose(same, "is", "are"), what)
	}
	next := "one"
	if len(others) == 0 && waitsForClient(s.behind) {
		c.Kind, next = CauseClient, "a thread"
	}
	if waiting > 0 {
		c.Sentence += fmt.Sprintf(", and %d more wait for %s", waiting, next)
	}
	return c, true
}

// keeps is what a thread of a pool is at: "in a blocking sleep", "waiting for the lock registry".
func (x explainer) keeps(p *process, t *threadState, event history.Event) string {
	socket, _ := event.(history.SocketWait)
	if st := x.stackOf(p, t); st != nil && st.Wait != nil && st.Wait.On == "socket" && socket.Remote != "" && !socket.Client &&
		!socket.Full { // which server it is the kernel knows
		return "waiting for " + owedBy(socket) + " " + socket.Remote + inBrackets(socket.Peers)
	} else if text := userWait(st); text != "" {
		return "waiting for " + text + x.keeper(p, t)
	}
	call := t.Syscall
	if call == "" {
		call = fromKernel(t)
	}
	what := "in " + call
	switch call {
	case "nanosleep", "clock_nanosleep":
		what = "in a blocking sleep"
	case "":
		what = "at a standstill"
	}
	if socket.Client {
		return "waiting for a slow client"
	}
	if socket.Remote != "" {
		what += ", waiting for " + socket.Remote + inBrackets(socket.Peers)
	}
	return what
}

func inBrackets(all []history.Peer) string {
	if len(all) == 0 {
		return ""
	}
	return " (" + peers(all) + ")"
}

// keeper says which thread of the process holds what a thread waits for by its language's account, or where the one is
// that is to complete it; empty: none is known.
func (x explainer) keeper(p *process, t *threadState) string {
	st := x.stackOf(p, t)
	wait := st.Wait
	if own := p.stacks[int(wait.Owner)].own(); wait.On == "future" && own != "" {
		return ", which another thread is to complete in " + own
	}
	if on := wait.On; on != "lock" && on != "monitor" || wait.Owner == 0 {
		return ""
	}
	for tid, owner := range p.stacks {
		if uint64(tid) == wait.Owner && owner.Name != "" {
			return fmt.Sprintf(" that its thread %q holds", owner.Name)
		}
	}
	return ""
}

// keptOtherwise says which of a pool's threads are at something else than what, and how many are at that: "2 are waiting
// for the lock registry".
func (x explainer) keptOtherwise(p *process, s standstill, what string) (same int, others []string) {
	counts := map[string]int{}
	for _, t := range x.serving(p) {
		r := p.roleOf(t.ThreadSample)
		if t.TID == s.tid || r == mainThread || r == loopThread || t.running >= 0 && !x.repeats(p, t) || x.unread(p, t) {
			continue
		}
		var event history.Event
		if o := x.behind(p, t.TID, x.now); o != nil {
			event = o.event
		}
		counts[x.keeps(p, t, event)]++
	}
	delete(counts, what)
	same = s.crowd
	for _, other := range slices.Sorted(maps.Keys(counts)) {
		n := counts[other]
		same -= n
		others = append(others, fmt.Sprintf("%d %s %s", n, words.Choose(n, "is", "are"), other))
	}
	return max(same, 1), others
}

// answerAwaited is pieces of work without a thread that wait for an answer of another server.
func (x explainer) answerAwaited(p *process, s standstill) Cause {
	c := Cause{Kind: CauseSocket, Confidence: Likely, Short: words.Count(s.crowd, taskWord(s.task)) + " for an answer"}
	c.Sentence = fmt.Sprintf("%s for an answer", words.Do(s.crowd, taskWord(s.task), "wait"))
	if x.upstreamWaits(p) {
		one := p.upstream.Waits[0]
		c.Remote = one.Remote
		c.Sentence += " of a server at " + one.Remote
		if len(one.Peers) > 0 {
			c.Sentence += ", " + peers(one.Peers)
		}
	}
	c.Sentence += fmt.Sprintf(", the oldest for %s", words.Seconds(x.now-s.from))
	return c
}

// tasksWait is many pieces of work without a thread that wait for one thing.
func (x explainer) tasksWait(p *process, s standstill) Cause {
	kind := kindOfWait(s.task)
	if s.cycle != nil {
		each := words.Do(s.crowd, taskWord(s.task), "wait") + " for each other"
		return Cause{Kind: kind, Confidence: Proven, Short: each, Sentence: each}
	}
	if s.task.Wait == nil || s.task.Wait.On == "" {
		return x.answerAwaited(p, s)
	}
	switch s.task.Wait.On {
	case "semaphore", "pool":
		kind = CausePool
	case "child":
		kind = CauseChild
	case "socket":
		return x.answerAwaited(p, s)
	}
	what := userWait(s.task)
	c := Cause{Kind: kind, Confidence: Likely, Short: fmt.Sprintf("%s for %s", words.Count(s.crowd, taskWord(s.task)), what)}
	c.Sentence = fmt.Sprintf("%s for %s, the oldest for %s", words.Do(s.crowd, taskWord(s.task), "wait"), what,
		words.Seconds(x.now-s.from))
	switch owner := p.tasks[s.task.Wait.Owner]; {
	case kind == CauseChild, kind == CauseSleeping: // nobody has what it waits for
	case kind == CauseEvent && s.task.Wait.Owner == 0:
		c.Sentence += "; who is to end the wait the runtime does not keep"
	case s.task.Wait.Owner == 0:
		c.Sentence += "; the runtime does not record who holds it"
	case owner != nil && owner.own() != "":
		c.Confidence = Proven
		c.Sentence += fmt.Sprintf("; %s has it, in %s", nameOf(owner), owner.own())
	}
	return c
}

// mayHave tells of older requests, which are at something else: where the runtime does not keep who has what the others
// wait for, these may.
func (x explainer) mayHave(p *process, s standstill, c *Cause) {
	if s.how != waitingTasks || !exclusive(s.task) || s.task.Wait.Owner != 0 || c.Kind == CauseChild {
		return
	}
	var first *stack
	count := 0
	for _, st := range x.awaited(p) {
		if st.Request == nil || st.Wait == nil || st.own() == "" || st.Wait.Object != 0 && st.Wait.Object == s.task.Wait.Object ||
			x.askedAt(p, st) >= s.from || first != nil && st.own() != first.own() {
			continue
		}
		if first == nil {
			first = st
		}
		count += max(st.Count, 1)
	}
	if first != nil {
		c.Sentence += fmt.Sprintf("; %s for %s in %s, and may have it", words.Do(count, "older request", "wait"),
			userWait(first), first.own())
	}
}
