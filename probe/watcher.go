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
	"github.com/hangtime-dev/hangtime/kernel/bpf"
	"github.com/hangtime-dev/hangtime/kernel/clock"
	"github.com/hangtime-dev/hangtime/kernel/proc"
	"github.com/hangtime-dev/hangtime/kernel/procevents"
	"github.com/hangtime-dev/hangtime/probe/waits"
	"github.com/hangtime-dev/hangtime/stacks"
)

// A watcher does the watching, on one goroutine; nothing else may touch it.
type watcher struct {
	proc         proc.FS
	target       Target
	rec          *history.Recorder
	probe        *Probe
	waiter       *waiter
	brood        *proc.Children
	clocks       *clock.Processors
	bulk         bulk
	tap          *bpf.Signals         // nil: it cannot be had
	family       *procevents.Listener // the same
	birthDue     time.Time            // when newborn children are to be looked at; zero: there are none
	heard        []bpf.Signal
	ticks        int          // so far
	sockets      *connections // nil: none are looked at
	waits        *waits.Finder
	languages    []stacks.Opener
	groups       *groups
	drops        dropCounter
	workers      []*worker         // by place
	unmet        []*worker         // whose sockets are read at this tick
	blind        bool              // the descriptors of some may not be read: a new connection does not show there
	heirs        bool              // a child was found that has a listening socket, or a connection accepted on one
	refused      map[int]time.Time // children that are no workers, and until when that is believed
	goExe        map[string]bool   // by path of the program: it is one of Go
	line         []byte            // a line of /proc, read and parsed at once
	lockFile     proc.Kept         // /proc/locks
	locks        []byte            // /proc/locks as last read
	backlog      int               // connections that no worker has accepted, at the last tick
	backlogTicks int               // ticks in a row at which there were any
	waiting      []int             // pids that wait for a file lock, at the last tick
	locksAt      time.Time         // when /proc/locks was last read
	said         map[string]bool   // troubles that were recorded: each once
	due          time.Time
	dropsAt      time.Time // when dropped connections were last counted
}

func (w *watcher) close() {
	w.clocks.Wait()
	w.bulk.close()
	if w.tap != nil {
		w.tap.Close()
	}
	if w.family != nil {
		w.family.Close()
	}
	for _, one := range w.workers {
		one.close()
	}
	if w.sockets != nil {
		w.sockets.close()
	}
	w.lockFile.Close()
	w.brood.Close()
	w.waits.Close()
	w.waiter.close()
}

// trouble records what the probe could not do or see, once each: what rests on it is void.
func (w *watcher) trouble(what string, err error) { w.weigh(what, err, history.Voids) }

// detour records that something is read in another way, by which nothing is lost.
func (w *watcher) detour(what string, err error) { w.weigh(what, err, history.Harmless) }

func (w *watcher) weigh(what string, err error, weight history.Weight) {
	if w.said[what] {
		return
	}
	w.said[what] = true
	w.rec.Record(history.Trouble{Component: "probe", Text: fmt.Sprintf("%s: %v", what, err), Weight: weight})
}

const (
	// statusEvery is how often the status of a process that ended is asked for again.
	statusEvery = 5 * time.Millisecond
	// tooLate is from when on a tick of our own says more of this machine than of the server.
	tooLate = 100 * time.Millisecond
)

// run ticks until ctx ends. Between two ticks a death wakes it, and so does the second look at a suspicious worker.
func (w *watcher) run(ctx context.Context) {
	w.due = time.Now().Add(sampleEvery)
	for ctx.Err() == nil {
		until := w.due
		again := w.looked()
		if !again.IsZero() && again.Before(until) {
			until = again
		}
		ending := w.ending()
		if soon := time.Now().Add(statusEvery); ending && soon.Before(until) {
			until = soon
		}
		if !w.birthDue.IsZero() && w.birthDue.Before(until) {
			until = w.birthDue
		}
		w.waiter.wait(until)
		if ctx.Err() != nil {
			return
		}
		now := time.Now()
		if ending || now.Before(until) || !w.birthDue.IsZero() && !now.Before(w.birthDue) {
			w.bury(now)
			w.discover(now)
		}
		if !again.IsZero() && !now.Before(again) {
			w.lookAgain(ctx, now)
		}
		if !now.Before(w.due) {
			late := now.Sub(w.due)
			if late > tooLate {
				w.rec.Record(history.Tick{Late: late})
			}
			w.tick(ctx, now)
			w.due = w.due.Add((late/sampleEvery + 1) * sampleEvery)
		}
	}
}

