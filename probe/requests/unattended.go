package requests

import (
	"slices"
	"time"

	"github.com/hangtime-dev/hangtime/kernel/sockdiag"
)

// unattended says of a connection of which it is in doubt whether a request is outstanding, and whose process gives each
// a thread of its own, that no thread of it was found waiting for the client's next one.
type unattended struct {
	received uint64 // bytes that had come by then
	looks    int    // in a row that found nobody
}

// attendTwice is how many looks it takes: between two calls a thread is nowhere.
const attendTwice = 2

// note takes what a look found.
func (u *unattended) note(c sockdiag.Connection, waited bool) {
	switch {
	case waited:
		*u = unattended{}
	case u.received != c.Received:
		*u = unattended{c.Received, 1}
	default:
		u.looks++
	}
}

// holds says whether that is so of what came last.
func (u *unattended) holds(c sockdiag.Connection) bool {
	return u.looks >= attendTwice && u.received == c.Received
}

// Attend takes at which clients' sockets, by inode, the threads of a process were found waiting, each at one, by a look
// that began at a moment. It is for processes that give each connection a thread: one without is being worked on.
func (r *Reader) Attend(pid int, began time.Time, waited []uint32) {
	c := r.connections
	if c == nil {
		return
	}
	for i := range c.now {
		one := &c.now[i]
		s := c.sockets[one.Inode]
		if s == nil || s.pid != pid || phaseOf(*one, s.oneToOne) != doubtful {
			continue
		}
		if r.readAt.Add(-one.LastReceive).After(began) { // the look may not have seen it
			continue
		}
		s.left.note(*one, slices.Contains(waited, one.Inode))
	}
}
