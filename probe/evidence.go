package probe

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/history"
)

// A look is what the threads of one worker were at, at one moment.
type look struct {
	at      time.Time
	threads map[int]threadLook // by tid
}

type threadLook struct {
	sched schedstat
	call  call
	known bool // the call could be read
	state byte
}

// lookThread reads what one thread is at. Its account is read before and after: what lies between belongs together only if it did not run.
func (w *watcher) lookThread(pid int, t *thread) (threadLook, bool) {
	buf := make([]byte, 128)
	account := func() (schedstat, bool) {
		text, err := t.file.read(buf)
		if err != nil {
			return schedstat{}, false
		}
		s, err := parseSchedstat(text)
		return s, err == nil
	}
	before, ok := account()
	if !ok {
		return threadLook{}, false
	}
	l := threadLook{sched: before}
	if s, err := w.proc.taskStat(pid, t.tid); err == nil {
		l.state = s.state
	}
	text, err := read(w.proc.task(pid, t.tid, "syscall"), 256)
	if err == nil {
		l.call, err = parseCall(string(text))
	}
	l.known = err == nil
	after, ok := account()
	if !ok {
		return threadLook{}, false
	}
	if after.runs != before.runs || after.ran != before.ran {
		l.call, l.known = call{running: true}, true // it ran while we looked
	}
	return l, true
}

func (w *watcher) look(_ context.Context, one *worker) *look {
	l := &look{at: time.Now(), threads: map[int]threadLook{}}
	for _, t := range one.threads.all {
		if seen, ok := w.lookThread(one.PID, t); ok {
			l.threads[t.tid] = seen
		}
	}
	return l
}

// looked says whether a worker waits for its second look.
func (w *watcher) looked() bool {
	for _, one := range w.workers {
		if one.first != nil && !one.over {
			return true
		}
	}
	return false
}

// lookAgain is the second look, and what both say is recorded.
func (w *watcher) lookAgain(ctx context.Context) {
	for _, one := range w.workers {
		if one.first == nil || one.over {
			continue
		}
		first := one.first
		one.first = nil
		for _, t := range one.threads.all {
			if was, ok := first.threads[t.tid]; ok {
				w.evidence(ctx, one, t, first.at, was)
			}
		}
	}
}

// evidence records one thread, and the lock it waits for.
func (w *watcher) evidence(ctx context.Context, one *worker, t *thread, firstAt time.Time, was threadLook) {
	is, ok := w.lookThread(one.PID, t)
	if !ok {
		return
	}
	s, err := w.proc.taskStat(one.PID, t.tid)
	if err != nil {
		return
	}
	sample := history.ThreadSample{PID: one.PID, TID: t.tid, Name: s.comm, State: string(s.state)}
	still := is.sched.runs == was.sched.runs && is.sched.ran == was.sched.ran && !is.call.running
	sample.Twice = still && is.state == was.state && is.call == was.call && time.Since(firstAt) >= lookTwice-5*time.Millisecond
	if still {
		sample.Still = w.still(ctx, one.PID, t, firstAt)
	}
	if is.known {
		sample.Syscall = is.call.name()
		sample.Args = w.words(one.PID, is.call)
	} else {
		_, err := read(w.proc.task(one.PID, t.tid, "syscall"), 256)
		w.unreadable(err, fmt.Sprintf("the system calls of worker %d (pid %d)", one.Place, one.PID))
	}
	if text, err := read(w.proc.task(one.PID, t.tid, "wchan"), 256); err == nil && string(text) != "0" {
		sample.Wchan = strings.TrimSpace(string(text))
	}
	if still {
		sample.Stack = w.stack(one.PID, t.tid)
	}
	sample.Idle = w.idle(one, t, is.call)
	w.rec.Record(sample)
	if kind := is.call.fileLockWait(); kind != "" && still {
		w.lockWait(one, sample, kind, is.call)
	}
}

// idle says whether a thread waits for something to do. A futex tells nothing by itself: of a Go program it is a parked thread, elsewhere it may be an idle thread of a
// pool or a deadlock; the main thread of such a program has no pool to idle in.
func (w *watcher) idle(one *worker, t *thread, c call) bool {
	switch {
	case c.running || c.none:
		return false
	case c.number == unix.SYS_FUTEX:
		return one.threads.isGo || t.tid != one.PID
	case t.house:
		return true
	}
	return waitsForWork(c.name())
}

