package probe

import (
	"fmt"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/history"
)

// A worker is what the watcher knows of one process.
type worker struct {
	Worker
	pidfd      int // -1: none, its end is seen at the next tick
	over       bool
	ended      time.Time // when it was seen to be over; its status may come a moment later
	stat       kept
	buf        []byte
	threads    *threads
	based      bool
	before     time.Duration // processor time used by threads that ended before it was watched
	moved      time.Time     // when a thread that matters last ran
	beat       beat
	beatSought time.Time
	lockTicks  int   // ticks in a row at which it waited for a file lock
	first      *look // the first of two looks
}

func (one *worker) close() {
	if one.pidfd >= 0 {
		unix.Close(one.pidfd)
	}
	one.stat.close()
	one.threads.close()
	if one.beat != nil {
		one.beat.close()
	}
}

// discover finds workers that are not known yet.
func (w *watcher) discover() {
	if w.ending() {
		return // a successor is told after the end of the one before
	}
	children, err := w.proc.children(w.target.Arbiter)
	if err != nil {
		return // the arbiter is gone; its workers are watched to their end
	}
	slices.Sort(children)
	changed := false
	for _, pid := range children {
		if slices.ContainsFunc(w.workers, func(one *worker) bool { return one.PID == pid && !one.over }) {
			continue
		}
		if one := w.open(pid); one != nil {
			w.workers = append(w.workers, one)
			changed = true
		}
	}
	if changed {
		slices.SortFunc(w.workers, func(a, b *worker) int { return a.Place - b.Place })
		w.publish()
	}
}

// open begins to watch a process; nil when it is none (any more), or not a worker.
func (w *watcher) open(pid int) *worker {
	s, err := w.proc.stat(pid)
	if err != nil || s.state == 'Z' || s.state == 'X' || !w.serves(pid) {
		return nil
	}
	pidfd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		pidfd = -1
	}
	file, err := keep(w.proc.pid(pid, "stat"))
	if err != nil {
		if pidfd >= 0 {
			unix.Close(pidfd)
		}
		return nil
	}
	one := &worker{
		Worker: Worker{Place: w.free(), PID: pid, Start: s.start, Born: w.born(s.start)},
		pidfd:  pidfd, stat: file, buf: make([]byte, 1024), threads: openThreads(w.proc, pid), moved: time.Now(),
	}
	// The pid may have passed to another process between the two looks; the second one is of what the descriptors belong to.
	if line, err := one.stat.read(one.buf); err == nil {
		if again, err := parseStat(line); err == nil && again.start == s.start {
			w.rec.Record(history.WorkerSeen{PID: pid, Worker: one.Place, Start: s.start, Born: one.Born, Name: s.comm})
			return one
		}
	}
	one.close()
	return nil
}

// serves says whether a child of the arbiter is a worker: whether it has the listening socket. Where its descriptors may not be read, every child counts.
func (w *watcher) serves(pid int) bool {
	if w.sockets == nil {
		return true
	}
	listeners := w.sockets.listeners()
	if len(listeners) == 0 {
		if w.sockets.refresh(func(func(uint32, int)) {}) != nil {
			return true
		}
		listeners = w.sockets.listeners()
	}
	fds, err := numbers(w.proc.pid(pid, "fd"))
	if err != nil || len(listeners) == 0 {
		return true
	}
	return slices.ContainsFunc(fds, func(fd int) bool {
		link, err := w.proc.link(pid, fd)
		if err != nil {
			return false
		}
		inode, ok := socketInode(link)
		return ok && listeners[inode]
	})
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
	var ts unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts) != nil {
		return 0
	}
	return w.rec.Now() - (time.Duration(ts.Nano()) - ticks(start))
}

// statusWait is how long the status of a process that ended is asked for: its parent may not have waited for it yet.
const statusWait = 60 * time.Millisecond

// bury records the workers that are no more.
func (w *watcher) bury(now time.Time) {
	left := w.workers[:0]
	changed := false
	for _, one := range w.workers {
		if !one.over && w.isOver(one) {
			one.over, one.ended, changed = true, now, true
		}
		if !one.over {
			left = append(left, one)
			continue
		}
		status, ok := w.proc.statusOf(one.PID, one.Start, one.pidfd)
		if !ok && one.pidfd >= 0 && now.Sub(one.ended) < statusWait {
			left = append(left, one)
			continue
		}
		gone := history.WorkerGone{PID: one.PID, Worker: one.Place}
		switch {
		case !ok:
			gone.Unknown = true
		case status.Signaled():
			gone.Signal = unix.SignalName(status.Signal())
			if gone.Signal == "" {
				gone.Signal = fmt.Sprintf("signal %d", status.Signal())
			}
		default:
			gone.Code = status.ExitStatus()
		}
		w.rec.Record(gone)
		if w.sockets != nil {
			w.sockets.lost(one.PID)
		}
		one.close()
	}
	clear(w.workers[len(left):])
	w.workers = left
	if changed {
		w.publish()
	}
}

func (w *watcher) isOver(one *worker) bool {
	if one.pidfd >= 0 {
		return ended(one.pidfd)
	}
	s, err := w.proc.stat(one.PID)
	return err != nil || s.start != one.Start || s.state == 'Z' || s.state == 'X'
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