// tick looks at everything once.
func (w *watcher) tick(ctx context.Context, now time.Time) {
	w.bury(now)
	w.discover(now)
	w.readThreads(now)
	w.readLocks(now)
	w.readSockets(now)
	for _, one := range w.workers {
		if !one.over {
			w.look(ctx, now, one)
		}
	}
	w.readSlow(now)
	select {
	case w.probe.ticked <- struct{}{}:
	default:
	}
}

// unreadable records that evidence may not be read; that it vanished is no trouble.
func (w *watcher) unreadable(err error, what string) {
	if errors.Is(err, os.ErrPermission) {
		w.trouble("read "+what, fmt.Errorf("%w (hangtime sees more as the workers' own user, or as root)", err))
	}
}

// unseen records, once each, that something of a worker may not be read; hides says that a hang may go unseen without it.
func (w *watcher) unseen(pid int, what string, err error, hides bool) {
	key := fmt.Sprint("unseen ", pid, what)
	if w.said[key] || len(w.said) > maxSaid {
		return
	}
	w.said[key] = true
	ev := history.Unseen{PID: pid, What: what, Hides: hides, Reason: err.Error()}
	if errors.Is(err, os.ErrPermission) {
		ev.Allow = "run hangtime as the workers' own user, or as root"
	}
	w.rec.Record(ev)
}

// maxSaid bounds what is told once each.
const maxSaid = 4096

// readLocks notes who waits for a file lock: it shows a hang of a loop that has no request of its own. Who does not run does not begin to wait and does not end it.
func (w *watcher) readLocks(now time.Time) {
	ran := slices.ContainsFunc(w.workers, func(one *worker) bool { return !one.over && one.ran })
	if ran || now.Sub(w.locksAt) >= locksEvery {
		w.locksAt = now
		w.readLockFile()
	}
	for _, one := range w.workers {
		if slices.Contains(w.waiting, one.PID) {
			one.lockTicks++
		} else {
			one.lockTicks = 0
		}
	}
}

// locksEvery is how often the file locks are read whatever was seen.
const locksEvery = time.Second

func (w *watcher) readLockFile() {
	w.waiting = w.waiting[:0]
	if !w.lockFile.IsOpen() {
		var err error
		if w.lockFile, err = proc.Keep(w.proc.LocksPath()); err != nil {
			w.trouble("read the file locks", err)
			return
		}
	}
	text, err := w.lockFile.Whole(w.locks, proc.MaxLocks)
	if err != nil {
		w.trouble("read the file locks", err)
		w.lockFile.Close()
		return
	}
	w.locks = text
	w.waiting = proc.LockWaiters(text, w.waiting)
}

// readStat reads the worker's own line.
func (w *watcher) readStat(one *worker) (proc.Stat, error) {
	line, err := one.stat.Read(w.line)
	if err != nil {
		return proc.Stat{}, err
	}
	return proc.ParseStat(line)
}

