package diagnose

import (
	"cmp"
	"fmt"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/words"
)

// causeOf explains a stall by the evidence there is.
func (x explainer) causeOf(p *process, s standstill) Cause {
	s = x.atHand(p, s)
	c := x.explain(p, s)
	x.locate(p, s, &c)
	x.mayHave(p, s, &c)
	x.chain(p, s, &c)
	x.titled(p, s, &c)
	x.goesOn(p, s, &c)
	if !s.outside() && p.fileless() && x.backlog > 0 && c.Kind != CauseDescriptors {
		c = x.shut(p, c)
	}
	if s.how == booting || s.task != nil && s.task.Boots {
		c.Sentence = "it has not become ready: " + c.Sentence
	}
	c.Evidence = p.evidence(s)
	c.Graph = x.graph(p, s, &c)
	return c.forPeople(x.advises(p))
}

func (x explainer) explain(p *process, s standstill) Cause {
	switch s.how {
	case byStop:
		return Cause{Kind: CauseStopped, Confidence: Proven, Short: "stopped by a signal",
			Sentence: "stopped by " + p.stopper() + ": no thread of it runs until SIGCONT"}
	case byTracer:
		c := Cause{Kind: CauseStopped, Confidence: Proven, Short: "held by a debugger",
			Sentence: "held with ptrace, as by a debugger: no thread of it runs until that lets it go on"}
		if t := p.sample.Tracer; t != nil {
			c.Short = fmt.Sprintf("held by pid %d with ptrace", t.PID)
			c.Sentence = "held with ptrace, as by a debugger, by " + peers([]history.Peer{*t}) +
				": no thread of it runs until that lets it go on"
		}
		return c
	case byFreezer:
		return Cause{Kind: CauseStopped, Confidence: Proven, Short: "frozen",
			Sentence: fmt.Sprintf("its control group %s is frozen: no thread of it runs until it is thawed",
				cmp.Or(p.group.FreezerPath, p.group.Path))}
	case byMemory:
		return Cause{Kind: CauseMemory, Confidence: Proven, Short: "out of memory, not killed",
			Sentence: fmt.Sprintf("its control group %s is at its limit of %s and the killer is off: it sleeps until there is memory",
				p.group.Path, words.Size(p.group.MemoryLimit))}
	case withoutFiles:
		return Cause{Kind: CauseDescriptors, Confidence: Likely, Short: allFiles(p) + " open",
			Sentence: "it has " + allFiles(p) + " open and cannot accept a connection; it tries again and again"}
	case computing:
		used, _ := p.shares()
		who := named(p, s.thread)
		if s.task != nil {
			who = "a " + taskWord(s.task)
		}
		return Cause{Kind: CauseCPU, Confidence: Likely, Short: fmt.Sprintf("runs, %.0f %% of a processor", used*100),
			Sentence: fmt.Sprintf("%s runs all the time (%.0f %% of a processor in the last second) and answers nothing",
				who, used*100)}
	case deadLoop:
		return notRun(p)
	case waitingInside:
		return waitInside(p, s)
	case lingering:
		return x.lingers(p, s)
	case waitingTasks:
		return x.tasksWait(p, s)
	case polling:
		if s.crowd > 1 && !s.thread.slept || p.saysItWaits() || p.awaitsStandby() {
			break // a pool of which all threads wait, each again and again
		}
		return x.polls(p, s)
	}
	if s.thread != nil {
		if _, is := x.abandoned(p, s.thread); is {
			return x.lockLost(p, s)
		}
	}
	if s.crowd > 1 && !(s.behind != nil && s.behind.shared()) && s.thread != nil {
		if c, is := x.exhausted(p, s); is {
			return c
		}
	}
	if c, ok := x.byEvent(p, s); ok {
		return c
	}
	if p.awaitsStandby() {
		return Cause{Kind: CauseEvent, Confidence: sure(s, false), Short: p.title,
			Sentence: named(p, s.thread) + " waits until a standby server confirms what it has written"}
	}
	if p.saysItWaits() {
		return Cause{Kind: CauseMutex, Confidence: sure(s, false), Short: p.title,
			Sentence: named(p, s.thread) + " waits for a lock that another process of the server holds"}
	}
	if s.thread != nil {
		return bySyscall(p, s)
	}
	return x.unexplained(p, s)
}

