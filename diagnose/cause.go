package diagnose

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/hangtime-dev/hangtime/history"
)

// What the guide advises, by cause.
const (
	remedyFileLock = "give each process its own file, such as async_tasks_<pid>.log, instead of one that all lock (practice 1, process-specific resources)"
	remedySleeping = "do not block the thread that serves: await asyncio.sleep, or run the call in an executor (practice 6, non-blocking I/O)"
	remedyCPU      = "move long computation off the serving thread, to an executor or a task queue (practice 6; production, a proper task queue)"
	remedyMutex    = "do not hold a lock around anything that may wait; take locks in one order (deadlock scenarios; practice 1)"
	remedyKilled   = "let tasks outlive their worker in a proper task queue, and restart the loop after a death (practice 3, automatic recovery; production, a proper task queue)"
	remedyExited   = "keep the loop in try/finally and restart it when it fails (practice 3, automatic recovery)"
	remedyStopped  = "send SIGCONT, or find who froze it; a health check from outside sees it, its own does not (practice 7, monitor everything)"
	remedyUnknown  = "the raw evidence is shown; log and measure what the worker waits for (practice 7, monitor everything)"
)

func (c Cause) clone() Cause {
	c.Holders, c.Evidence = slices.Clone(c.Holders), slices.Clone(c.Evidence)
	return c
}

// better says whether c explains more than old: a known cause more than none, then the surer one.
func (c Cause) better(old Cause) bool {
	if known, before := c.Kind != CauseUnknown, old.Kind != CauseUnknown; known != before {
		return known
	}
	if c.Confidence != old.Confidence {
		return sureness(c.Confidence) > sureness(old.Confidence)
	}
	return len(c.Holders) > len(old.Holders)
}

func sureness(c Confidence) int { return map[Confidence]int{Guess: 1, Likely: 2, Proven: 3}[c] }

// causeOf explains a stall by the evidence there is.
func (f *Fold) causeOf(p *process, s stall) Cause {
	var c Cause
	switch {
	case s.stopped:
		c = Cause{Kind: CauseStopped, Confidence: Proven, Short: "stopped by a signal", Sentence: "stopped by SIGSTOP or SIGTSTP: no thread of it runs until SIGCONT", Remedy: remedyStopped}
	case s.wait != nil:
		c = fileLock(s)
	case s.cpu:
		used, _ := p.shares()
		c = Cause{Kind: CauseCPU, Confidence: Likely, Short: "runs and runs", Remedy: remedyCPU,
			Sentence: fmt.Sprintf("%s runs all the time (%.0f %% of a processor) and answers nothing", named(p, s.thread), used*100)}
	case s.thread != nil:
		c = bySyscall(p, s.thread)
	default:
		c = Cause{Kind: CauseUnknown, Confidence: Guess, Short: "no progress", Remedy: remedyUnknown,
			Sentence: fmt.Sprintf("%d requests are inside and none is answered; no thread could be seen to say why (state %s)", p.sample.Inside, p.sample.State)}
	}
	c.Evidence = p.evidence(s)
	return c
}

// evidence are the records that a stall rests on, in order.
func (p *process) evidence(s stall) []uint64 {
	var seqs []uint64
	if p.sampleSeq > 0 {
		seqs = append(seqs, p.sampleSeq)
	}
	if p.open > 0 {
		seqs = append(seqs, p.tasksSeq)
	}
	if s.thread != nil {
		seqs = append(seqs, s.thread.seq)
	}
	if s.wait != nil {
		seqs = append(seqs, s.wait.seq)
	}
	slices.Sort(seqs)
	return slices.Compact(seqs)
}

