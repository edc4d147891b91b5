package probe

import (
	"time"

	"github.com/hangtime-dev/hangtime/probe/discovery"
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
func (o *roles) look(is discovery.Taking, arbiter int, all *requests.Reader) {
	before := o.sockets
	o.sockets = map[uint32]bool{}
	is.EachSocket(arbiter, func(inode uint32) {
		o.sockets[inode] = true
		if before != nil && !before[inode] {
			all.Renew()
		}
	})
}
