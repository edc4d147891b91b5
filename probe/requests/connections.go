package requests

import (
	"slices"
	"time"

	"github.com/hangtime-dev/hangtime/kernel/sockdiag"
)

// A socket is what is known of one of the server's sockets over time.
type socket struct {
	pid      int       // who has it; 0: not known
	first    time.Time // when it was first seen
	round    uint64    // when it was last seen
	sought   bool      // no worker had it when last looked for
	spoken   bool      // somebody has read all that came
	oneToOne bool      // one segment a request, one an answer
	sent     uint64
	left     unattended

	firstRound uint64 // of a listener: when it was first seen
	dropped    uint32 // and what it had dropped when it was last
}

// connections follows the sockets of the server over time. One goroutine may use it.
type connections struct {
	source  source
	ports   map[uint16]bool // of the server
	local   bool            // the first address is a unix socket's; others of that kind are for commands
	now     []sockdiag.Connection
	spare   []sockdiag.Connection
	round   uint64
	sockets map[uint32]*socket // by inode
	foreign map[uint32]bool    // sockets of workers that are none of the server's
	tallies map[int]*Tally     // by pid
	closed  map[int]uint64     // by pid: bytes sent on connections that are closed
	dropped uint64             // connections that the kernel dropped at the listeners
	swept   time.Time          // when the descriptors were last gone through
	whole   time.Time          // when all were last read
	cost    time.Duration      // of that

	newsCost time.Duration // of all of these that were for the sake of connections that were not known
	ran      bool          // a worker did since of which it does not show otherwise what it accepts
}

func newConnections(s source) *connections {
	return &connections{
		source: s, ports: map[uint16]bool{}, sockets: map[uint32]*socket{}, foreign: map[uint32]bool{}, tallies: map[int]*Tally{},
		closed: map[int]uint64{},
	}
}

const (
	// wholeEvery is how often all sockets are read while workers run whose new connections do not show otherwise; less
	// often where that takes long, so that it costs no more than a thousandth of a processor.
	wholeEvery = time.Second
	wholeMost  = 5 * time.Second
	// wholeSeldom is the same where nothing can be there that has not shown elsewhere: on a table of 262,144 places one
	// reading takes 3 to 10 ms.
	wholeSeldom = 10 * time.Second
	// sweepEvery is how often the descriptors of all workers are gone through for a connection whose owner did not show
	// otherwise.
	sweepEvery = time.Second
	// perSocket is about what it takes to ask for a single one.
	perSocket = 4 * time.Microsecond
)

// refresh reads the sockets anew: those that are known and those that are named, or all: where news says that there are
// others, and once a second while workers run whose new connections do not show otherwise (ran). look goes through the
// descriptors of the workers for the owners of those that have none.
func (c *connections) refresh(now time.Time, ran, news bool, named []sockdiag.Connection,
	look func(found func(inode uint32, pid int))) error {
	c.round++
	c.ran = c.ran || ran
	if err := c.read(now, news, named); err != nil {
		return err
	}
	if c.follow(now) && now.Sub(c.swept) >= sweepEvery {
		c.swept = now
		look(c.own)
		for _, s := range c.sockets {
			s.sought = s.sought || s.pid == 0
		}
	}
	c.tally()
	c.countDrops()
	return nil
}

// read reads all sockets, or those that are known and those that are named.
func (c *connections) read(now time.Time, news bool, named []sockdiag.Connection) (err error) {
	every := min(max(wholeEvery, 1000*c.cost), wholeMost)
	if !c.ran { // nothing can be there that has not shown elsewhere
		every = wholeSeldom
	}
	c.spare, c.now = c.now, c.spare
	if news || now.Sub(c.whole) >= every || time.Duration(len(c.spare))*perSocket > c.cost {
		began := time.Now()
		c.now, err = c.source.All(c.now[:0])
		c.whole, c.cost, c.ran = now, time.Since(began), false
		if news {
			c.newsCost += c.cost
		}
		if len(c.foreign) > 1<<16 {
			clear(c.foreign)
		}
		return err
	}
	known := c.spare[:0]
	for i := range c.spare {
		if one := c.spare[i]; one.Inode != 0 {
			known = append(known, one)
		}
	}
	c.now, err = c.source.Some(c.now[:0], append(known, named...))
	return err
}

