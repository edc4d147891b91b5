package diagnose

import (
	"fmt"
	"maps"
	"slices"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/words"
)

func (c Cause) clone() Cause {
	c.Holders, c.Evidence, c.Stack, c.Chain = slices.Clone(c.Holders), slices.Clone(c.Evidence), slices.Clone(c.Stack), slices.Clone(c.Chain)
	return c
}

// better says whether c explains more than old: a known cause more than none, then the surer one, then the one with more to show.
func (c Cause) better(old Cause) bool {
	if known, before := c.Kind != CauseUnknown, old.Kind != CauseUnknown; known != before {
		return known
	}
	if c.Kind != old.Kind && (c.Kind == CausePolling || old.Kind == CausePolling) {
		return c.Kind == CausePolling // one look sees a sleep or a call; that they repeat takes several
	}
	if c.Confidence != old.Confidence {
		return sureness(c.Confidence) > sureness(old.Confidence)
	}
	shows := func(c Cause) int { return len(c.Holders) + len(c.Chain) + len(c.Stack) }
	return shows(c) > shows(old)
}

func sureness(c Confidence) int {
	switch c {
	case Guess:
		return 1
	case Likely:
		return 2
	case Proven:
		return 3
	}
	return 0
}

// An explainer says why.
type explainer struct{ sight }

// causeOf explains a stall by the evidence there is.
func (f explainer) causeOf(p *process, s stall) Cause {
	c := f.explain(p, s)
	on := adviceOn(c.Kind, f.advises(p))
	c.Remedy, c.Prevention = on.remedy, on.prevention
	f.locate(p, s, &c)
	f.chain(p, s, &c)
	f.titled(p, s, &c)
	if s.how == booting {
		c.Sentence = "it has not become ready: " + c.Sentence
	}
	c.Evidence = p.evidence(s)
	return c
}

func (f explainer) explain(p *process, s stall) Cause {
	switch s.how {
	case byStop:
		return Cause{Kind: CauseStopped, Confidence: Proven, Short: "stopped by a signal", Sentence: "stopped by " + p.stopper() + ": no thread of it runs until SIGCONT"}
	case byFreezer:
		return Cause{Kind: CauseStopped, Confidence: Proven, Short: "frozen", Sentence: fmt.Sprintf("its control group %s is frozen: no thread of it runs until it is thawed", p.group.Path)}
	case byMemory:
		return Cause{Kind: CauseMemory, Confidence: Proven, Short: "out of memory, not killed",
			Sentence: fmt.Sprintf("its control group %s is at its limit of %s and the killer is off: it sleeps until there is memory", p.group.Path, words.Size(p.group.MemoryLimit))}
	case withoutFiles:
		return Cause{Kind: CauseDescriptors, Confidence: Likely, Short: fmt.Sprintf("%d of %d files open", p.files.Open, p.files.Limit),
			Sentence: fmt.Sprintf("it has %d of %d allowed files open and cannot accept a connection; it tries again and again", p.files.Open, p.files.Limit)}
	case running:
		used, _ := p.shares()
		return Cause{Kind: CauseCPU, Confidence: Likely, Short: fmt.Sprintf("runs, %.0f %% of a processor", used*100),
			Sentence: fmt.Sprintf("%s runs all the time (%.0f %% of a processor in the last second) and answers nothing", named(p, s.thread), used*100)}
	case deadLoop:
		return notRun(p)
	case leaving:
		return f.lingers(p, s)
	case waitingTasks:
		return f.tasksWait(p, s)
	case polling:
		return f.polls(p, s)
	}
	if s.crowd > 1 && !(s.behind != nil && s.behind.shared()) && s.thread != nil {
		return f.exhausted(p, s)
	}
	if c, ok := f.byEvent(p, s); ok {
		return c
	}
	if s.thread != nil {
		return bySyscall(p, s)
	}
	return Cause{Kind: CauseUnknown, Confidence: Guess, Short: "no progress",
		Sentence: fmt.Sprintf("%s inside and none is answered; no thread could be seen to say why (state %s)", words.Count(p.sample.Inside, "request"), p.sample.State)}
}