// still is for how long a thread has not run: from the scheduler's own note, held within the two ticks between which it was last seen to run.
func (w *watcher) still(ctx context.Context, pid int, t *thread, firstAt time.Time) time.Duration {
	now := time.Now()
	still, ok := w.lastRan(ctx, pid, t)
	least := now.Sub(firstAt)
	most := time.Duration(-1)
	if !t.moved.IsZero() {
		least = max(least, now.Sub(t.moved))
	}
	if !t.quietBefore.IsZero() {
		most = now.Sub(t.quietBefore)
	}
	if !ok {
		return least
	}
	if still = max(still, least); most > 0 {
		still = min(still, max(most, least))
	}
	return still
}

// lastRan is how long ago a thread was last on a processor, by the scheduler's note.
func (w *watcher) lastRan(ctx context.Context, pid int, t *thread) (time.Duration, bool) {
	text, err := read(w.proc.task(pid, t.tid, "sched"), maxRead)
	if err != nil {
		return 0, false
	}
	start, ok := parseExecStart(text)
	s, err := w.proc.taskStat(pid, t.tid)
	if !ok || err != nil {
		return 0, false
	}
	return w.clocks.since(ctx, start, s.cpuNr)
}

// stack is the kernel's, top first; only root may read it.
func (w *watcher) stack(pid, tid int) []string {
	text, err := read(w.proc.task(pid, tid, "stack"), maxRead)
	if err != nil {
		return nil
	}
	var frames []string
	for line := range bytes.Lines(text) {
		_, frame, found := strings.Cut(strings.TrimSpace(string(line)), "] ")
		if !found {
			continue
		}
		frame, _, _ = strings.Cut(frame, "+")
		if frames = append(frames, frame); len(frames) == 24 {
			break
		}
	}
	return frames
}

// words tells the arguments of a call to a person.
func (w *watcher) words(pid int, c call) string {
	name := c.name()
	if c.running || c.none || !takesDescriptor(name) {
		return ""
	}
	fd := int(int32(c.args[0]))
	if name == "sendfile" {
		fd = int(int32(c.args[0])) // out_fd: the side that may be full
	}
	text := itoa(fd)
	if link, err := w.proc.link(pid, fd); err == nil {
		text += " → " + link
	}
	switch c.fileLockWait() {
	case "flock":
		text += ", " + flockOperation(c.args[1])
	case "fcntl":
		text += ", F_SETLKW"
	case "ofd":
		text += ", F_OFD_SETLKW"
	}
	return text
}

// lockWait records which lock a thread waits for and who has it.
func (w *watcher) lockWait(one *worker, sample history.ThreadSample, kind string, c call) {
	fd := int(int32(c.args[0]))
	wait := history.LockWait{PID: one.PID, TID: sample.TID, Lock: kind, FD: fd, Still: sample.Still}
	path, err := w.proc.link(one.PID, fd)
	if err == nil {
		wait.Path = strings.TrimSuffix(path, " (deleted)")
	}
	info, err := w.proc.fdinfo(one.PID, fd)
	if err != nil {
		return
	}
	wait.Inode = info.inode
	if devices, err := w.proc.devices(one.PID); err == nil {
		wait.Device = devices[info.mount]
	}
	locks, err := w.proc.locks()
	if err != nil {
		w.trouble("read the file locks", err)
		locks = w.locks
	}
	want := fileLock{class: lockClass(kind), write: true, pid: one.PID, device: wait.Device, inode: wait.Inode, to: endOfFile}
	if kind == "ofd" {
		want.pid = -1
	}
	for _, lock := range blockers(locks, want) {
		wait.Holders = append(wait.Holders, w.finder.find(lock, path, w.near())...)
	}
	w.rec.Record(wait)
}

// near are the processes that most often hold a lock which a worker waits for.
func (w *watcher) near() []int {
	pids := []int{w.target.Arbiter}
	for _, one := range w.workers {
		pids = append(pids, one.PID)
	}
	return pids
}
