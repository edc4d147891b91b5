package probe

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/kernel/clock"
	"github.com/hangtime-dev/hangtime/kernel/pidfd"
	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// A worker is what the watcher knows of one process.
type worker struct {
	Worker
	pidfd       int // -1: none, its end is seen at the next tick
	over        bool
	ended       time.Time // when it was seen to be over; its status may come a moment later
	stat        proc.Kept
	last        proc.Stat // as last read
	lastAt      time.Time // when that was
	threads     *threads
	ran         bool      // a thread of it ran since the tick before
	mattered    bool      // one that matters did
	strangers   []uint32  // sockets that it had at the last look and that were not known
	unmet       bool      // it ran since its descriptors were last gone through
	fdsAfter    time.Time // its descriptors are not gone through again before that
	based       bool
	before      time.Duration // processor time used by threads that ended before it was watched
	moved       time.Time     // when a thread that matters last ran
	beat        beat
	beatSought  time.Time
	beatLast    *beatRead     // as last read
	beatAt      time.Time     // when that was
	tasks       int           // that it said it has, at its last sign of life
	tasksSince  time.Time     // since when none of them ended
	beatPause   time.Duration // how long not to look for one again
	answered    uint64        // bytes that it had sent at the last tick
	answeredAt  time.Time     // when that last grew
	lockTicks   int           // ticks in a row at which it waited for a file lock
	suspect     bool          // it was looked at closely at the last tick
	firstAt     time.Time     // when the first of two looks was taken; zero: none was
	sample      history.WorkerSample
	group       *group // its control group; nil: not known
	groupAt     time.Time
	groupTold   history.Cgroup // as last recorded
	groupToldAt time.Time
	limitsAt    time.Time
	slowAt      time.Time // what changes slowly is read again then
	fds         proc.Folder
	inodes      []uint32      // of its sockets, as last read
	files       int           // soft limit of descriptors; 0: not known
	filesTold   int           // descriptors that were last recorded as open
	voice       speaker       // its language
	deaf        bool          // it has no listening socket and no connection of the server's
	spot        bool          // it is looked at although nothing is suspicious
	spotAt      time.Time     // when it last was
	spotRan     time.Duration // its processor time then
	proven      bool          // its last look proved that it waits for work
	upstreamAt  time.Time     // when it was last looked whom it has asked
	titleAt     time.Time     // when its title was last read
	titled      string
}

func (one *worker) close() {
	if one.pidfd >= 0 {
		unix.Close(one.pidfd)
	}
	one.stat.Close()
	one.fds.Close()
	one.threads.close()
	if one.beat != nil {
		one.beat.close()
	}
}

const (
	// refusedFor is how long a child that is no worker is not looked at again: it may bind its own socket later.
	refusedFor = time.Second
	// newborn is how young a child is still what its arbiter was: it has not yet become another program, as a hook's command does, and has all its sockets.
	newborn = 20 * time.Millisecond
)

// discover finds workers that are not known yet.
func (w *watcher) discover(now time.Time) {
	if !w.birthDue.IsZero() && !now.Before(w.birthDue) {
		w.birthDue = time.Time{}
	}
	if w.ending() {
		return // a successor is told after the end of the one before
	}
	pids := []int{w.target.Arbiter}
	if !w.target.Single {
		var err error
		if pids, err = w.brood.Read(); err != nil {
			return // the arbiter is gone; its workers are watched to their end
		}
	}
	if w.sockets != nil && !w.target.Single && !w.heirs {
		w.heirs = slices.ContainsFunc(pids, func(pid int) bool { return w.known(pid) || w.holds(pid) == holdsIt })
	}
	changed := false
	for _, pid := range pids {
		age, young := w.age(pid, now)
		if w.known(pid) || young && age < newborn || now.Before(w.refused[pid]) {
			continue
		}
		if one := w.open(pid); one != nil {
			w.workers = append(w.workers, one)
			changed = true
			delete(w.refused, pid)
		} else if len(w.refused) < 4096 {
			w.refused[pid] = now.Add(refusedFor)
			if young {
				w.refused[pid] = now.Add(sampleEvery) // it may still become one
			}
		}
	}
	if changed {
		slices.SortFunc(w.workers, func(a, b *worker) int { return cmp.Compare(a.Place, b.Place) })
		w.publish()
	}
}

// age is how old a child is whose birth was heard of within the last second.
func (w *watcher) age(pid int, now time.Time) (age time.Duration, young bool) {
	if w.family == nil {
		return 0, false
	}
	at, young := w.family.Born(pid)
	return now.Sub(at), young
}

func (w *watcher) known(pid int) bool {
	for _, one := range w.workers {
		if one.PID == pid && !one.over {
			return true
		}
	}
	return false
}

// open begins to watch a process; nil when it is none (any more), or not a worker.
func (w *watcher) open(pid int) *worker {
	s, err := w.proc.Stat(pid)
	if err != nil || s.Over() {
		return nil
	}
	is, deaf := w.serves(pid)
	if !is {
		return nil
	}
	pidfd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		pidfd = -1
	}
	file, err := proc.Keep(w.proc.Path(pid, "stat"))
	if err != nil {
		if pidfd >= 0 {
			unix.Close(pidfd)
		}
		return nil
	}
	one := &worker{
		Worker: Worker{Place: w.free(), PID: pid, Start: s.Start, Born: w.born(s.Start)},
		pidfd:  pidfd, deaf: deaf, stat: file, threads: &threads{proc: w.proc, pid: pid, isGo: w.isGo(pid)}, moved: time.Now(),
	}
	// The pid may have passed to another process between the two looks; the second one is of what the descriptors belong to.
	if again, err := w.readStat(one); err == nil && again.Start == s.Start && (pidfd < 0 || w.waiter.watch(pidfd, pid) == nil) {
		w.bulk.watch(pid)
		if w.tap != nil {
			w.tap.Watch(pid)
		}
		w.rec.Record(history.WorkerSeen{PID: pid, Worker: one.Place, Start: s.Start, Born: one.Born, Name: s.Comm, NoListener: deaf})
		return one
	}
	one.close()
	return nil
}