func fileLock(s stall) Cause {
	w := s.wait
	c := Cause{Kind: CauseFileLock, Confidence: Likely, Remedy: remedyFileLock, Path: w.Path, Inode: w.Inode, Holders: w.Holders}
	file := w.Path
	if file == "" {
		file = fmt.Sprintf("inode %d of device %s", w.Inode, w.Device)
	}
	short := path.Base(file)
	if len(w.Holders) == 0 {
		c.Short = fmt.Sprintf("%s %s", w.Lock, short)
		c.Sentence = fmt.Sprintf("blocked in %s on %s; who holds the lock could not be seen", w.Lock, file)
		return c
	}
	var who []string
	for _, h := range w.Holders {
		who = append(who, holder(h))
	}
	c.Short = fmt.Sprintf("%s %s ← pid %d", w.Lock, short, w.Holders[0].PID)
	c.Sentence = fmt.Sprintf("blocked in %s on %s, held by %s", w.Lock, file, strings.Join(who, " and "))
	if s.thread.Twice {
		c.Confidence = Proven
	}
	return c
}

func holder(h history.LockHolder) string {
	text := fmt.Sprintf("pid %d", h.PID)
	if h.Command != "" {
		text += " (" + h.Command + ")"
	}
	if h.Dead {
		text += ", which is dead"
	}
	return text
}

// named says which thread, for a person.
func named(p *process, t *thread) string {
	switch {
	case t.TID == p.pid && p.role(t.ThreadSample) != loopThread:
		return "its main thread"
	case t.Name != "":
		return fmt.Sprintf("its thread %q (%d)", t.Name, t.TID)
	}
	return fmt.Sprintf("its thread %d", t.TID)
}

// bySyscall concludes from what one thread is in.
func bySyscall(p *process, t *thread) Cause {
	c := Cause{Kind: CauseUnknown, Confidence: Guess, Remedy: remedyUnknown}
	call := t.Syscall
	if call == "" {
		call = fromKernel(t)
	}
	who := named(p, t)
	arguments := ""
	if t.Args != "" {
		arguments = " (" + t.Args + ")"
	}
	switch call {
	case "nanosleep", "clock_nanosleep":
		c = Cause{Kind: CauseSleeping, Short: "blocking sleep", Sentence: who + " is in a blocking sleep", Remedy: remedySleeping}
	case "futex":
		c = Cause{Kind: CauseMutex, Short: "waits for a lock of its own process", Sentence: who + " waits for a lock inside its process" + arguments, Remedy: remedyMutex}
	case "flock", "fcntl", "ofd":
		file := target(t.Args)
		c = Cause{Kind: CauseFileLock, Short: call + " " + path.Base(file), Sentence: fmt.Sprintf("blocked in %s%s; who holds the lock could not be seen", call, arguments), Path: file, Remedy: remedyFileLock}
		if file == "" {
			c.Short = call
		}
	case "":
		c.Short = "stands still"
		c.Sentence = fmt.Sprintf("%s stands still (state %s); its system call may not be read", who, t.State)
		return c
	default:
		c.Short = "in " + call
		c.Sentence = fmt.Sprintf("%s is in %s%s and does not come back", who, call, arguments)
		return c
	}
	c.Confidence = Guess
	if t.Twice {
		c.Confidence = Proven
		if c.Kind == CauseMutex || c.Kind == CauseFileLock {
			c.Confidence = Likely // the holder is missing
		}
	}
	return c
}

// fromKernel tells the system call from where in the kernel the thread sleeps, where the call itself may not be read.
func fromKernel(t *thread) string {
	for _, frame := range append([]string{t.Wchan}, t.Stack...) {
		switch {
		case strings.Contains(frame, "locks_lock_inode_wait"):
			return "flock"
		case strings.Contains(frame, "fcntl_setlk"):
			return "fcntl"
		case strings.Contains(frame, "hrtimer_nanosleep"):
			return "clock_nanosleep"
		case strings.Contains(frame, "futex"):
			return "futex"
		}
	}
	return ""
}

// target is the path in "9 → /tmp/x/async_tasks.log, LOCK_EX".
func target(args string) string {
	_, rest, ok := strings.Cut(args, "→ ")
	if !ok {
		return ""
	}
	file, _, _ := strings.Cut(rest, ",")
	return strings.TrimSpace(file)
}
