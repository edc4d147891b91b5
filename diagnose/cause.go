package diagnose

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/words"
)

func (c Cause) clone() Cause {
	c.Holders, c.Evidence, c.Stack, c.Chain = slices.Clone(c.Holders), slices.Clone(c.Evidence), slices.Clone(c.Stack),
		slices.Clone(c.Chain)
	c.Graph = Graph{slices.Clone(c.Graph.Nodes), slices.Clone(c.Graph.Edges)}
	return c
}

// forPeople adds what is advised, in the guide's words or not, where nothing more fitting was, and makes what others wrote
// (paths, commands, names, frames, titles, statements) safe to show.
func (c Cause) forPeople(guide bool) Cause {
	on := adviceOn(c.Kind, guide)
	c.Remedy, c.Prevention = cmp.Or(c.Remedy, on.remedy), on.prevention
	for _, text := range []*string{&c.Short, &c.Sentence, &c.Remedy, &c.Path, &c.Where, &c.Request, &c.Remote} {
		*text = words.Printable(*text)
	}
	c.Stack, c.Chain = printable(c.Stack), printable(c.Chain)
	for i, h := range c.Holders {
		if safe := words.Printable(h.Command); safe != h.Command {
			c.Holders = slices.Clone(c.Holders) // those of the record stay as they were read
			c.Holders[i].Command = safe
		}
	}
	return c
}

// printable is words.Printable of each; the same where all are so already.
func printable(all []string) []string {
	for i, text := range all {
		if safe := words.Printable(text); safe != text {
			all = slices.Clone(all)
			all[i] = safe
		}
	}
	return all
}

// better says whether c explains more than old: a known cause more than none, then the surer one, then the one with
// more to show.
func (c Cause) better(old Cause) bool {
	if known, before := c.Kind != CauseUnknown, old.Kind != CauseUnknown; known != before {
		return known
	}
	if told, before := c.Kind == CauseDatabase, old.Kind == CauseDatabase; told != before {
		return told // it has said more than can be seen from here
	}
	if c.Kind != old.Kind && (c.Kind == CausePolling || old.Kind == CausePolling) {
		return c.Kind == CausePolling // one look sees a sleep or a call; that they repeat takes several
	}
	if c.Confidence != old.Confidence {
		return sureness(c.Confidence) > sureness(old.Confidence)
	}
	shows := func(c Cause) int { return len(c.Holders) + len(c.Chain) + len(c.Stack) + c.Graph.told() }
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
type explainer struct{ waitGraph }

// evidence are the records that a stall rests on, in order.
func (p *process) evidence(s standstill) []uint64 {
	var seqs []uint64
	add := func(seq uint64, wanted bool) {
		if seq > 0 && wanted {
			seqs = append(seqs, seq)
		}
	}
	add(p.sampleSeq, true)
	add(p.tasksSeq, p.open > 0)
	add(p.filesSeq, p.fileless())
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
func (x explainer) locate(p *process, s standstill, c *Cause) {
	st := s.task
	if st == nil {
		st = p.stacks[s.tid]
	}
	if link, ok := p.childAtWork(s); ok && st.own() == "" {
		c.Stack, c.Where = link.Stack, link.At // the chain says whose it is
		if link.Request != nil {
			c.Request = requestWords(*link.Request)
		}
		return
	}
	if st == nil {
		return
	}
	if st.Request != nil {
		c.Request = requestWords(*st.Request)
	}
	if len(st.Frames) == 0 {
		return
	}
	c.Stack = st.Frames
	c.Where = st.own()
	inner := st.Frames[0]
	if c.Where == "" && s.thread != nil {
		if owner := x.clientOfExecutor(p); owner != nil { // a thread of an executor works for a coroutine
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
	if s.how != computing {
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

// childAtWork is the process that does the work of a thread: one that its process started and that it waits for, or the
// one that that one waits for in the same way; false: it is none, or its code could not be read.
func (p *process) childAtWork(s standstill) (link history.Link, found bool) {
	if s.thread == nil || s.behind == nil {
		return history.Link{}, false
	}
	for _, one := range p.chains[s.tid].Links {
		if !one.Child {
			break
		}
		if len(one.Stack) > 0 {
			link, found = one, true
		}
	}
	return link, found
}

// clientOfExecutor is the oldest coroutine that waits for a job which a thread of an executor does; nil: none is known.
func (x explainer) clientOfExecutor(p *process) *stack {
	for _, st := range x.awaited(p) {
		if st.Wait != nil && st.Wait.On == "executor" && st.Own > 0 {
			return st
		}
	}
	return nil
}

// named says which thread, for a person.
func named(p *process, t *threadState) string {
	switch {
	case t == nil:
		return "it"
	case (t.TID == p.pid || t.TID == p.program) && p.roleOf(t.ThreadSample) != loopThread:
		return "its main thread"
	case t.Name != "":
		return fmt.Sprintf("its thread %q (%d)", t.Name, t.TID)
	}
	return fmt.Sprintf("its thread %d", t.TID)
}

// sure is the confidence in something that was looked at once or twice, with all its pieces or without one.
func sure(s standstill, whole bool) Confidence {
	switch {
	case s.thread != nil && s.thread.Twice && whole:
		return Proven
	case s.thread != nil && s.thread.Twice || whole:
		return Likely
	}
	return Guess
}