// atHand is a stall that no thread explains with the number of the one thread that was last seen at work: it moves, but
// where in its code it was is evidence.
func (x explainer) atHand(p *process, s standstill) standstill {
	if s.how != standing || s.thread != nil || s.task != nil {
		return s
	}
	tid := 0
	for _, t := range p.threads {
		if t.placed == unset || !x.fresh(p, t.at) {
			continue
		}
		if tid != 0 {
			return s
		}
		tid = t.TID
	}
	s.tid = tid
	return s
}

// unexplained is work without progress of which no thread says why; of the one at hand it tells the last that was seen.
func (x explainer) unexplained(p *process, s standstill) Cause {
	c := Cause{Kind: CauseUnknown, Short: "no progress",
		Sentence: words.Count(p.sample.Inside, "request") + " inside and none is answered; "}
	t := p.threads[s.tid]
	if t == nil {
		c.Sentence += fmt.Sprintf("no thread could be seen to say why (state %s)", p.sample.State)
	} else {
		c.Sentence += named(p, t) + " moves, and does not say why"
		if t.Syscall != "" {
			c.Sentence += "; it was last seen in " + t.Syscall
		}
		if lock, ok := eventOf(x.behind(p, t.TID, x.now)).(history.LockWait); ok && lock.Polled {
			c.polled(lock)
		}
	}
	c.Confidence = Guess
	return c
}

// shut is a process that has no descriptor left to accept with, whatever else its threads are at: connections wait.
func (x explainer) shut(p *process, c Cause) Cause {
	c.Kind, c.Confidence, c.Short = CauseDescriptors, Proven, allFiles(p)+" open"
	c.Sentence = "it has " + allFiles(p) + " open and cannot accept a connection; " + c.Sentence
	return c
}

// allFiles is the table of descriptors that is full.
func allFiles(p *process) string { return fmt.Sprintf("all %d allowed files", p.files.Limit) }

// polls is a thread that sleeps and asks again without end. What it asks for the look may have caught; else the place
// in its code says it.
func (x explainer) polls(p *process, s standstill) Cause {
	if seen, ok := x.byEvent(p, s); ok && !s.thread.slept {
		return seen // one wait with many ends, as a poll with a time limit
	}
	who := named(p, s.thread)
	call := s.thread.Syscall
	if call == "" || call == "running" {
		call = "short waits"
	}
	c := Cause{Kind: CausePolling, Confidence: sure(s, true), Short: "asks again and again",
		Sentence: fmt.Sprintf("%s sleeps and asks again, without end and always in one place (last seen in %s)", who, call)}
	if st := x.stackOf(p, s.thread); st != nil && st.Wait != nil && st.Wait.On == lockInRedis {
		c.Short, c.Sentence = "asks again for "+userWait(st), c.Sentence+": it waits for "+userWait(st)
	}
	if lock, ok := s.event().(history.LockWait); ok && lock.Polled {
		c.polled(lock)
	}
	if seen, ok := x.byEvent(p, s); ok && seen.Kind != CauseMutex {
		c.Path, c.Inode, c.Holders, c.Remote = seen.Path, seen.Inode, seen.Holders, seen.Remote
		c.Sentence += "; " + seen.Sentence
	}
	return c
}

// advises says whether the guide's own words fit: its settings are those of Python servers and of the reference server.
func (x explainer) advises(p *process) bool {
	if x.reference || p.countsTurns() {
		return true
	}
	for _, st := range p.stacks {
		if st.Language == "python" {
			return true
		}
	}
	return false
}
