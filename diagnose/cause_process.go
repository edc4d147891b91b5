package diagnose

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hangtime-dev/hangtime/history"
)

// child is a thread that waits for a process that its worker started.
func (f explainer) child(p *process, s stall, w history.ChildWait) Cause {
	who, verb := named(p, s.thread), "for the end of"
	if w.Via == "pipe" {
		verb = "for the output of"
	}
	return Cause{Kind: CauseChild, Confidence: sure(s, w.Child.PID != 0), Short: fmt.Sprintf("waits for its child %d", w.Child.PID),
		Sentence: fmt.Sprintf("%s is in %s and waits %s a process that it started, %s", who, w.Op, verb, peers([]history.Peer{w.Child}))}
}

func semaphore(p *process, s stall, w history.SemaphoreWait) Cause {
	c := Cause{Kind: CauseSemaphore, Confidence: sure(s, w.Last.PID != 0), Short: fmt.Sprintf("semaphore %d", w.ID),
		Sentence: fmt.Sprintf("%s waits in semop for the semaphore %d", named(p, s.thread), w.ID)}
	if w.Last.PID != 0 {
		c.Short += fmt.Sprintf(" ← pid %d", w.Last.PID)
		c.Sentence += ", which was last changed by " + peers([]history.Peer{w.Last})
		if w.Dead {
			c.Sentence += ", which is no more"
		}
	}
	return c
}

// lingers is a process that ends and does not come to its end.
func (f explainer) lingers(p *process, s stall) Cause {
	c := Cause{Kind: CauseLeaving, Confidence: sure(s, true), Short: "leaves, and does not end",
		Sentence: "it was told to leave, or its program is over, and it does not end"}
	if st := p.stacks[s.tid]; st != nil && st.Wait != nil && st.Wait.On == "thread" {
		c.Short = "leaves, and waits for " + userWait(st)
		c.Sentence += ": it waits for " + userWait(st) + ", which nothing ends"
	}
	return c
}

// titled adds what a process that says in its title what it does has written there, as PostgreSQL's sessions do; and who of its siblings says that it keeps others waiting.
func (f explainer) titled(p *process, s stall, c *Cause) {
	waits := strings.HasSuffix(p.title, " waiting")
	if p.title == "" || s.outside() || c.Kind != CauseUnknown && !waits {
		return // most titles only say what the process is
	}
	c.Sentence += fmt.Sprintf("; it says of itself %q", p.title)
	if c.Kind == CauseUnknown {
		c.Short = p.title
	}
	if !waits {
		return
	}
	for _, pid := range slices.Sorted(maps.Keys(f.processes)) {
		if q := f.processes[pid]; !q.gone && q != p && strings.Contains(q.title, "idle in transaction") {
			c.Sentence += fmt.Sprintf("; pid %d says %q", q.pid, q.title)
			c.Chain = append(c.Chain, fmt.Sprintf("pid %d: %s", q.pid, q.title))
		}
	}
}
