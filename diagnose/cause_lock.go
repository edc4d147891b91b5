package diagnose

import (
	"fmt"
	"path"
	"strings"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/words"
)

func fileLock(s standstill, w history.LockWait) Cause {
	c := Cause{Kind: CauseFileLock, Confidence: sure(s, len(w.Holders) > 0), Path: w.Path, Inode: w.Inode,
		Holders: w.Holders}
	file := w.Path
	if file == "" {
		file = fmt.Sprintf("inode %d of device %s", w.Inode, w.Device)
	}
	if len(w.Holders) == 0 {
		c.Short = fmt.Sprintf("%s %s", w.Lock, path.Base(file))
		c.Sentence = fmt.Sprintf("blocked in %s on %s; who holds the lock could not be seen", w.Lock, file)
		return c
	}
	var who []string
	for _, h := range w.Holders {
		who = append(who, holderWords(h))
	}
	c.Short = fmt.Sprintf("%s %s ← pid %d", w.Lock, path.Base(file), w.Holders[0].PID)
	c.Sentence = fmt.Sprintf("blocked in %s on %s, held by %s", w.Lock, file, strings.Join(who, " and "))
	return c
}

// waitInside is threads that wait for each other, while at most some of them run.
func waitInside(p *process, s standstill) Cause {
	runs := "no thread runs or waits for anything outside"
	if n := p.sample.Inside - s.crowd; n > 0 {
		runs = fmt.Sprintf("at least %d of them stand still (at most %s), and none waits for anything outside",
			s.crowd, words.Do(n, "thread", "run"))
	}
	if s.crowd == p.sample.Inside && p.anyRuns() {
		runs = "no thread that is at them runs or waits for anything outside"
	}
	return Cause{Kind: CauseMutex, Confidence: Likely, Short: "threads wait for each other",
		Sentence: fmt.Sprintf("%s inside, while %s: they wait in futex for locks or conditions inside the process; who is to end that cannot be seen",
			words.Count(p.sample.Inside, "request"), runs)}
}

// polled adds the lock that a thread which sleeps and asks again may ask for: that of a file which its process has open.
func (c *Cause) polled(w history.LockWait) {
	var who []string
	for _, h := range w.Holders {
		who = append(who, holderWords(h))
	}
	c.Path, c.Inode, c.Holders, c.Confidence = w.Path, w.Inode, w.Holders, Likely
	c.Short = fmt.Sprintf("asks again and again; %s is locked", path.Base(w.Path))
	c.Sentence += fmt.Sprintf("; %s, which it has open, is locked by %s", w.Path, strings.Join(who, " and "))
}

// holderWords writes one that holds a lock. The process that took it may be gone while a child that inherited the open
// file still holds it.
func holderWords(h history.LockHolder) string {
	text := fmt.Sprintf("pid %d", h.PID)
	if h.Command != "" {
		text += " (" + h.Command + ")"
	}
	switch {
	case h.Dead:
		text += ", which took it and is dead"
	case !h.Creator:
		text += ", which has the open file from the process that locked it"
	}
	return text
}

// kindOfWait is the kind of cause that a wait for another part of the program is, by the language's account.
func kindOfWait(st *stack) string {
	if st == nil || st.Wait == nil {
		return CauseMutex
	}
	switch st.Wait.On {
	case "channel", "wait group", "barrier", "condition", "event", "future", "queue", "room", "task":
		return CauseEvent
	case "sleep":
		return CauseSleeping
	case "child":
		return CauseChild
	}
	return CauseMutex
}

// mutex is a thread that waits for another of its process. What for its language may say better than the kernel, to
// which all such waits are a futex.
func (x explainer) mutex(p *process, s standstill, w history.MutexWait) Cause {
	if w.Holder.PID != 0 {
		return sharedMutex(p, s, w)
	}
	c := Cause{Kind: CauseMutex, Confidence: sure(s, w.Owner != 0), Short: "waits for a lock of its own process"}
	st := p.stacks[s.tid]
	who, what := named(p, s.thread), userWait(st)
	owner := w.Owner
	if st != nil && st.Wait != nil {
		if owner == 0 && st.Wait.Owner != 0 {
			owner = int(st.Wait.Owner)
		}
		switch st.Wait.On {
		case "pool":
			c.Kind = CausePool
		}
		if st.Wait.Before != 0 && st.Wait.On == "future" {
			c.Kind, c.Confidence, c.Short = CauseEvent, Proven, "a pool from before the fork"
			c.Sentence = fmt.Sprintf("%s waits for %s of a pool whose threads were started before the fork, in its parent (pid %d): this process has none of them, so the job is never done",
				who, what, st.Wait.Before)
			return c
		}
		if st.Wait.Before != 0 {
			c.Confidence, c.Short = Proven, "a lock taken before the fork"
			c.Sentence = fmt.Sprintf("%s waits for %s, which was taken before the fork by a thread of its parent (pid %d): it was inherited locked, and no thread of this process can release it",
				who, what, st.Wait.Before)
			return c
		}
	}
	switch {
	case st.holdsItself():
		c.Confidence, c.Cycle, c.Short = Proven, true, "a lock that it holds itself"
		c.Sentence = fmt.Sprintf("%s waits for %s, which it holds itself: it never ends by itself", who, what)
		return c
	case owner == 0 && what != "":
		if c.Kind == CauseMutex {
			c.Kind = kindOfWait(st)
		}
		c.Short = "waits for " + what
		c.Sentence = fmt.Sprintf("%s waits for %s", who, what)
		return c
	case owner == 0:
		c.Sentence = who + " waits for a lock inside its process; who holds it cannot be seen"
		return c
	}
	c.Confidence = sure(s, true)
	holds := fmt.Sprintf("its thread %d", owner)
	if t := p.threads[owner]; t != nil {
		holds = named(p, t)
	}
	if st != nil && st.Wait != nil && st.Wait.On == "thread" {
		c.Kind, c.Short = CauseEvent, fmt.Sprintf("the end of thread %d", owner)
		c.Sentence = fmt.Sprintf("%s waits for the end of %s", who, holds)
		if own := p.stacks[owner].own(); own != "" {
			c.Sentence += ", which is in " + own
		}
		return c
	}
	if st != nil && st.Wait != nil && st.Wait.On == "future" {
		c.Kind, c.Short = CauseEvent, fmt.Sprintf("waits for thread %d", owner)
		c.Sentence = fmt.Sprintf("%s waits for %s, which %s is to complete", who, what, holds)
		if own := p.stacks[owner].own(); own != "" {
			c.Sentence += ", in " + own
		}
		return c
	}
	if what == "" {
		what = "a mutex"
	}
	c.Short = fmt.Sprintf("mutex ← thread %d", owner)
	c.Sentence = fmt.Sprintf("%s waits for %s that %s holds", who, what, holds)
	if own := p.stacks[owner].own(); own != "" {
		c.Sentence += ", in " + own
	}
	return c
}

