package probe

import (
	"cmp"
	"slices"
	"time"

	"github.com/hangtime-dev/hangtime/kernel/sockdiag"
)

// A phase of a sockdiag.Connection, seen from outside.
type phase int

const (
	silent  phase = iota // the client never sent a byte
	asked                // a request is outstanding
	settled              // kept alive, nothing asked
)

// phaseOf tells what a connection waits for. The times of TCP_INFO come in steps of 4 ms, so a request that was answered at once has both ends in one step, and so has
// a request that came right after the answer to the one before. These two are told apart by what lies unread, and by the count of segments where the
// connection is known to use one for each request and one for each answer; in doubt nothing is outstanding: a hang is never made of a doubt.
func phaseOf(c sockdiag.Connection, oneToOne bool) phase {
	switch {
	case c.Received == 0:
		return silent
	case c.Sent == 0 || c.LastReceive < c.LastSend || c.Unread > 0:
		return asked
	case c.LastReceive == c.LastSend && oneToOne && c.SegmentsIn == c.SegmentsOut+1:
		return asked
	}
	return settled
}

// A tally is what the connections of one process say about its progress.
type tally struct {
	inside, idle, silent int
	oldest               time.Duration
	answered             uint64        // bytes sent, on the connections that are open now
	spoke                time.Duration // since a byte was last sent on one of them; 0: not known
	least                bool          // the ages are those since the connections were first seen
	requests             []request
}

type request struct {
	age  time.Duration
	port int // the client's
}

// maxPorts bounds the clients' ports in one sample.
const maxPorts = 16

// ports are the clients' ports of the oldest requests, and how long each has waited.
func (t *tally) ports() (all []int, ages []time.Duration) {
	if len(t.requests) == 0 {
		return nil, nil
	}
	slices.SortFunc(t.requests, func(a, b request) int { return cmp.Compare(b.age, a.age) })
	for _, r := range t.requests[:min(maxPorts, len(t.requests))] {
		if r.port != 0 { // a unix socket has none
			all, ages = append(all, r.port), append(ages, r.age)
		}
	}
	return all, ages
}

// A socket is what is known of one of the server's sockets over time.
type socket struct {
	pid      int       // who has it; 0: not known
	first    time.Time // when it was first seen
	round    uint64    // when it was last seen
	sought   bool      // no worker had it when last looked for
	oneToOne bool      // one segment a request, one an answer
	sent     uint64
}

// A source tells the sockets of the server: TCP ones on its port, or unix ones of its name.
type source interface {
	// All appends every one.
	All(into []sockdiag.Connection) ([]sockdiag.Connection, error)
	// Some appends the listeners and those of known that are still there, at a cost that depends little on how many others the machine has.
	Some(into, known []sockdiag.Connection) ([]sockdiag.Connection, error)
	Close()
}

// connections follows the sockets of the server over time. One goroutine may use it.
type connections struct {
	source  source
	now     []sockdiag.Connection
	spare   []sockdiag.Connection
	round   uint64
	sockets map[uint32]*socket // by inode
	foreign map[uint32]bool    // sockets of workers that are none of the server's
	sums    map[int]*tally     // by pid
	closed  map[int]uint64     // by pid: bytes sent on connections that are closed
	swept   time.Time          // when the descriptors were last gone through
	whole   time.Time          // when all were last read
	cost    time.Duration      // of that
	ran     bool               // a worker did since of which it does not show otherwise what it accepts
}

func openConnections(s source) *connections {
	return &connections{source: s, sockets: map[uint32]*socket{}, foreign: map[uint32]bool{}, sums: map[int]*tally{}, closed: map[int]uint64{}}
}

func (c *connections) close() { c.source.Close() }

const (
	// wholeEvery is how often all sockets are read whatever was seen; less often where that takes long, so that it costs no more than a thousandth of a processor.
	wholeEvery = time.Second
	wholeMost  = 5 * time.Second
	// sweepEvery is how often the descriptors of all workers are gone through for a connection whose owner did not show otherwise.
	sweepEvery = time.Second
	// perSocket is about what it takes to ask for a single one.
	perSocket = 4 * time.Microsecond
)

