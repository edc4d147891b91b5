package probe

import (
	"cmp"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/kernel/clock"
	"github.com/hangtime-dev/hangtime/kernel/proc"
	"github.com/hangtime-dev/hangtime/kernel/procevents"
	"github.com/hangtime-dev/hangtime/probe/heartbeat"
	"github.com/hangtime-dev/hangtime/probe/limits"
	"github.com/hangtime-dev/hangtime/probe/requests"
	"github.com/hangtime-dev/hangtime/probe/threads"
	"github.com/hangtime-dev/hangtime/probe/wakeup"
)

// A roster is the workers that there are: it records who comes and who goes. One goroutine may use it.
type roster struct {
	fs       proc.FS
	rec      *history.Recorder
	crews    []*crew              // the server's own, and those of the servers behind it
	births   *procevents.Listener // nil: it cannot be had; then births are seen at the next tick
	signals  *signals
	waiter   *wakeup.Waiter
	threads  *threads.Reader
	requests *requests.Reader
	groups   *limits.Groups

	workers  []*worker // that live, by place
	ended    []*worker // whose status is not known yet
	living   atomic.Pointer[[]Worker]
	birthDue time.Time // when newborn children are to be looked at; zero: there are none
}

// openBirths listens for births and ends of the arbiter's children; nil: that cannot be had.
func openBirths(fs proc.FS, arbiter int, waiter *wakeup.Waiter) *procevents.Listener {
	if fs != "/proc" {
		return nil // not this machine's processes
	}
	births, err := procevents.Open(arbiter)
	if err != nil {
		return nil
	}
	if waiter.Watch(births.FD(), 0) != nil {
		births.Close()
		return nil
	}
	return births
}

func (r *roster) close() {
	r.signals.close()
	if r.births != nil {
		r.births.Close()
	}
	for _, one := range slices.Concat(r.workers, r.ended) {
		one.close()
	}
	for _, one := range r.workers {
		r.threads.Forget(one.threads)
	}
	for _, c := range r.crews {
		c.children.Close()
	}
}

// published are the workers that live, by place, as of the last change. Any goroutine may ask.
func (r *roster) published() []Worker {
	if all := r.living.Load(); all != nil {
		return slices.Clone(*all)
	}
	return nil
}

// publish shows the living workers to other goroutines.
func (r *roster) publish() {
	var all []Worker
	for _, one := range r.workers {
		all = append(all, one.Worker)
	}
	r.living.Store(&all)
}

const (
	// refusedFor is how long a child that is no worker is not looked at again: it may bind its own socket later.
	refusedFor = time.Second
	maxRefused = 4096
	// newborn is how young a child is still what its arbiter was: it has not yet become another program, as a hook's
	// command does, and has all its sockets.
	newborn = 20 * time.Millisecond
)

// discover finds workers that are not known yet.
func (r *roster) discover(now time.Time) {
	if !r.birthDue.IsZero() && !now.Before(r.birthDue) {
		r.birthDue = time.Time{}
	}
	if r.ending() {
		return // a successor is told after the end of the one before
	}
	changed := false
	for _, c := range r.crews {
		if r.childless(c, now) {
			continue
		}
		c.readAt = now
		pids, over := c.candidates(now, r.known)
		if over {
			r.release(c.target.Arbiter)
		}
		for _, pid := range c.fronts {
			r.release(pid)
		}
		for _, pid := range pids {
			changed = r.enlist(c, pid, now) || changed
		}
	}
	if changed {
		slices.SortFunc(r.workers, func(a, b *worker) int { return cmp.Compare(a.Place, b.Place) })
		r.publish()
	}
}

// childrenEvery is how often the children of an arbiter are read of which births are heard: some come from elsewhere, as
// orphans do to the first process of a container.
const childrenEvery = rolesEvery

