package probe

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/history"
)

// A watcher does the watching, on one goroutine; nothing else may touch it.
type watcher struct {
	proc    proc
	target  Target
	rec     *history.Recorder
	probe   *Probe
	clocks  *cpuClocks
	sockets *connections // nil: none are looked at
	finder  holderFinder
	workers []*worker // by place
	locks   []fileLock
	waiting map[int]bool    // pids that wait for a file lock, at the last tick
	said    map[string]bool // troubles that were recorded: each once
}

func (w *watcher) close() {
	for _, one := range w.workers {
		one.close()
	}
	if w.sockets != nil {
		w.sockets.close()
	}
}

// trouble records what the probe could not do, once each.
func (w *watcher) trouble(what string, err error) {
	if w.said[what] {
		return
	}
	w.said[what] = true
	w.rec.Record(history.Trouble{Room: "probe", Text: fmt.Sprintf("%s: %v", what, err)})
}

// statusEvery is how often the status of a process that ended is asked for again.
const statusEvery = 5 * time.Millisecond

// run ticks until ctx ends. Between two ticks a death wakes it, and so does the second look at a suspicious worker.
func (w *watcher) run(ctx context.Context) {
	due := time.Now().Add(sampleEvery)
	for ctx.Err() == nil {
		until := due
		again := w.looked()
		if again {
			until = due.Add(lookTwice - sampleEvery)
		}
		ending := w.ending()
		if soon := time.Now().Add(statusEvery); ending && soon.Before(until) {
			until = soon
		}
		died := w.wait(until)
		if ctx.Err() != nil {
			return
		}
		now := time.Now()
		if died || ending {
			w.bury(now)
			w.discover()
		}
		if again && !now.Before(due.Add(lookTwice-sampleEvery)) {
			w.lookAgain(ctx)
		}
		if !now.Before(due) {
			w.tick(ctx, now)
			late := now.Sub(due)
			due = due.Add((late/sampleEvery + 1) * sampleEvery)
		}
	}
}

// wait returns at the given time, when a worker ended (true), or when the probe is closed.
func (w *watcher) wait(until time.Time) (died bool) {
	fds := []unix.PollFd{{Fd: int32(w.probe.wake), Events: unix.POLLIN}}
	for _, one := range w.workers {
		if one.pidfd >= 0 && !one.over {
			fds = append(fds, unix.PollFd{Fd: int32(one.pidfd), Events: unix.POLLIN})
		}
	}
	left := unix.NsecToTimespec(int64(max(time.Until(until), 0)))
	n, err := unix.Ppoll(fds, &left, nil)
	if err != nil || n == 0 {
		return false // a signal: the caller looks at the time and comes back
	}
	return slices.ContainsFunc(fds[1:], func(fd unix.PollFd) bool { return fd.Revents != 0 })
}

// tick looks at everything once.
func (w *watcher) tick(ctx context.Context, now time.Time) {
	w.bury(now)
	w.discover()
	w.readLocks()
	sums := map[int]tally{}
	if w.sockets != nil {
		if err := w.sockets.refresh(w.owners); err != nil {
			w.trouble("read the server's sockets", err)
		} else {
			sums = w.sockets.tallies()
		}
		if waiting, limit, listening := w.sockets.backlog(); listening {
			w.rec.Record(history.Listener{Address: w.target.Address, Backlog: waiting, Limit: limit})
		}
	}
	for _, one := range w.workers {
		if !one.over {
			w.sample(ctx, now, one, sums[one.PID])
		}
	}
}

// owners goes through the descriptors of all workers for sockets.
func (w *watcher) owners(found func(inode uint32, pid int)) {
	for _, one := range w.workers {
		if one.over {
			continue
		}
		fds, err := numbers(w.proc.pid(one.PID, "fd"))
		if err != nil {
			w.unreadable(err, fmt.Sprintf("the descriptors of worker %d (pid %d)", one.Place, one.PID))
			continue
		}
		for _, fd := range fds {
			if link, err := w.proc.link(one.PID, fd); err == nil {
				if inode, ok := socketInode(link); ok {
					found(inode, one.PID)
				}
			}
		}
	}
}

