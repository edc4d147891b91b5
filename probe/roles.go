package probe

import (
	"slices"
	"time"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/probe/requests"
)

// roles are what is known of who takes the connections: the server's first process, or those that it started. It
// may change: a server that loads its application first forks its workers much later, and one of a single process may
// start others for its computations.
type roles struct {
	lookedAt time.Time
	sockets  map[uint32]bool // all that it had then
	spoken   map[uint32]bool // connections that it had at the last look and of which somebody had read all that came
}

// rolesEvery is how often it is looked who takes the connections.
const rolesEvery = 500 * time.Millisecond

// due says whether it is to be looked again.
func (o *roles) due(now time.Time) bool {
	if now.Sub(o.lookedAt) < rolesEvery {
		return false
	}
	o.lookedAt = now
	return true
}

// look has all sockets read anew where an arbiter has some that were not there at the last look: one may be a
// connection of the server.
func (o *roles) look(is taking, arbiter int, all *requests.Reader) {
	before := o.sockets
	o.sockets = map[uint32]bool{}
	is.each(arbiter, func(inode uint32) {
		o.sockets[inode] = true
		if before != nil && !before[inode] {
			all.Renew()
		}
	})
}

// hasWorkers says whether a server that was one process so far has children by now that take its connections. Then it
// is their arbiter, and a worker no longer unless it takes some itself.
func (r *roster) hasWorkers(now time.Time, children []int) bool {
	if len(children) == 0 || !r.roles.due(now) {
		return false
	}
	is := taking{r.fs, r.requests.Sockets()}
	pid := r.target.Arbiter
	if !slices.ContainsFunc(children, func(child int) bool { return sameProgram(r.fs, pid, child) && is.child(child, pid) }) {
		return false
	}
	r.target.Single = false
	r.target.Serves = len(is.spoken(pid)) > 0 || is.accepts(pid)
	if !r.target.Serves {
		r.release(pid)
	}
	return true
}

// takesItself says whether the arbiter of children takes connections beside them.
func (r *roster) takesItself(now time.Time, children []int) bool {
	if r.target.Serves || r.target.Single || !r.requests.Reads() || !r.roles.due(now) {
		return r.target.Serves
	}
	is := taking{r.fs, r.requests.Sockets()}
	before, pid := r.roles.spoken, r.target.Arbiter
	r.target.Serves = is.acceptsBeside(pid, children)
	r.roles.spoken = is.spoken(pid)
	r.roles.look(is, pid, r.requests)
	for inode := range r.roles.spoken {
		r.target.Serves = r.target.Serves || before[inode]
	}
	return r.target.Serves
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