// lockLost is threads that wait for a lock which nobody who is at work has.
func (x explainer) lockLost(p *process, s standstill) Cause {
	what, n := userWait(p.stacks[s.tid]), max(s.crowd, 2)
	c := Cause{Kind: CauseMutex, Confidence: Likely, Short: fmt.Sprintf("%d threads wait for %s, whose holder is not at work", n, what),
		Sentence: fmt.Sprintf("%d threads wait for %s, and no other thread is at work: whoever took it did not release it, or waits for it a second time",
			n, what)}
	if waiting := max(p.sample.Inside, p.open) - n; waiting > 0 && !x.spare(p, s.thread) {
		c.Kind = CausePool // what it comes to for whoever asks
		c.Sentence += fmt.Sprintf(", and %d more wait for a thread", waiting)
	}
	return c
}

// sharedMutex is a thread that waits for a lock in memory that processes share.
func sharedMutex(p *process, s standstill, w history.MutexWait) Cause {
	holder := history.LockHolder{PID: w.Holder.PID, Command: w.Holder.Command, Creator: true, Dead: w.Dead}
	c := Cause{Kind: CauseMutex, Confidence: sure(s, true), Holders: []history.LockHolder{holder},
		Short:    fmt.Sprintf("shared mutex ← pid %d", holder.PID),
		Sentence: fmt.Sprintf("%s waits for a mutex that processes share, held by %s", named(p, s.thread), holderWords(holder))}
	if w.Dead {
		c.Short = fmt.Sprintf("shared mutex ← %d, dead", w.Owner)
		c.Sentence = fmt.Sprintf("%s waits for a mutex that processes share; thread %d took it and is dead, so nobody can release it",
			named(p, s.thread), w.Owner)
	}
	return c
}

// chain adds who waits for whom: the circle, what the holder of a lock does itself, or what the process at the other
// end does.
func (x explainer) chain(p *process, s standstill, c *Cause) {
	if s.cycle != nil {
		c.Chain, c.Cycle, c.Confidence = s.cycle, true, Proven
		c.Sentence += "; " + strings.Join(s.cycle, ", ") + ": a circle that never ends by itself"
		return
	}
	if c.Kind == CauseFileLock {
		for _, h := range c.Holders {
			q := x.alive(h.PID)
			if q == nil || q == p || q.cause == nil || !q.state.IsHang() {
				continue
			}
			c.Chain = []string{fmt.Sprintf("pid %d waits for pid %d", p.pid, q.pid),
				fmt.Sprintf("pid %d: %s", q.pid, q.cause.Short)}
			c.Sentence += fmt.Sprintf("; that one itself: %s", q.cause.Short)
			return
		}
	}
	tid := s.tid
	if reaper, _ := x.reaped(p, s); reaper != 0 {
		tid = reaper
	}
	chain, ok := p.chains[tid]
	if !ok || s.thread == nil || s.behind == nil {
		return
	}
	for i, link := range chain.Links {
		text := linkWords(link)
		c.Chain = append(c.Chain, text)
		if i == 0 {
			c.Sentence += "; that one itself " + link.Does
			if link.At != "" {
				c.Sentence += " in " + link.At
			}
		}
		c.Cycle = c.Cycle || link.Ends
		if link.Sole {
			c.Sentence += fmt.Sprintf("; pid %d writes to a full pipe that only pid %d could read", link.PID, p.pid)
		}
	}
	if c.Cycle {
		c.Confidence = Proven
		c.Sentence += ": a circle that never ends by itself"
	}
}

func linkWords(l history.Link) string {
	text := fmt.Sprintf("pid %d", l.PID)
	if l.Command != "" {
		text += " (" + l.Command + ")"
	}
	switch {
	case l.Dead:
		return text + " is no more"
	case l.Does != "":
		text += " " + l.Does
	}
	if l.At != "" {
		text += " in " + l.At
	}
	if l.For > 0 {
		text += " for " + words.Seconds(l.For)
	}
	return text
}