// unreadable records that evidence may not be read; that it vanished is no trouble.
func (w *watcher) unreadable(err error, what string) {
	if errors.Is(err, os.ErrPermission) {
		w.trouble("read "+what, fmt.Errorf("%w (hangtime sees more as the workers' own user, or as root)", err))
	}
}

// readLocks notes who waits for a file lock: it shows a hang of a loop that has no request of its own.
func (w *watcher) readLocks() {
	locks, err := w.proc.locks()
	if err != nil {
		w.trouble("read the file locks", err)
		return
	}
	w.locks = locks
	waiting := map[int]bool{}
	for _, l := range locks {
		if l.waits {
			waiting[l.pid] = true
		}
	}
	for _, one := range w.workers {
		if waiting[one.PID] {
			one.lockTicks++
		} else {
			one.lockTicks = 0
		}
	}
	w.waiting = waiting
}

// sample records one worker's tick and looks closer where something is strange.
func (w *watcher) sample(ctx context.Context, now time.Time, one *worker, sum tally) {
	line, err := one.stat.read(one.buf)
	var s stat
	if err == nil {
		s, err = parseStat(line)
	}
	if err != nil || s.state == 'Z' || s.state == 'X' {
		return // it is ending: the next wait sees it
	}
	moved := one.threads.refresh(now, s.threads)
	if one.based {
		if moved {
			one.moved = now
		}
	} else {
		w.base(ctx, now, one, s)
	}
	sample := history.WorkerSample{
		PID: one.PID, Worker: one.Place, State: string(s.state), CPU: one.before + one.threads.ran(), RunDelay: one.threads.waited(),
		RSS: s.rss * uint64(os.Getpagesize()), Threads: s.threads, Inside: sum.inside, Oldest: sum.oldest, Idle: sum.idle, Silent: sum.silent,
		Moved: moved, Still: max(now.Sub(one.moved), 0), Answered: sum.answered, Ports: sum.ports,
	}
	w.rec.Record(sample)
	busy := w.beat(one)
	if suspicious(sample, busy, one.lockTicks) {
		one.first = w.look(ctx, one)
	}
}

// base is the first sample's: how much it had used before, and when it last ran.
func (w *watcher) base(ctx context.Context, now time.Time, one *worker, s stat) {
	one.based = true
	one.before = max(s.cpu-one.threads.ran(), 0)
	one.moved = now
	still := time.Duration(-1)
	for _, t := range one.threads.all {
		if t.house {
			continue
		}
		if ago, ok := w.lastRan(ctx, one.PID, t); ok && (still < 0 || ago < still) {
			still = ago
		}
	}
	if still > 0 {
		one.moved = now.Add(-still)
	}
}

// closer is the age from which a request, or a loop's turn, is worth a closer look: below the 200 ms at which a worker becomes suspect.
const closer = 150 * time.Millisecond

func suspicious(s history.WorkerSample, busy time.Duration, lockTicks int) bool {
	switch {
	case s.State == "T" || s.State == "t" || s.State == "D":
		return true
	case s.Inside > 0 && (s.Oldest >= closer || s.Still >= closer):
		return true
	}
	return busy >= closer || lockTicks >= 2
}

// beat records the worker's own sign of life and says since when it has been at one thing, by its own account.
func (w *watcher) beat(one *worker) time.Duration {
	if one.beat == nil && time.Since(one.beatSought) >= time.Second {
		one.beatSought = time.Now()
		one.beat = w.seekBeat(one.PID)
	}
	if one.beat == nil {
		return 0
	}
	got := one.beat.read(w.proc)
	if got == nil {
		one.beat.close()
		one.beat = nil
		return 0
	}
	w.rec.Record(got.Heartbeat)
	return got.busy
}

func (w *watcher) seekBeat(pid int) beat {
	fds, err := numbers(w.proc.pid(pid, "fd"))
	if err != nil {
		return nil
	}
	for _, fd := range fds {
		link, err := w.proc.link(pid, fd)
		if err != nil {
			continue
		}
		if b := findBeat(w.proc, pid, fd, link); b != nil {
			if b.read(w.proc) != nil {
				return b
			}
			b.close()
		}
	}
	return nil
}