// refresh reads the sockets anew: those that are known, or all: where news says that there are others, and once a second while workers run whose new connections do not show
// otherwise (ran). look goes through the descriptors of the workers for the owners of those that have none.
func (c *connections) refresh(now time.Time, ran, news bool, look func(found func(inode uint32, pid int))) error {
	c.round++
	c.ran = c.ran || ran
	every := min(max(wholeEvery, 1000*c.cost), wholeMost)
	if !c.ran { // nothing can be there that has not shown elsewhere
		every = wholeMost
	}
	c.spare, c.now = c.now, c.spare
	var err error
	if news || now.Sub(c.whole) >= every || time.Duration(len(c.spare))*perSocket > c.cost {
		began := time.Now()
		c.now, err = c.source.All(c.now[:0])
		c.whole, c.cost, c.ran = now, time.Since(began), false
		if len(c.foreign) > 1<<16 {
			clear(c.foreign)
		}
	} else {
		known := c.spare[:0]
		for i := range c.spare {
			if one := c.spare[i]; one.Inode != 0 {
				known = append(known, one)
			}
		}
		c.now, err = c.source.Some(c.now[:0], known)
	}
	if err != nil {
		return err
	}
	orphans := c.follow(now)
	if orphans && now.Sub(c.swept) >= sweepEvery {
		c.swept = now
		look(c.own)
		for _, s := range c.sockets {
			s.sought = s.sought || s.pid == 0
		}
	}
	c.tally()
	return nil
}

// own notes who has a socket.
func (c *connections) own(inode uint32, pid int) {
	if s := c.sockets[inode]; s != nil && s.pid == 0 {
		s.pid = pid
	}
}

// follow brings what is known over time up to what was read now, and says whether there are connections that nobody is known to have.
func (c *connections) follow(now time.Time) (orphans bool) {
	for i := range c.now {
		one := &c.now[i]
		if one.Inode == 0 {
			continue
		}
		s := c.sockets[one.Inode]
		if s == nil {
			s = &socket{first: now}
			c.sockets[one.Inode] = s
		}
		s.round = c.round
		if one.Local { // a unix socket has no clock of its own
			one.LastReceive = now.Sub(s.first)
		}
		// It can be known only while it is settled beyond doubt.
		if one.Received > 0 && one.Sent > 0 && one.LastReceive > one.LastSend && one.Unread == 0 {
			s.oneToOne = one.SegmentsIn == one.SegmentsOut
		}
		s.sent = max(s.sent, one.Sent)
		orphans = orphans || s.pid == 0 && !s.sought && one.State != sockdiag.Listen
	}
	for inode, s := range c.sockets {
		if s.round != c.round {
			if s.pid != 0 {
				c.closed[s.pid] += s.sent
			}
			delete(c.sockets, inode)
		}
	}
	return orphans
}

// lost forgets a process that is no more, so that another that has its connections can be found.
func (c *connections) lost(pid int) {
	for _, s := range c.sockets {
		if s.pid == pid {
			s.pid, s.sought = 0, false
		}
	}
	delete(c.closed, pid)
	delete(c.sums, pid)
}

// tally sums up by process.
func (c *connections) tally() {
	for pid, t := range c.sums {
		*t = tally{requests: t.requests[:0], answered: c.closed[pid]}
	}
	for i := range c.now {
		one := &c.now[i]
		s := c.sockets[one.Inode]
		if s == nil || s.pid == 0 || one.State == sockdiag.Listen {
			continue
		}
		t := c.sums[s.pid]
		if t == nil {
			t = &tally{answered: c.closed[s.pid]}
			c.sums[s.pid] = t
		}
		switch phaseOf(*one, s.oneToOne) {
		case silent:
			t.silent++
		case asked:
			t.inside++
			t.oldest = max(t.oldest, one.LastReceive)
			t.requests = append(t.requests, request{one.LastReceive, int(one.Peer)})
		case settled:
			t.idle++
		}
		t.answered += s.sent
		t.least = t.least || one.Local
		if one.Sent > 0 && (t.spoke == 0 || one.LastSend < t.spoke) {
			t.spoke = max(one.LastSend, 1)
		}
	}
}

// of is what the connections of a process say.
func (c *connections) of(pid int) tally {
	if t := c.sums[pid]; t != nil {
		return *t
	}
	return tally{answered: c.closed[pid]}
}

// backlog is what the listening sockets hold: connections that no worker has accepted, and how many they may hold.
func (c *connections) backlog() (waiting, limit int, listening bool) {
	for i := range c.now {
		if one := &c.now[i]; one.State == sockdiag.Listen {
			listening = true
			waiting += int(one.Unread)
			limit += int(one.Unsent)
		}
	}
	return waiting, limit, listening
}

// listens says whether an inode is one of the listening sockets.
func (c *connections) listens(inode uint32) bool {
	return slices.ContainsFunc(c.now, func(one sockdiag.Connection) bool { return one.State == sockdiag.Listen && one.Inode == inode })
}

// introduce notes that a process has a socket which was not known when it was seen. It is none of the server's where it is not among all that were read since.
func (c *connections) introduce(inode uint32, pid int) {
	if c.sockets[inode] != nil {
		c.own(inode, pid)
	} else {
		c.foreign[inode] = true
	}
}
