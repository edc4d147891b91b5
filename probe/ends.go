package probe

import (
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/kernel/pidfd"
)

// statusWait is how long the status of a process that ended is asked for: its parent may not have waited for it yet.
const statusWait = 60 * time.Millisecond

// reap records the workers that are no more.
func (r *roster) reap(now time.Time) {
	if r.births != nil && r.births.Hear(now) {
		r.birthDue = now.Add(newborn)
	}
	pids := r.waiter.Ended()
	r.signals.read() // after that: who has ended had been sent its signal before
	before := len(r.ended)
	r.workers = slices.DeleteFunc(r.workers, func(one *worker) bool {
		over := one.pidfd >= 0 && slices.Contains(pids, one.PID) || one.pidfd < 0 && r.vanished(one)
		if over {
			r.end(one, now)
		}
		return over
	})
	if len(r.ended) > before {
		r.publish()
	}
	r.ended = slices.DeleteFunc(r.ended, func(one *worker) bool { return r.recordEnd(one, now) })
}

// end stops watching a worker that is over; its status is asked for until it is known.
func (r *roster) end(one *worker, now time.Time) {
	one.endedAt = now
	r.ended = append(r.ended, one)
	if one.pidfd >= 0 {
		r.waiter.Forget(one.pidfd)
	}
	r.threads.Forget(one.threads)
	r.requests.Forget(one.sockets)
}

// vanished asks /proc whether a process without a pidfd is over.
func (r *roster) vanished(one *worker) bool {
	s, err := r.fs.Stat(one.PID)
	return err != nil || s.Start != one.Start || s.Over()
}

// recordEnd records the end of a worker; false when its status may still come.
func (r *roster) recordEnd(one *worker, now time.Time) bool {
	status, ok := pidfd.Status(r.fs, one.PID, one.Start, one.pidfd)
	if !ok && r.births != nil {
		status, ok = r.births.Ended(one.PID)
	}
	if !ok && one.pidfd >= 0 && now.Sub(one.endedAt) < statusWait {
		return false
	}
	gone := history.WorkerGone{PID: one.PID, Worker: one.Place}
	switch {
	case !ok:
		gone.Unknown = true
	case status.Signaled():
		gone.Signal = signalName(status.Signal())
		if status.Signal() == unix.SIGKILL && one.limits.KilledForMemory(time.Now()) {
			gone.By, gone.Inferred = "kernel (out of memory)", true
		}
	default:
		gone.Code = status.ExitStatus()
	}
	r.rec.Record(gone)
	r.signals.forget(one.PID)
	one.close()
	return true
}