// look records one worker's tick and looks closer where something is strange.
func (w *watcher) look(ctx context.Context, now time.Time, one *worker) {
	// The line is the dearest to read, and nothing in it changes while no thread runs: not even a stop or a wait for the disk begins without a turn.
	if one.ran || now.Sub(one.lastAt) >= time.Second {
		s, err := w.readStat(one)
		if err != nil || s.Over() {
			return // it is ending: the next wait sees it
		}
		one.last, one.lastAt = s, now
		one.threads.counted(s.Threads)
	}
	if one.based {
		if one.mattered {
			one.moved = now
		}
	} else {
		w.base(ctx, now, one)
	}
	s := history.WorkerSample{
		PID: one.PID, Worker: one.Place, State: stateName(one.last.State), CPU: one.before + one.threads.ran(), RunDelay: one.threads.waited(),
		RSS: one.last.RSS * uint64(os.Getpagesize()), Threads: one.last.Threads, Moved: one.mattered, Still: max(now.Sub(one.moved), 0),
	}
	if w.sockets != nil {
		sum := w.sockets.of(one.PID)
		s.Inside, s.Oldest, s.Idle, s.Silent, s.Answered, s.Spoke, s.LeastAge = sum.inside, sum.oldest, sum.idle, sum.silent, sum.answered, sum.spoke, sum.least
		s.Ports, s.Ages = sum.ports()
	}
	one.sample = s
	one.deaf = one.deaf && s.Inside+s.Idle+s.Silent == 0
	w.rec.Record(s)
	busy := w.beat(now, one)
	if s.Answered != one.answered || one.answeredAt.IsZero() {
		one.answered, one.answeredAt = s.Answered, now
	}
	// Connections wait, and it answers none: it may not come to accept (no descriptor left, a lock before accept).
	shut := w.backlogTicks >= 3 && now.Sub(one.answeredAt) >= 3*sampleEvery
	// One that was suspicious and has not moved since is so still: its clients may have given up, and that has freed nobody.
	one.suspect = shut || suspicious(s, busy, one.lockTicks, w.backlog) || one.suspect && !one.mattered && !one.spot
	one.spot = !one.suspect && (one.occupied() || w.spotDue(now, one))
	if one.suspect || one.spot {
		w.lookCloser(one)
		w.readGroup(now, one)
	}
}

const (
	// spotEvery is how often the threads of a worker are looked at of which the sockets cannot say whether it works: it has answered something and not closed (half an answer looks
	// like that), has no connection at all, or its last look did not prove that it waits for work.
	spotEvery = time.Second
	// spotSeldom is the same for all others: a worker that was told to leave and does not shows nowhere else.
	spotSeldom = 5 * time.Second
)

// occupied says whether the last look found it at work although no request is seen to wait.
func (one *worker) occupied() bool {
	return one.voice.works || one.deaf && !one.proven && !one.spotAt.IsZero()
}

// spotDue says whether a worker that is not suspicious is to be looked at all the same. One of which no thread ran since the last time is where it was.
func (w *watcher) spotDue(now time.Time, one *worker) bool {
	every := spotSeldom
	if one.sample.Idle > 0 || one.deaf || !one.proven {
		every = spotEvery
	}
	if now.Sub(one.spotAt) < every {
		return false
	}
	ran := one.threads.ran()
	if ran == one.spotRan && one.proven {
		return false
	}
	one.spotAt, one.spotRan = now, ran
	return true
}

// stateName is a process state as text, without making a new one each time.
func stateName(state byte) string {
	const all = "RSDTtZXI"
	for i := range len(all) {
		if all[i] == state {
			return all[i : i+1]
		}
	}
	return string(rune(state))
}

