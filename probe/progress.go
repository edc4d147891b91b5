package probe

import (
	"cmp"
	"slices"
	"time"
)

// A phase of a connection, seen from outside.
type phase int

const (
	silent  phase = iota // the client never sent a byte
	asked                // a request is outstanding
	settled              // kept alive, nothing asked
)

// phaseOf tells what a connection waits for. The times of TCP_INFO come in steps of 4 ms, so a request that was answered at once has both ends in one step, and so has
// a request that came right after the answer to the one before. These two are told apart by what lies unread, and by the count of segments where the
// connection is known to use one for each request and one for each answer; in doubt nothing is outstanding: a hang is never made of a doubt.
func phaseOf(c connection, oneToOne bool) phase {
	switch {
	case c.received == 0:
		return silent
	case c.sent == 0 || c.lastReceive < c.lastSend || c.unread > 0:
		return asked
	case c.lastReceive == c.lastSend && oneToOne && c.segmentsIn == c.segmentsOut+1:
		return asked
	}
	return settled
}

// A tally is what the connections of one process say about its progress.
type tally struct {
	inside, idle, silent int
	oldest               time.Duration
	answered             uint64 // bytes sent, on the connections that are open now
	requests             []request
}

type request struct {
	age  time.Duration
	port int // the client's
}

// maxPorts bounds the clients' ports in one sample.
const maxPorts = 16

// ports are the clients' ports of the oldest requests.
func (t *tally) ports() []int {
	if len(t.requests) == 0 {
		return nil
	}
	slices.SortFunc(t.requests, func(a, b request) int { return cmp.Compare(b.age, a.age) })
	var all []int
	for _, r := range t.requests[:min(maxPorts, len(t.requests))] {
		if r.port != 0 { // a unix socket has none
			all = append(all, r.port)
		}
	}
	return all
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
	read(into []connection) ([]connection, error)
	close()
}

// connections follows the sockets of the server over time. One goroutine may use it.
type connections struct {
	source  source
	now     []connection
	round   uint64
	sockets map[uint32]*socket // by inode
	sums    map[int]*tally     // by pid
	closed  map[int]uint64     // by pid: bytes sent on connections that are closed
	swept   time.Time          // when the descriptors were last gone through
}

func openConnections(s source) *connections {
	return &connections{source: s, sockets: map[uint32]*socket{}, sums: map[int]*tally{}, closed: map[int]uint64{}}
}

func (c *connections) close() { c.source.close() }

// sweepEvery is how often the descriptors of all workers are gone through for the sake of connections that are younger than a tick.
const sweepEvery = time.Second

// refresh reads the sockets anew. look is called at most once, when there is one whose owner is not known: it goes through the descriptors of the workers. That is dear, so a
// connection that has only just come is asked about once a second: most are answered before the next tick.
func (c *connections) refresh(now time.Time, look func(found func(inode uint32, pid int))) error {
	all, err := c.source.read(c.now[:0])
	c.now = all
	if err != nil {
		return err
	}
	c.round++
	fresh, old := false, false
	for i := range all {
		one := &all[i]
		if one.inode == 0 {
			continue
		}
		s := c.sockets[one.inode]
		if s == nil {
			s = &socket{first: now}
			c.sockets[one.inode] = s
		}
		s.round = c.round
		if one.local { // a unix socket has no clock of its own
			one.lastReceive = now.Sub(s.first)
		}
		// It can be known only while it is settled beyond doubt.
		if one.received > 0 && one.sent > 0 && one.lastReceive > one.lastSend && one.unread == 0 {
			s.oneToOne = one.segmentsIn == one.segmentsOut
		}
		s.sent = max(s.sent, one.sent)
		if s.pid == 0 && !s.sought && one.state != tcpListen {
			fresh = fresh || s.first.Equal(now)
			old = old || s.first.Before(now) || one.lastReceive > sampleEvery
		}
	}
	for inode, s := range c.sockets {
		if s.round != c.round {
			if s.pid != 0 {
				c.closed[s.pid] += s.sent
			}
			delete(c.sockets, inode)
		}
	}
	if old || fresh && now.Sub(c.swept) >= sweepEvery {
		c.swept = now
		look(func(inode uint32, pid int) {
			if s := c.sockets[inode]; s != nil && s.pid == 0 {
				s.pid = pid
			}
		})
		for _, s := range c.sockets {
			s.sought = s.sought || s.pid == 0
		}
	}
	c.tally()
	return nil
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
		s := c.sockets[one.inode]
		if s == nil || s.pid == 0 || one.state == tcpListen {
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
			t.oldest = max(t.oldest, one.lastReceive)
			t.requests = append(t.requests, request{one.lastReceive, int(one.peer)})
		case settled:
			t.idle++
		}
		t.answered += s.sent
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
		if one := &c.now[i]; one.state == tcpListen {
			listening = true
			waiting += int(one.unread)
			limit += int(one.unsent)
		}
	}
	return waiting, limit, listening
}

// listens says whether an inode is one of the listening sockets.
func (c *connections) listens(inode uint32) bool {
	return slices.ContainsFunc(c.now, func(one connection) bool { return one.state == tcpListen && one.inode == inode })
}
