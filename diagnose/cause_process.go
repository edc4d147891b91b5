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

// polls is a thread that sleeps and asks again without end. What it asks for the look may have caught; else the place in its code says it.
func (f explainer) polls(p *process, s stall) Cause {
	who := named(p, s.thread)
	call := s.thread.Syscall
	if call == "" || call == "running" {
		call = "short waits"
	}
	c := Cause{Kind: CausePolling, Confidence: sure(s, true), Short: "asks again and again",
		Sentence: fmt.Sprintf("%s sleeps and asks again, without end and always in one place (last seen in %s)", who, call)}
	if seen, ok := f.byEvent(p, s); ok && seen.Kind != CauseMutex {
		c.Path, c.Inode, c.Holders, c.Remote = seen.Path, seen.Inode, seen.Holders, seen.Remote
		c.Sentence += "; " + seen.Sentence
	}
	return c
}

// opposite is what the process at the other end of a pipe should do.
func opposite(op string) string {
	if op == "write" {
		return "read"
	}
	return "write"
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