// byEvent explains a stall by what its thread is seen to wait for.
func (f explainer) byEvent(p *process, s stall) (Cause, bool) {
	switch ev := s.event().(type) {
	case history.LockWait:
		return fileLock(s, ev), true
	case history.MutexWait:
		return f.mutex(p, s, ev), true
	case history.PipeWait:
		return pipe(p, s, ev), true
	case history.DiskWait:
		return disk(p, s, ev), true
	case history.SocketWait:
		return f.socket(p, s, ev), true
	case history.ChildWait:
		return f.child(p, s, ev), true
	case history.TerminalWait:
		return Cause{Kind: CauseTerminal, Confidence: sure(s, true), Path: ev.Path, Short: "waits at the terminal " + ev.Path,
			Sentence: fmt.Sprintf("%s is in %s on the terminal %s: it waits for somebody to type", named(p, s.thread), ev.Op, ev.Path)}, true
	case history.SemaphoreWait:
		return semaphore(p, s, ev), true
	}
	return Cause{}, false
}

// evidence are the records that a stall rests on, in order.
func (p *process) evidence(s stall) []uint64 {
	var seqs []uint64
	add := func(seq uint64, wanted bool) {
		if seq > 0 && wanted {
			seqs = append(seqs, seq)
		}
	}
	add(p.sampleSeq, true)
	add(p.tasksSeq, p.open > 0)
	add(p.filesSeq, s.how == withoutFiles)
	add(p.group.seq, s.how == byFreezer || s.how == byMemory)
	if s.thread != nil {
		add(s.thread.seq, true)
	}
	if s.behind != nil {
		add(s.behind.seq, true)
	}
	if st := p.stacks[s.tid]; st != nil {
		add(st.seq, true)
	}
	slices.Sort(seqs)
	return slices.Compact(seqs)
}

// locate adds where in its code the work stands: the application's own line first, then the innermost frame.
func (f explainer) locate(p *process, s stall, c *Cause) {
	st := s.task
	if st == nil {
		st = p.stacks[s.tid]
	}
	if st == nil || len(st.Frames) == 0 {
		return
	}
	c.Stack = st.Frames
	c.Where = st.own()
	if st.Request != nil {
		c.Request = requestWords(*st.Request)
	}
	inner := st.Frames[0]
	if c.Where == "" && s.thread != nil {
		if owner := f.jobOf(p); owner != nil { // a thread of an executor works for a coroutine
			c.Where = owner.own()
		}
	}
	switch c.Where {
	case "":
		c.Where = inner
		c.Sentence += ", in " + inner
	case inner:
		c.Sentence += ", in " + inner
	default:
		c.Sentence += fmt.Sprintf(", in %s, by %s", c.Where, inner)
	}
	if s.how != running {
		return
	}
	for _, tid := range slices.Sorted(maps.Keys(p.stacks)) { // in one order, or a replay could say it otherwise
		if p.stacks[tid].Holds {
			if tid == s.tid {
				c.Sentence += "; it holds the interpreter's lock"
				c.Confidence = Proven
			} else {
				c.Sentence += fmt.Sprintf("; the interpreter's lock is held by thread %d", tid)
			}
			return
		}
	}
}

// jobOf is the oldest coroutine that waits for a job which a thread of an executor does; nil: none is known.
func (f explainer) jobOf(p *process) *stack {
	for _, st := range f.awaited(p) {
		if st.Wait != nil && st.Wait.On == "executor" && st.Own > 0 {
			return st
		}
	}
	return nil
}

// named says which thread, for a person.
func named(p *process, t *thread) string {
	switch {
	case t == nil:
		return "it"
	case t.TID == p.pid && roleOf(t.ThreadSample) != loopThread:
		return "its main thread"
	case t.Name != "":
		return fmt.Sprintf("its thread %q (%d)", t.Name, t.TID)
	}
	return fmt.Sprintf("its thread %d", t.TID)
}

// sure is the confidence in something that was looked at once or twice, with all its pieces or without one.
func sure(s stall, whole bool) Confidence {
	switch {
	case s.thread != nil && s.thread.Twice && whole:
		return Proven
	case s.thread != nil && s.thread.Twice || whole:
		return Likely
	}
	return Guess
}
