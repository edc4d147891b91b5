package diagnose

import (
	"fmt"
	"maps"
	"slices"

	"github.com/hangtime-dev/hangtime/history"
)

// byEvent explains a stall by what its thread is seen to wait for.
func (x explainer) byEvent(p *process, s standstill) (Cause, bool) {
	switch ev := s.event().(type) {
	case history.LockWait:
		return fileLock(s, ev), !ev.Polled
	case history.MutexWait:
		if _, reaped := x.reaped(p, s); reaped != nil {
			return x.child(p, s, *reaped), true
		}
		return x.mutex(p, s, ev), true
	case history.PipeWait:
		return pipeWords(p, s, ev), true
	case history.DiskWait:
		return diskWords(p, s, ev), true
	case history.SocketWait:
		return x.socket(p, s, ev), true
	case history.ChildWait:
		return x.child(p, s, ev), true
	case history.TerminalWait:
		return Cause{Kind: CauseTerminal, Confidence: sure(s, true), Path: ev.Path,
			Short: "waits at the terminal " + ev.Path,
			Sentence: fmt.Sprintf("%s is in %s on the terminal %s: it waits for somebody to type", named(p, s.thread),
				ev.Op, ev.Path)}, true
	case history.SemaphoreWait:
		return semaphoreWords(p, s, ev), true
	}
	return Cause{}, false
}

// reaped is the wait for the end of a child, and its thread, which one thread of the process is in for all others: a
// runtime has such a thread, and others wait for its word; nil: the stall's thread waits for no child, or for which one
// of several is not known.
func (x explainer) reaped(p *process, s standstill) (tid int, wait *history.ChildWait) {
	st := p.stacks[s.tid]
	if st == nil || st.Wait == nil || st.Wait.On != "child" {
		return 0, nil
	}
	for _, other := range slices.Sorted(maps.Keys(p.obstacles)) {
		o := x.behind(p, other, x.now)
		if o == nil || other == s.tid {
			continue
		}
		switch ev, is := o.event.(history.ChildWait); {
		case !is || st.Wait.Owner != 0 && int(st.Wait.Owner) != ev.Child.PID:
		case wait != nil:
			return 0, nil
		default:
			tid, wait = other, &ev
		}
	}
	return tid, wait
}

// child is a thread that waits for a process that its worker started.
func (x explainer) child(p *process, s standstill, w history.ChildWait) Cause {
	who, verb := named(p, s.thread), "for the end of"
	switch w.Via {
	case "pipe":
		verb = "for the output of"
	case "start":
		verb = "for the start of the program of"
	}
	return Cause{Kind: CauseChild, Confidence: sure(s, w.Child.PID != 0),
		Short: fmt.Sprintf("waits for its child %d", w.Child.PID),
		Sentence: fmt.Sprintf("%s is in %s and waits %s a process that it started, %s", who, w.Op, verb,
			peers([]history.Peer{w.Child}))}
}

func semaphoreWords(p *process, s standstill, w history.SemaphoreWait) Cause {
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
