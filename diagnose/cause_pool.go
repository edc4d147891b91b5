package diagnose

import (
	"fmt"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/words"
)

// exhausted is a pool of which every thread stands still while work waits.
func (x explainer) exhausted(p *process, s standstill) Cause {
	call := s.thread.Syscall
	if call == "" {
		call = fromKernel(s.thread)
	}
	what := "in " + call
	switch call {
	case "nanosleep", "clock_nanosleep":
		what = "in a blocking sleep"
	case "":
		what = "at a standstill"
	}
	if text := userWait(p.stacks[s.tid]); text != "" {
		what = "waiting for " + text
	} else if w, ok := s.event().(history.SocketWait); ok && w.Remote != "" {
		what += ", waiting for " + w.Remote
		if len(w.Peers) > 0 {
			what += " (" + peers(w.Peers) + ")"
		}
	}
	waiting := max(max(p.sample.Inside, p.open)-s.crowd, x.jobsWait(p, s.crowd))
	c := Cause{Kind: CausePool, Confidence: sure(s, call != ""), Short: fmt.Sprintf("%d threads %s", s.crowd, what),
		Sentence: fmt.Sprintf("all %d threads of its pool that work are %s", s.crowd, what)}
	if x.spare(p) && x.jobsWait(p, s.crowd) == 0 {
		c.Sentence = fmt.Sprintf("%d threads of its pool are %s", s.crowd, what)
	}
	if waiting > 0 {
		c.Sentence += fmt.Sprintf(", and %d more wait for one", waiting)
	}
	return c
}

// tasksWait is many pieces of work without a thread that wait for one thing.
func (x explainer) tasksWait(p *process, s standstill) Cause {
	kind := CauseMutex
	if on := s.task.Wait.On; on == "semaphore" || on == "pool" {
		kind = CausePool
	}
	what := userWait(s.task)
	c := Cause{Kind: kind, Confidence: Likely, Short: fmt.Sprintf("%s for %s", words.Count(s.crowd, taskWord(s.task)), what)}
	c.Sentence = fmt.Sprintf("%s for %s, the oldest for %s", words.Do(s.crowd, taskWord(s.task), "wait"), what,
		words.Seconds(x.now-s.from))
	switch owner := p.tasks[s.task.Wait.Owner]; {
	case s.task.Wait.Owner == 0:
		c.Sentence += "; who has it the runtime does not keep"
	case owner != nil && owner.own() != "":
		c.Confidence = Proven
		c.Sentence += fmt.Sprintf("; %s has it, in %s", nameOf(owner), owner.own())
	}
	return c
}