// follow brings what is known over time up to what was read now, and says whether there are connections that nobody is
// known to have.
func (c *connections) follow(now time.Time) (orphans bool) {
	for i := range c.now {
		one := &c.now[i]
		if one.Inode == 0 {
			continue
		}
		s := c.sockets[one.Inode]
		if s == nil {
			s = &socket{first: now, firstRound: c.round}
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
		s.sent, s.spoken = max(s.sent, one.Sent), spoken(*one) && one.Local == c.local
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

// tally sums up by process.
func (c *connections) tally() {
	for pid, t := range c.tallies {
		t.reset(c.closed[pid])
	}
	for i := range c.now {
		one := &c.now[i]
		s := c.sockets[one.Inode]
		if s == nil || s.pid == 0 || one.State == sockdiag.Listen {
			continue
		}
		t := c.tallies[s.pid]
		if t == nil {
			t = &Tally{Answered: c.closed[s.pid]}
			c.tallies[s.pid] = t
		}
		phase := phaseOf(*one, s.oneToOne)
		if phase == doubtful && s.left.holds(*one) {
			phase = asked
		}
		t.add(one, s.sent, phase)
	}
}

// of is what the connections of a process say.
func (c *connections) of(pid int) Tally {
	if t := c.tallies[pid]; t != nil {
		return *t
	}
	return Tally{Answered: c.closed[pid]}
}

// answering is for how long nothing has been sent at the connection of a process with a client's port, on which an answer
// has begun or is whole.
func (c *connections) answering(pid, port int) (silent time.Duration, known bool) {
	for i := range c.now {
		one := &c.now[i]
		if int(one.Peer) != port || one.State == sockdiag.Listen || one.Local {
			continue
		}
		if s := c.sockets[one.Inode]; s == nil || s.pid != pid || phaseOf(*one, s.oneToOne) != settled {
			continue
		}
		return one.LastSend, true
	}
	return 0, false
}

// own notes who has a socket.
func (c *connections) own(inode uint32, pid int) {
	if s := c.sockets[inode]; s != nil && s.pid == 0 {
		s.pid = pid
	}
}

// claim notes that a process has a socket which was not known when it was seen. It is none of the server's where it is
// not among all that were read since.
func (c *connections) claim(inode uint32, pid int) {
	if c.sockets[inode] != nil {
		c.own(inode, pid)
	} else {
		c.foreign[inode] = true
	}
}

// lost forgets a process that is no more, so that another that has its connections can be found.
func (c *connections) lost(pid int) {
	for _, s := range c.sockets {
		if s.pid == pid {
			s.pid, s.sought = 0, false
		}
	}
	delete(c.closed, pid)
	delete(c.tallies, pid)
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

// countDrops brings up to date how many connections the kernel has dropped at the listeners since they are followed.
func (c *connections) countDrops() {
	for i := range c.now {
		one := &c.now[i]
		s := c.sockets[one.Inode]
		if s == nil || one.State != sockdiag.Listen {
			continue
		}
		if s.round == s.firstRound {
			s.dropped = one.Dropped // what was before nobody knows the time of
		}
		c.dropped += uint64(one.Dropped - s.dropped)
		s.dropped = one.Dropped
	}
}

// listens says whether an inode is one of the listening sockets.
func (c *connections) listens(inode uint32) bool {
	return slices.ContainsFunc(c.now, func(one sockdiag.Connection) bool {
		return one.State == sockdiag.Listen && one.Inode == inode
	})
}
