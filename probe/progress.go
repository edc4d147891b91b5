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
	ports                []int
}

// maxPorts bounds the clients' ports in one sample.
const maxPorts = 16

// connections follows the sockets of the server's port over time. One goroutine may use it.
type connections struct {
	reader   *socketReader
	port     uint16
	now      []connection
	owner    map[uint32]int     // inode → pid
	unknown  map[uint32]bool    // inodes that no worker had when last looked for
	oneToOne map[uint32]bool    // by inode: one segment a request, one an answer
	sent     map[int]sentBefore // by pid: bytes sent on connections that are closed
}

// sentBefore keeps a worker's sum of sent bytes from falling when a connection closes.
type sentBefore struct {
	closed uint64
	open   map[uint32]uint64 // by inode
}

func openConnections(port uint16) (*connections, error) {
	reader, err := openSocketReader()
	if err != nil {
		return nil, err
	}
	return &connections{
		reader: reader, port: port,
		owner: map[uint32]int{}, unknown: map[uint32]bool{}, oneToOne: map[uint32]bool{}, sent: map[int]sentBefore{},
	}, nil
}

func (c *connections) close() { c.reader.close() }

// refresh reads the sockets anew. look is called at most once, when there is one whose owner is not known: it goes through the descriptors of the workers.
func (c *connections) refresh(look func(found func(inode uint32, pid int))) error {
	all, err := c.reader.onPort(c.port, c.now[:0])
	c.now = all
	if err != nil {
		return err
	}
	seen := make(map[uint32]bool, len(all))
	wanted := false
	for _, one := range all {
		if one.inode == 0 {
			continue
		}
		seen[one.inode] = true
		if _, known := c.owner[one.inode]; !known && !c.unknown[one.inode] && one.state != tcpListen {
			wanted = true
		}
		c.learn(one)
	}
	forget(c.owner, seen)
	forget(c.unknown, seen)
	forget(c.oneToOne, seen)
	if wanted {
		look(func(inode uint32, pid int) {
			if seen[inode] {
				c.owner[inode] = pid
			}
		})
		for inode := range seen {
			if _, known := c.owner[inode]; !known {
				c.unknown[inode] = true
			}
		}
	}
	return nil
}

func forget[V any](m map[uint32]V, seen map[uint32]bool) {
	for inode := range m {
		if !seen[inode] {
			delete(m, inode)
		}
	}
}

// learn notes whether requests and answers on a connection take one segment each; it can be known only while it is settled beyond doubt.
func (c *connections) learn(one connection) {
	if one.received > 0 && one.sent > 0 && one.lastReceive > one.lastSend && one.unread == 0 {
		c.oneToOne[one.inode] = one.segmentsIn == one.segmentsOut
	}
}

// lost forgets a process that is no more, so that another that has its connections can be found.
func (c *connections) lost(pid int) {
	for inode, owner := range c.owner {
		if owner == pid {
			delete(c.owner, inode)
		}
	}
	delete(c.sent, pid)
}

// tallies sums up by process.
func (c *connections) tallies() map[int]tally {
	type request struct {
		age  time.Duration
		port int
	}
	sums := map[int]tally{}
	requests := map[int][]request{}
	open := map[int]map[uint32]uint64{}
	for _, one := range c.now {
		pid, owned := c.owner[one.inode]
		if one.state == tcpListen || one.inode == 0 || !owned {
			continue
		}
		t := sums[pid]
		switch phaseOf(one, c.oneToOne[one.inode]) {
		case silent:
			t.silent++
		case asked:
			t.inside++
			t.oldest = max(t.oldest, one.lastReceive)
			requests[pid] = append(requests[pid], request{one.lastReceive, int(one.peer)})
		case settled:
			t.idle++
		}
		sums[pid] = t
		if open[pid] == nil {
			open[pid] = map[uint32]uint64{}
		}
		open[pid][one.inode] = one.sent
	}
	for pid, t := range sums {
		slices.SortFunc(requests[pid], func(a, b request) int { return cmp.Compare(b.age, a.age) })
		for _, r := range requests[pid][:min(maxPorts, len(requests[pid]))] {
			t.ports = append(t.ports, r.port)
		}
		sums[pid] = t
	}
	c.sum(sums, open)
	return sums
}

// sum makes the sums of sent bytes grow only.
func (c *connections) sum(sums map[int]tally, open map[int]map[uint32]uint64) {
	for pid, before := range c.sent {
		for inode, sent := range before.open {
			if _, still := open[pid][inode]; !still {
				before.closed += sent
			}
		}
		before.open = open[pid]
		c.sent[pid] = before
	}
	for pid, now := range open {
		if _, known := c.sent[pid]; !known {
			c.sent[pid] = sentBefore{open: now}
		}
	}
	for pid, before := range c.sent {
		t := sums[pid]
		t.answered = before.closed
		for _, sent := range before.open {
			t.answered += sent
		}
		sums[pid] = t
	}
}

// backlog is what the listening sockets hold: connections that no worker has accepted, and how many they may hold.
func (c *connections) backlog() (waiting, limit int, listening bool) {
	for _, one := range c.now {
		if one.state == tcpListen {
			listening = true
			waiting += int(one.unread)
			limit += int(one.unsent)
		}
	}
	return waiting, limit, listening
}

// listeners are the inodes of the listening sockets.
func (c *connections) listeners() map[uint32]bool {
	all := map[uint32]bool{}
	for _, one := range c.now {
		if one.state == tcpListen {
			all[one.inode] = true
		}
	}
	return all
}
