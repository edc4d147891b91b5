package probe

import (
	"context"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/kernel/proc"
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
	call   proc.Call
	sample history.ThreadSample
	since  time.Time // when it last ran
	behind history.Event
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
		for _, t := range one.threads.all {
			w.evidence(ctx, one, t)
		}
		w.readStacks(now, one)
		one.firstAt = time.Time{}
	}
}

// evidence records one thread, and what it waits for.
func (w *watcher) evidence(ctx context.Context, one *worker, t *thread) {
	if f := t.found; f != nil {
		is, err := one.threads.account(t)
		if err != nil {
			return
		}
		if is.Runs == f.sched.Runs && is.Ran == f.sched.Ran {
			w.tell(one, f)
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
		sample.Args = w.words(one.PID, is.call)
	}
	sample.Wchan = w.proc.Wchan(one.PID, t.tid)
	sample.Idle = w.idle(one, t, is.call)
	if !still {
		w.rec.Record(sample)
		return
	}
	sample.Twice = is.state == was.state && is.call == was.call
	sample.Stack = w.proc.Stack(one.PID, t.tid)
	f := &finding{sched: is.sched, call: is.call, sample: sample, since: w.since(ctx, one.PID, t, was.at)}
	if sample.Twice {
		t.found = f
	}
	w.tell(one, f)
}

// tell records what a thread was found at, and the other side of its wait.
func (w *watcher) tell(one *worker, f *finding) {
	now := time.Now()
	if now.Sub(f.asked) >= sideEvery {
		f.asked = now
		f.behind, f.sample.Idle = w.behind(one, f)
	}
	still := max(now.Sub(f.since), 0)
	f.sample.Still = still
	w.rec.Record(f.sample)
	switch ev := f.behind.(type) {
	case history.LockWait:
		ev.Still = still
		w.rec.Record(ev)
	case history.MutexWait:
		ev.Still = still
		w.rec.Record(ev)
	case history.PipeWait:
		ev.Still = still
		w.rec.Record(ev)
	case history.DiskWait:
		ev.Still = still
		w.rec.Record(ev)
	case history.SocketWait:
		ev.Still = still
		w.rec.Record(ev)
	}
}

// idle says whether a thread waits for something to do. A futex tells nothing by itself: of a Go program it is a parked thread, elsewhere it may be an idle thread of a
// pool or a deadlock; the main thread of such a program has no pool to idle in.
func (w *watcher) idle(one *worker, t *thread, c proc.Call) bool {
	switch {
	case c.Running || c.None:
		return false
	case c.Number == unix.SYS_FUTEX:
		return one.threads.isGo || t.tid != one.PID
	case t.house:
		return true
	}
	return waitsForWork(c.Name())
}

// waitsForWork lists the calls in which a server waits for something to do.
func waitsForWork(name string) bool {
	switch name {
	case "epoll_wait", "epoll_pwait", "epoll_pwait2", "select", "pselect6", "poll", "ppoll", "accept", "accept4", "rt_sigtimedwait", "rt_sigsuspend", "pause":
		return true
	}
	return false
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

// words tells the arguments of a call to a person.
func (w *watcher) words(pid int, c proc.Call) string {
	name := c.Name()
	if c.Running || c.None || !proc.TakesDescriptor(name) {
		return ""
	}
	fd := c.FD() // of sendfile the side that may be full
	text := itoa(fd)
	if link, err := w.proc.Link(pid, fd); err == nil {
		text += " → " + link
	}
	switch c.FileLockWait() {
	case "flock":
		text += ", " + proc.FlockOperation(c.Args[1])
	case "fcntl":
		text += ", F_SETLKW"
	case "ofd":
		text += ", F_OFD_SETLKW"
	}
	return text
}

// lockWait says which lock a thread waits for and who has it; nil: it cannot be seen.
func (w *watcher) lockWait(one *worker, tid int, kind string, c proc.Call) history.Event {
	fd := c.FD()
	wait := history.LockWait{PID: one.PID, TID: tid, Lock: kind, FD: fd}
	path, err := w.proc.Link(one.PID, fd)
	if err == nil {
		wait.Path = strings.TrimSuffix(path, " (deleted)")
	}
	info, err := w.proc.FDInfo(one.PID, fd)
	if err != nil {
		return nil
	}
	wait.Inode = info.Inode
	if m, ok := mountOf(w.mounts.of(one.PID), info.Mount); ok {
		wait.Device = m.Device
	}
	locks, err := w.proc.Locks()
	if err != nil {
		w.trouble("read the file locks", err)
		return wait
	}
	want := proc.Lock{Class: proc.LockClass(kind), Write: true, PID: one.PID, Device: wait.Device, Inode: wait.Inode, To: proc.EndOfFile}
	if kind == "ofd" {
		want.PID = -1
	}
	waiter := lockWaiter{one.PID, fd, path}
	for _, lock := range blockers(locks, want, info.Locks) {
		for _, holder := range w.finder.find(lock, waiter, w.near()) {
			if !slices.Contains(wait.Holders, holder) { // it may hold several
				wait.Holders = append(wait.Holders, holder)
			}
		}
	}
	return wait
}

// near are the processes that most often hold a lock which a worker waits for.
func (w *watcher) near() []int {
	pids := []int{w.target.Arbiter}
	for _, one := range w.workers {
		pids = append(pids, one.PID)
	}
	return pids
}

// killer says who is known to have sent the signal that ended a worker; empty: not known.
func (w *watcher) killer(one *worker, signal unix.Signal) (by string, inferred bool) {
	if signal == unix.SIGKILL && one.group != nil && one.group.killed(time.Now()) {
		return "kernel (out of memory)", true
	}
	return "", false
}
