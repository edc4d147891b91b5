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

// A roster says which workers there are: it records who comes and who goes. One goroutine may use it.
type roster struct {
	fs       proc.FS
	rec      *history.Recorder
	target   Target
	children *proc.Children       // of the arbiter
	births   *procevents.Listener // nil: it cannot be had; then births are seen at the next tick
	signals  *signals
	waiter   *wakeup.Waiter
	threads  *threads.Reader
	requests *requests.Reader
	groups   *limits.Groups

	workers  []*worker // that live, by place
	ended    []*worker // whose status is not known yet
	living   atomic.Pointer[[]Worker]
	birthDue time.Time         // when newborn children are to be looked at; zero: there are none
	refused  map[int]time.Time // children that are no workers, and until when that is believed
	serving  bool              // a child was found that has a listening socket, or a connection accepted on one
	passed   string            // the command of a child that has a connection and no listening socket: its arbiter passes them on
	roles    roles
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
	r.children.Close()
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
	pids, err := r.children.Read()
	switch {
	case !r.target.Single && err != nil:
		return // the arbiter is gone; its workers are watched to their end
	case r.target.Single && r.requests.Reads() && !r.hasWorkers(now, pids):
		pids = []int{r.target.Arbiter}
	case r.target.Single: // a queue's worker may do each job in a process of its own
		pids = append([]int{r.target.Arbiter}, pids...)
	}
	if r.takesItself(now, pids) {
		pids = append([]int{r.target.Arbiter}, pids...)
	}
	if r.requests.Reads() && !r.target.Single && !r.serving {
		r.serving = slices.ContainsFunc(pids,
			func(pid int) bool {
				holds := r.requests.Holds(pid)
				if holds == requests.HoldsSome {
					r.passed = r.fs.Command(pid)
				}
				return r.known(pid) || holds == requests.HoldsSome || holds == requests.HoldsListener
			})
	}
	changed := false
	for _, pid := range pids {
		age, young := r.age(pid, now)
		if r.known(pid) || young && age < newborn || now.Before(r.refused[pid]) {
			continue
		}
		if one := r.open(pid); one != nil {
			r.workers = append(r.workers, one)
			changed = true
			delete(r.refused, pid)
		} else if len(r.refused) < 4096 {
			r.refused[pid] = now.Add(refusedFor)
			if young {
				r.refused[pid] = now.Add(sampleEvery) // it may still become one
			}
		}
	}
	if changed {
		slices.SortFunc(r.workers, func(a, b *worker) int { return cmp.Compare(a.Place, b.Place) })
		r.publish()
	}
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

// open begins to watch a process; nil when it is none (any more), or not a worker.
func (r *roster) open(pid int) *worker {
	s, err := r.fs.Stat(pid)
	if err != nil || s.Over() {
		return nil
	}
	is, noListener := r.serves(pid)
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

// serves says whether a child of the arbiter is a worker: it has a listening socket of the server, or a connection that
// was accepted on one (a worker that gets its connections from its arbiter). Where none of them has, as in a queue's
// pool or before they have come so far, those are that run their arbiter's program; they have no listener. Where
// descriptors may not be read, every child counts.
func (r *roster) serves(pid int) (is, noListener bool) {
	switch {
	case pid == r.target.Arbiter:
		return true, !r.requests.Reads()
	case !r.requests.Reads():
		return sameProgram(r.fs, r.target.Arbiter, pid), true
	}
	switch r.requests.Holds(pid) {
	case requests.HoldsListener:
		// Another program, such as one that was started in the background, may have inherited it.
		arbiter := r.target.Arbiter
		if !sameProgram(r.fs, arbiter, pid) && !(taking{r.fs, r.requests.Sockets()}).child(pid, arbiter) {
			return false, false
		}
		r.serving = true
		return true, false
	case requests.HoldsSome:
		r.serving, r.passed = true, r.fs.Command(pid)
		return true, false
	case requests.HoldUnseen:
		return true, false
	}
	if r.target.Serves || r.serving && (r.passed == "" || r.fs.Command(pid) != r.passed) {
		return false, true
	}
	return sameProgram(r.fs, r.target.Arbiter, pid), true
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