// What a process is seen to have of the server's sockets.
type holding int

const (
	holdsNone   holding = iota
	holdsIt             // a listening socket of the server, or a connection that was accepted on one
	holdsUnseen         // its descriptors may not be read
)

// holds says what a process has of the server's sockets.
func (w *watcher) holds(pid int) holding {
	if _, _, listening := w.sockets.backlog(); !listening {
		if w.sockets.refresh(time.Now(), true, true, func(func(uint32, int)) {}) != nil {
			return holdsUnseen
		}
		if _, _, listening = w.sockets.backlog(); !listening {
			return holdsUnseen
		}
	}
	fds := proc.Folder{}
	defer fds.Close()
	found := holdsNone
	err := fds.Links(w.proc, pid, func(link []byte) {
		if inode, ok := proc.SocketInode(link); ok && (w.sockets.listens(inode) || w.sockets.sockets[inode] != nil) {
			found = holdsIt
		}
	})
	if err != nil {
		return holdsUnseen
	}
	return found
}

// serves says whether a child of the arbiter is a worker: it has a listening socket of the server, or a connection that was accepted on one (a worker that gets its connections from
// its arbiter). Where none of them has, as in a queue's pool or before they have come so far, those are that run their arbiter's program; they are deaf. Where descriptors may not
// be read, every child counts.
func (w *watcher) serves(pid int) (is, deaf bool) {
	switch {
	case w.target.Single:
		return true, w.sockets == nil
	case w.sockets == nil:
		return kin(w.proc, w.target.Arbiter, pid), true
	}
	switch w.holds(pid) {
	case holdsIt:
		w.heirs = true
		return true, false
	case holdsUnseen:
		return true, false
	}
	return !w.heirs && kin(w.proc, w.target.Arbiter, pid), true
}

// free is the lowest place that no living worker has.
func (w *watcher) free() int {
	for place := 1; ; place++ {
		if !slices.ContainsFunc(w.workers, func(one *worker) bool { return one.Place == place && !one.over }) {
			return place
		}
	}
}

// born converts a start in clock ticks since boot to the run's clock; it is exact to 10 ms.
func (w *watcher) born(start uint64) time.Duration {
	return w.rec.Now() - (clock.Boot() - proc.Ticks(start))
}

// statusWait is how long the status of a process that ended is asked for: its parent may not have waited for it yet.
const statusWait = 60 * time.Millisecond

// bury records the workers that are no more.
func (w *watcher) bury(now time.Time) {
	changed, over := false, w.ending()
	if w.family != nil && w.family.Hear(now) {
		w.birthDue = now.Add(newborn)
	}
	ends := w.waiter.ends()
	w.hearSignals() // after that: who has ended had been sent its signal before
	for _, one := range w.workers {
		if !one.over && (one.pidfd >= 0 && slices.Contains(ends, one.PID) || one.pidfd < 0 && w.vanished(one)) {
			one.over, one.ended, changed, over = true, now, true, true
			if one.pidfd >= 0 {
				w.waiter.forget(one.pidfd)
			}
		}
	}
	if over {
		w.workers = slices.DeleteFunc(w.workers, func(one *worker) bool { return one.over && w.gone(now, one) })
	}
	if changed {
		w.publish()
	}
}

// gone records the end of a worker; false when its status may still come.
func (w *watcher) gone(now time.Time, one *worker) bool {
	status, ok := pidfd.Status(w.proc, one.PID, one.Start, one.pidfd)
	if !ok && w.family != nil {
		status, ok = w.family.Ended(one.PID)
	}
	if !ok && one.pidfd >= 0 && now.Sub(one.ended) < statusWait {
		return false
	}
	gone := history.WorkerGone{PID: one.PID, Worker: one.Place}
	switch {
	case !ok:
		gone.Unknown = true
	case status.Signaled():
		gone.Signal = signalName(status.Signal())
		gone.By, gone.Inferred = w.killer(one, status.Signal())
	default:
		gone.Code = status.ExitStatus()
	}
	w.rec.Record(gone)
	if w.sockets != nil {
		w.sockets.lost(one.PID)
	}
	w.bulk.forget(one.PID)
	if w.tap != nil {
		w.tap.Forget(one.PID)
	}
	one.close()
	return true
}

func signalName(s unix.Signal) string {
	if name := unix.SignalName(s); name != "" {
		return name
	}
	return fmt.Sprintf("signal %d", s)
}

// vanished asks /proc whether a process without a pidfd is over.
func (w *watcher) vanished(one *worker) bool {
	s, err := w.proc.Stat(one.PID)
	return err != nil || s.Start != one.Start || s.Over()
}

// ending says whether a worker is over whose status is not known yet.
func (w *watcher) ending() bool {
	return slices.ContainsFunc(w.workers, func(one *worker) bool { return one.over })
}

// publish shows the living workers to other goroutines.
func (w *watcher) publish() {
	var all []Worker
	for _, one := range w.workers {
		if !one.over {
			all = append(all, one.Worker)
		}
	}
	w.probe.mu.Lock()
	w.probe.workers = all
	w.probe.mu.Unlock()
}
