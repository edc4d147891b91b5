package probe

import (
	"context"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/kernel/proc"
	"github.com/hangtime-dev/hangtime/kernel/sockdiag"
	"github.com/hangtime-dev/hangtime/probe/waits"
)

// A threadLook is what a thread was at, at one moment.
type threadLook struct {
	at    time.Time
	sched proc.Schedstat
	call  proc.Call
	known bool // the call could be read
	state byte
	name  string
}

// A finding is what two looks found, 50 ms apart, between which the thread did not run. As long as it does not run, nothing of that can change, so it is not read again;
// only the other side of its wait may change meanwhile.
type finding struct {
	sched  proc.Schedstat
	look   *threadLook
	sample history.ThreadSample
	since  time.Time // when it last ran
	behind history.Event
	chain  []history.Link
	asked  time.Time // when the other side was last looked at
}

// sideEvery is how often the other side of a wait is looked at again.
const sideEvery = time.Second

// glance reads what one thread is at. Its account is read before and after: what lies between belongs together only if it did not run.
func (w *watcher) glance(of *threads, t *thread) (*threadLook, bool) {
	before, err := of.account(t)
	if err != nil {
		return nil, false
	}
	l := &threadLook{at: time.Now(), sched: before}
	s, err := w.proc.TaskStat(of.pid, t.tid)
	if err != nil {
		return nil, false
	}
	l.state, l.name = s.State, s.Comm
	l.call, err = w.proc.Call(of.pid, t.tid)
	w.unreadable(err, "the system calls of the workers")
	l.known = err == nil
	after, err := of.account(t)
	if err != nil {
		return nil, false
	}
	if after.Runs != before.Runs || after.Ran != before.Ran {
		l.call, l.known = proc.Call{Running: true}, true // it ran while we looked
	}
	return l, true
}

// lookCloser is the first of two looks at every thread that has run since it was last found standing.
func (w *watcher) lookCloser(one *worker) {
	one.firstAt = time.Now()
	for _, t := range one.threads.all {
		if t.found == nil {
			t.first, _ = w.glance(one.threads, t)
		}
	}
}

// looked is when the next second look is due; zero: none is.
func (w *watcher) looked() time.Time {
	var next time.Time
	for _, one := range w.workers {
		if one.over || one.firstAt.IsZero() {
			continue
		}
		if due := one.firstAt.Add(lookTwice); next.IsZero() || due.Before(next) {
			next = due
		}
	}
	return next
}

// lookAgain is the second look, and what both say is recorded.
func (w *watcher) lookAgain(ctx context.Context, now time.Time) {
	for _, one := range w.workers {
		if one.over || one.firstAt.IsZero() || now.Sub(one.firstAt) < lookTwice {
			continue
		}
		server := w.server()
		server.Clients = w.clients(one)
		for _, t := range one.threads.all {
			w.evidence(ctx, one, t, server)
		}
		w.readStacks(now, one)
		w.readUpstream(now, one, server)
		one.firstAt = time.Time{}
		one.proven = one.idles()
		w.rec.Record(history.Looked{PID: one.PID, Title: one.title(w, now)})
	}
}

// evidence records one thread, and what it waits for.
func (w *watcher) evidence(ctx context.Context, one *worker, t *thread, server waits.Server) {
	if f := t.found; f != nil {
		is, err := one.threads.account(t)
		if err != nil {
			return
		}
		if is.Runs == f.sched.Runs && is.Ran == f.sched.Ran {
			w.tell(one, f, server)
			t.idle = f.sample.Idle
			return
		}
		t.found, t.first = nil, nil
	}
	was := t.first
	t.first = nil
	is, ok := w.glance(one.threads, t)
	if !ok || was == nil {
		return
	}
	sample := history.ThreadSample{PID: one.PID, TID: t.tid, Name: is.name, State: stateName(is.state)}
	still := is.sched.Runs == was.sched.Runs && is.sched.Ran == was.sched.Ran && !is.call.Running
	if is.known {
		sample.Syscall = is.call.Name()
	}
	sample.Wchan = w.proc.Wchan(one.PID, t.tid)
	if still {
		sample.Stack = w.proc.Stack(one.PID, t.tid)
	}
	f := &finding{sched: is.sched, look: is, sample: sample}
	if !still {
		answer := w.waits.Behind(w.subject(one, f), server)
		f.sample.Args, f.sample.Idle, f.sample.For = answer.Words, answer.Idle || t.house, answer.For
		t.idle = f.sample.Idle
		w.rec.Record(f.sample)
		return
	}
	f.sample.Twice = is.state == was.state && is.call == was.call
	f.since = w.since(ctx, one.PID, t, was.at)
	if f.sample.Twice {
		t.found = f
	}
	w.tell(one, f, server)
	t.idle = f.sample.Idle
}

// subject is a thread as one whose wait is looked behind.
func (w *watcher) subject(one *worker, f *finding) waits.Subject {
	s := waits.Subject{PID: one.PID, TID: f.sample.TID, Call: f.look.call, State: f.look.state, Wchan: f.sample.Wchan, Stack: f.sample.Stack, Parks: one.threads.isGo}
	if !f.look.known {
		s.Call = proc.Call{Running: true}
	}
	for _, t := range one.threads.all {
		s.Threads = append(s.Threads, t.tid)
	}
	return s
}

