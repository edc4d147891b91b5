package requests

import (
	"cmp"
	"slices"
	"time"

	"github.com/hangtime-dev/hangtime/kernel/sockdiag"
)

// A Tally is what the connections of one process say about its progress.
type Tally struct {
	// Connections with a request outstanding, kept alive, and on which the client never sent a byte.
	Inside, Idle, Silent int
	Oldest               time.Duration // age of the oldest outstanding request
	Answered             uint64        // bytes sent, on connections that are closed too
	Spoke                time.Duration // since a byte was last sent on one that is open; 0: not known
	LeastAge             bool          // the ages are those since the connections were first seen
	// Of those that are idle, on how many a request may be outstanding that came in the step of the kernel's clock in
	// which the one before was answered, and since when at the longest.
	Doubtful    int
	DoubtfulFor time.Duration
	Unread      int // of those inside, how many of which bytes lie in the socket that nobody has read
	requests    []request
}

type request struct {
	age  time.Duration
	port int // the client's
}

// maxPorts bounds the clients' ports in one sample.
const maxPorts = 16

// Ports are the clients' ports of the oldest requests, and how long each has waited.
func (t *Tally) Ports() (all []int, ages []time.Duration) {
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

// later makes the ages those of a moment after the sockets were read.
func (t *Tally) later(by time.Duration) {
	if t.Inside > 0 {
		t.Oldest += by
	}
	if t.Doubtful > 0 {
		t.DoubtfulFor += by
	}
	if t.Spoke > 0 {
		t.Spoke += by
	}
	t.requests = slices.Clone(t.requests)
	for i := range t.requests {
		t.requests[i].age += by
	}
}

// reset begins to count anew; so many bytes were sent on connections that are closed.
func (t *Tally) reset(closed uint64) { *t = Tally{requests: t.requests[:0], Answered: closed} }

// add counts one connection, on which so many bytes were sent.
func (t *Tally) add(c *sockdiag.Connection, sent uint64, phase phase) {
	switch phase {
	case silent:
		t.Silent++
	case asked:
		t.Inside++
		if c.Unread > 0 {
			t.Unread++
		}
		t.Oldest = max(t.Oldest, c.LastReceive)
		t.requests = append(t.requests, request{c.LastReceive, int(c.Peer)})
	case settled:
		t.Idle++
	case doubtful:
		t.Idle++
		t.Doubtful++
		t.DoubtfulFor = max(t.DoubtfulFor, c.LastReceive)
	}
	t.Answered += sent
	t.LeastAge = t.LeastAge || c.Local
	if c.Sent > 0 && (t.Spoke == 0 || c.LastSend < t.Spoke) {
		t.Spoke = max(c.LastSend, 1)
	}
}
