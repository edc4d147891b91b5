package http1

import (
	"time"
)

type connState uint8

const (
	stateNone       connState = iota // no socket
	stateConnecting                  // it carries a hit that cannot be written yet
	stateBusy                        // it carries a hit
	stateIdle                        // it can carry one
	stateLeaving                     // the server said that it closes it; closing first would leave the port in TIME_WAIT here
)

// A flight is a hit on its way.
type flight struct {
	tries   uint8 // addresses tried for it
	target  uint32
	body    uint64 // bytes of the request's body
	seq     uint64
	due     time.Duration
	sent    time.Duration
	connect time.Duration
	first   time.Duration
}

// A conn is a place for a connection and the hit that it carries. The loop alone touches it.
type conn struct {
	fd      int
	index   int32
	gen     uint32
	state   connState
	used    bool   // it has carried a hit before
	stamped bool   // the kernel notes when its answers come
	watched bool   // see idleSleep.watch
	port    uint16 // ours; 0: not asked for yet
	address uint8  // which of the addresses it leads to

	flight
	deadline time.Duration
	out      []byte // what is left of the request
	parser   Parser

	list       *connList
	prev, next *conn
}

// localPort is our end of the connection; 0 where it has none.
func (c *conn) localPort() uint16 {
	if c.port == 0 {
		c.port = localPort(c.fd)
	}
	return c.port
}

// A connList is a list through the conns themselves; each is in at most one.
type connList struct {
	head, tail *conn
	len        int
}

func (l *connList) push(c *conn) {
	c.list, c.prev, c.next = l, l.tail, nil
	if l.tail != nil {
		l.tail.next = c
	} else {
		l.head = c
	}
	l.tail = c
	l.len++
}

func (c *conn) unlink() {
	l := c.list
	if l == nil {
		return
	}
	if c.prev != nil {
		c.prev.next = c.next
	} else {
		l.head = c.next
	}
	if c.next != nil {
		c.next.prev = c.prev
	} else {
		l.tail = c.prev
	}
	l.len--
	c.list, c.prev, c.next = nil, nil, nil
}

// flights are the hits in flight with one time limit.
type flights struct {
	connList
	limit time.Duration
}