// server is what a thread's wait is held against.
func (w *watcher) server() waits.Server {
	s := waits.Server{Arbiter: w.target.Arbiter, Listening: map[uint32]bool{}, Ports: map[uint16]bool{}, Names: map[string]bool{}}
	for _, one := range w.workers {
		s.Workers = append(s.Workers, one.PID)
	}
	if w.sockets == nil {
		return s
	}
	for i := range w.sockets.now {
		if one := &w.sockets.now[i]; one.State == sockdiag.Listen {
			s.Listening[one.Inode] = true
		}
	}
	for _, address := range w.target.addresses() {
		if name, ok := strings.CutPrefix(address, "unix:"); ok {
			s.Names[name] = true
		} else if at, err := netip.ParseAddrPort(address); err == nil {
			s.Ports[at.Port()] = true
		}
	}
	return s
}

// clients are the connections that a worker has accepted.
func (w *watcher) clients(one *worker) map[uint32]bool {
	if w.sockets == nil || one.sample.Inside+one.sample.Idle == 0 {
		return nil
	}
	all := map[uint32]bool{}
	for inode, s := range w.sockets.sockets {
		if s.pid == one.PID && len(all) < maxPorts {
			all[inode] = true
		}
	}
	return all
}

// tell records what a thread was found at, and the other side of its wait.
func (w *watcher) tell(one *worker, f *finding, server waits.Server) {
	now := time.Now()
	if now.Sub(f.asked) >= sideEvery {
		f.asked = now
		answer := w.waits.Behind(w.subject(one, f), server)
		f.behind, f.sample.Idle, f.sample.For, f.sample.Args = answer.Event, answer.Idle || w.house(one, f.sample.TID), answer.For, answer.Words
		f.chain = nil
		if f.behind != nil && !f.sample.Idle {
			f.chain = w.waits.Chain(one.PID, f.behind, server)
		}
	}
	still := max(now.Sub(f.since), 0)
	f.sample.Still = still
	w.rec.Record(f.sample)
	if f.behind != nil {
		w.rec.Record(standing(f.behind, still))
	}
	if len(f.chain) > 0 {
		w.rec.Record(history.Chain{PID: one.PID, TID: f.sample.TID, Links: f.chain})
	}
}

// house says whether a thread is its runtime's own housekeeping.
func (w *watcher) house(one *worker, tid int) bool {
	for _, t := range one.threads.all {
		if t.tid == tid {
			return t.house
		}
	}
	return false
}

// standing is a wait that has lasted for so long by now.
func standing(wait history.Event, still time.Duration) history.Event {
	switch ev := wait.(type) {
	case history.LockWait:
		ev.Still = still
		return ev
	case history.MutexWait:
		ev.Still = still
		return ev
	case history.PipeWait:
		ev.Still = still
		return ev
	case history.DiskWait:
		ev.Still = still
		return ev
	case history.SocketWait:
		ev.Still = still
		return ev
	case history.ChildWait:
		ev.Still = still
		return ev
	case history.TerminalWait:
		ev.Still = still
		return ev
	case history.SemaphoreWait:
		ev.Still = still
		return ev
	}
	return wait
}

// upstreamEvery is how often it is looked which servers owe a worker answers.
const upstreamEvery = time.Second

// readUpstream records whose answers a worker waits for outside of its threads' calls.
func (w *watcher) readUpstream(now time.Time, one *worker, server waits.Server) {
	if one.sample.Inside == 0 || one.sample.Oldest < upstreamEvery || now.Sub(one.upstreamAt) < upstreamEvery {
		return
	}
	one.upstreamAt = now
	if all := w.waits.Upstream(one.PID, server); len(all) > 0 {
		w.rec.Record(history.Upstream{PID: one.PID, Waits: all})
	}
}

// idles says whether the last look proved that the worker's main thread waits for work.
func (one *worker) idles() bool {
	for _, t := range one.threads.all {
		if t.tid == one.PID {
			return t.idle || one.voice.idle[t.tid]
		}
	}
	return false
}

// title is what a worker says of itself, read at most once a second.
func (one *worker) title(w *watcher, now time.Time) string {
	if now.Sub(one.titleAt) >= time.Second {
		one.titleAt, one.titled = now, w.waits.Title(one.PID)
	}
	return one.titled
}

// since is when a thread last ran: from the scheduler's own note, held within the two ticks between which it was last seen to run.
func (w *watcher) since(ctx context.Context, pid int, t *thread, firstAt time.Time) time.Time {
	latest := firstAt
	if !t.moved.IsZero() && t.moved.Before(latest) {
		latest = t.moved
	}
	ago, ok := w.lastRan(ctx, pid, t)
	if !ok {
		return latest
	}
	ran := time.Now().Add(-ago)
	if ran.After(latest) {
		ran = latest
	}
	if !t.quietBefore.IsZero() && ran.Before(t.quietBefore) {
		ran = t.quietBefore
	}
	return ran
}

// lastRan is how long ago a thread was last on a processor, by the scheduler's note.
func (w *watcher) lastRan(ctx context.Context, pid int, t *thread) (time.Duration, bool) {
	start, ok := w.proc.ExecStart(pid, t.tid)
	s, err := w.proc.TaskStat(pid, t.tid)
	// Zero: it was moved to another processor's queue since (migrate_task_rq_fair), as happens even to one that is going to sleep; when it ran is not known then.
	if !ok || err != nil || start == 0 {
		return 0, false
	}
	return w.clocks.Since(ctx, start, s.Processor)
}

// killer says who is known to have sent the signal that ended a worker; empty: not known.
func (w *watcher) killer(one *worker, signal unix.Signal) (by string, inferred bool) {
	if signal == unix.SIGKILL && one.group != nil && one.group.killed(time.Now()) {
		return "kernel (out of memory)", true
	}
	return "", false
}