// childless says whether an arbiter is not heard to have had children since they were last read, or within a second
// before: these may still become workers.
func (r *roster) childless(c *crew, now time.Time) bool {
	return r.births != nil && c == r.crews[0] && !r.births.Lately() && now.Sub(c.readAt) < childrenEvery
}

// enlist begins to watch a process that may be a worker of a crew, and says whether it does.
func (r *roster) enlist(c *crew, pid int, now time.Time) bool {
	age, young := r.age(pid, now)
	if r.known(pid) || young && age < newborn || now.Before(c.refused[pid]) {
		return false
	}
	if one := r.open(c, pid); one != nil {
		r.workers = append(r.workers, one)
		delete(c.refused, pid)
		return true
	}
	if len(c.refused) < maxRefused {
		c.refused[pid] = now.Add(refusedFor)
		if young {
			c.refused[pid] = now.Add(sampleEvery) // it may still become one
		}
	}
	return false
}

// ending says whether a worker is over whose status is not known yet.
func (r *roster) ending() bool { return len(r.ended) > 0 }

// age is how old a child is whose birth was heard of within the last second.
func (r *roster) age(pid int, now time.Time) (age time.Duration, young bool) {
	if r.births == nil {
		return 0, false
	}
	at, young := r.births.Born(pid)
	return now.Sub(at), young
}

func (r *roster) known(pid int) bool {
	return slices.ContainsFunc(r.workers, func(one *worker) bool { return one.PID == pid })
}

// open begins to watch a process; nil when it is none (any more), or not a worker of the crew.
func (r *roster) open(c *crew, pid int) *worker {
	s, err := r.fs.Stat(pid)
	if err != nil || s.Over() {
		return nil
	}
	is, noListener := c.serves(pid)
	if !is {
		return nil
	}
	pidfd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		pidfd = -1
	}
	one := &worker{
		Worker: Worker{Place: r.free(), PID: pid, Start: s.Start, Born: r.born(s.Start)},
		pidfd:  pidfd, noListener: noListener, account: account{moved: time.Now()},
		heartbeat: heartbeat.New(r.fs, pid), limits: r.groups.Of(pid),
	}
	if one.account.file, err = proc.Open(r.fs.Path(pid, "stat")); err != nil {
		one.close()
		return nil
	}
	// The pid may have passed to another process between the two looks; the second one is of what the descriptors
	// belong to.
	again, err := one.account.read(make([]byte, maxLine))
	if err != nil || again.Start != s.Start || pidfd >= 0 && r.waiter.Watch(pidfd, pid) != nil {
		one.close()
		return nil
	}
	one.threads = r.threads.Follow(pid)
	one.sockets = r.requests.Follow(pid)
	r.signals.watch(pid)
	r.rec.Record(history.WorkerSeen{PID: pid, Worker: one.Place, Start: s.Start, Born: one.Born, Name: s.Comm,
		NoListener: noListener})
	return one
}

// release stops watching a process that lives on and is no worker.
func (r *roster) release(pid int) {
	i := slices.IndexFunc(r.workers, func(one *worker) bool { return one.PID == pid })
	if i < 0 {
		return
	}
	one := r.workers[i]
	r.workers = slices.Delete(r.workers, i, i+1)
	if one.pidfd >= 0 {
		r.waiter.Forget(one.pidfd)
	}
	r.threads.Forget(one.threads)
	r.requests.Forget(one.sockets)
	r.signals.forget(pid)
	r.rec.Record(history.WorkerReleased{PID: pid, Worker: one.Place})
	one.close()
	r.publish()
}

// free is the lowest place that no living worker has.
func (r *roster) free() int {
	for place := 1; ; place++ {
		if !slices.ContainsFunc(r.workers, func(one *worker) bool { return one.Place == place }) {
			return place
		}
	}
}

// born converts a start in clock ticks since boot to the run's clock; it is exact to 10 ms.
func (r *roster) born(start uint64) time.Duration {
	return r.rec.Now() - (clock.Boot() - proc.Ticks(start))
}