// base is the first sample's: how much it had used before, and when it last ran.
func (w *watcher) base(ctx context.Context, now time.Time, one *worker) {
	one.based = true
	one.before = max(one.last.CPU-one.threads.ran(), 0)
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

// suspicious says whether a worker is worth a closer look; waiting are the connections that no worker has accepted.
func suspicious(s history.WorkerSample, busy time.Duration, lockTicks, waiting int) bool {
	switch {
	case s.Silent > 0 && waiting > 0 && s.Still >= closer:
		return true // it may wait for a client that sends nothing
	case s.State == "T" || s.State == "t" || s.State == "D":
		return true
	case s.Inside > 0 && (s.Oldest >= closer || s.Still >= closer):
		return true
	}
	return busy >= closer || lockTicks >= 2
}

// The pause between two searches for a heartbeat grows: most servers have none that can be seen, and a search goes through all descriptors.
const (
	beatPauseLeast = time.Second
	beatPauseMost  = time.Minute
)

// beat records the worker's own sign of life and says since when it has been at one thing, by its own account.
func (w *watcher) beat(now time.Time, one *worker) time.Duration {
	if one.beat == nil && now.Sub(one.beatSought) >= one.beatPause {
		one.beatSought = now
		one.beatPause = min(max(2*one.beatPause, beatPauseLeast), beatPauseMost)
		one.beat = w.seekBeat(one.PID)
	}
	if one.beat == nil {
		return 0
	}
	got := one.beatNow(w.proc, now)
	if got == nil {
		one.beat.close()
		one.beat, one.beatPause = nil, beatPauseLeast
		return 0
	}
	w.rec.Record(got.Heartbeat)
	if got.InFlight == 0 || got.InFlight < one.tasks {
		one.tasksSince = now
	}
	one.tasks = got.InFlight
	if open := now.Sub(one.tasksSince); open >= tasksCloser {
		return max(got.busy, open)
	}
	return got.busy
}

// beatNow is its sign of life; who does not run gives no new one, and the one before only gets older.
func (one *worker) beatNow(p proc.FS, now time.Time) *beatRead {
	if past := now.Sub(one.beatAt); !one.ran && one.beatLast != nil && past < time.Second {
		got := *one.beatLast
		got.Age += past
		if got.busy > 0 {
			got.busy += past
		}
		return &got
	}
	one.beatLast, one.beatAt = one.beat.read(p), now
	return one.beatLast
}

// tasksCloser is how long a worker may have tasks of which none ends before its threads are worth a look: those of an executor may all be taken while its loop turns.
const tasksCloser = closer

func (w *watcher) seekBeat(pid int) beat {
	fds, err := w.proc.FDs(pid)
	if err != nil {
		return nil
	}
	for _, fd := range fds {
		link, err := w.proc.Link(pid, fd)
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

// slowEvery is how often what changes slowly is read: control groups, descriptors, dropped connections. The workers take turns, so that no tick has to do it for all.
const slowEvery = time.Second

func (w *watcher) readSlow(now time.Time) {
	for _, one := range w.workers {
		if one.over || now.Before(one.slowAt) {
			continue
		}
		one.slowAt = now.Add(slowEvery)
		if one.files == 0 { // the first time
			one.slowAt = now.Add(slowEvery - time.Duration(one.Place%int(slowEvery/sampleEvery))*sampleEvery)
		}
		w.readGroup(now, one)
		w.readFiles(now, one)
	}
	if now.Sub(w.dropsAt) < slowEvery {
		return
	}
	w.dropsAt = now
	if dropped, grew := w.drops.read(w.proc, w.target.Arbiter); grew {
		w.rec.Record(history.Overflow{Dropped: dropped})
	}
}

// near is how full a worker's table of descriptors must be to be recorded where it is not under suspicion, in percent.
const near = 80

// readFiles records how many descriptors a worker has where that may matter. The folder's size is their number since Linux 6.2, and 0 before that.
func (w *watcher) readFiles(now time.Time, one *worker) {
	if now.Sub(one.limitsAt) >= 10*time.Second {
		one.limitsAt = now
		one.files = w.proc.FileLimit(one.PID)
	}
	if one.files == 0 {
		return
	}
	var st unix.Stat_t
	path := w.proc.Path(one.PID, "fd")
	if unix.Stat(path, &st) != nil {
		return
	}
	open := int(st.Size)
	if open == 0 {
		all, err := proc.Numbers(path)
		if err != nil {
			return
		}
		open = len(all)
	}
	if full := open*100 >= one.files*near; full && open != one.filesTold || !one.firstAt.IsZero() && now.Sub(one.firstAt) < time.Second {
		one.filesTold = open
		w.rec.Record(history.Descriptors{PID: one.PID, Open: open, Limit: one.files})
	}
}
