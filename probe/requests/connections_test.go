package requests

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/kernel/sockdiag"
)

func TestOnlyWhatIsBeyondDoubtIsOutstanding(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		name     string
		c        sockdiag.Connection
		oneToOne bool
		want     phase
	}{
		{"the client never sent", sockdiag.Connection{LastReceive: 500 * ms}, false, silent},
		{"the first request waits", sockdiag.Connection{Received: 90, LastReceive: 500 * ms, LastSend: 500 * ms},
			false, asked},
		{"the second request waits", sockdiag.Connection{Received: 180, Sent: 90, LastReceive: 500 * ms,
			LastSend: 700 * ms}, false, asked},
		{"answered, kept alive", sockdiag.Connection{Received: 90, Sent: 90, LastReceive: 700 * ms, LastSend: 500 * ms},
			false, settled},
		{"answered within one step of the clock",
			sockdiag.Connection{Received: 90, Sent: 90, LastReceive: 700 * ms, LastSend: 700 * ms, SegmentsIn: 2,
				SegmentsOut: 1}, false, doubtful},
		{"the same, one segment each", sockdiag.Connection{Received: 90, Sent: 90, LastReceive: 700 * ms,
			LastSend: 700 * ms, SegmentsIn: 2, SegmentsOut: 2}, true, settled},
		{"the same, and more lies unread", sockdiag.Connection{Received: 180, Sent: 90, LastReceive: 700 * ms,
			LastSend: 700 * ms, Unread: 90}, false, asked},
		{"asked in the step of the last answer, one segment each",
			sockdiag.Connection{Received: 180, Sent: 90, LastReceive: 700 * ms, LastSend: 700 * ms, SegmentsIn: 2,
				SegmentsOut: 1}, true, asked},
	} {
		if got := phaseOf(c.c, c.oneToOne); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestAConnectionThatIsOverDoesNotLowerTheSum(t *testing.T) {
	source := &scripted{}
	c := newConnections(source)
	now := time.Now()
	look := func(found func(uint32, int)) { found(7, 42) }
	for i, step := range []struct {
		there []sockdiag.Connection
		want  uint64
	}{
		{[]sockdiag.Connection{{State: sockdiag.Established, Inode: 7, Received: 1, Sent: 100}}, 100},
		{[]sockdiag.Connection{{State: sockdiag.Established, Inode: 7, Received: 1, Sent: 150}}, 150},
		{nil, 150},
	} {
		source.there = step.there
		if err := c.refresh(now.Add(time.Duration(i)*time.Second), true, true, nil, look); err != nil {
			t.Fatal(err)
		}
		if got := c.of(42).Answered; got != step.want {
			t.Errorf("step %d: %d, want %d", i, got, step.want)
		}
	}
}

// A connection whose addresses are known is asked for by these: all sockets of the machine need not be gone through.
func TestANamedConnectionIsAskedForByItsName(t *testing.T) {
	client := netip.MustParseAddrPort("127.0.0.1:40000")
	server := netip.MustParseAddrPort("127.0.0.1:8000")
	named := sockdiag.Named(server, client, 9)
	source := &scripted{there: []sockdiag.Connection{{State: sockdiag.Established, Inode: 7, Received: 1}}}
	c := newConnections(source)
	now := time.Now()
	look := func(func(uint32, int)) {}
	c.cost = time.Hour // a look at all takes so long that none is taken for the number of those that are known
	if err := c.refresh(now, false, true, nil, look); err != nil {
		t.Fatal(err)
	}
	c.cost = time.Hour
	if err := c.refresh(now, false, false, []sockdiag.Connection{named}, look); err != nil {
		t.Fatal(err)
	}
	c.claim(9, 42)
	if source.whole != 1 || len(source.known) != 2 || c.sockets[9] == nil || c.sockets[9].pid != 42 {
		t.Errorf("%d looks at all, asked for %v, known %v: want one look, and both asked for", source.whole, source.known, c.sockets)
	}
}

// scripted tells what is there, and by their names those that are asked for.
type scripted struct {
	there, known []sockdiag.Connection
	whole        int // how often all were asked for
}

func (s *scripted) All(into []sockdiag.Connection) ([]sockdiag.Connection, error) {
	s.whole++
	return append(into, s.there...), nil
}
func (s *scripted) Some(into, known []sockdiag.Connection) ([]sockdiag.Connection, error) {
	s.known = slices.Clone(known)
	return append(into, known...), nil
}
func (s *scripted) Close() {}

// A server may listen at one port of several addresses: its connections are counted once.
func TestAPortAtTwoAddressesIsReadOnce(t *testing.T) {
	for _, c := range []struct {
		addresses []string
		want      int
	}{
		{[]string{"127.0.0.1:8000", "[::1]:8000"}, 1},
		{[]string{"127.0.0.1:8000", "127.0.0.1:8001", "unix:/tmp/x.sock"}, 3},
	} {
		all, err := openSources("", c.addresses)
		if err != nil {
			t.Fatal(err)
		}
		if len(all) != c.want {
			t.Errorf("%v: %d sources, want %d", c.addresses, len(all), c.want)
		}
		all.Close()
	}
}

// TestDropsAreCountedFromTheFirstLookOn: of each listener; one that is there no more takes nothing away.
func TestDropsAreCountedFromTheFirstLookOn(t *testing.T) {
	source := &scripted{}
	c := newConnections(source)
	listener := func(inode, dropped uint32) sockdiag.Connection {
		return sockdiag.Connection{State: sockdiag.Listen, Inode: inode, Dropped: dropped}
	}
	now := time.Now()
	for i, step := range []struct {
		there []sockdiag.Connection
		want  uint64
	}{
		{[]sockdiag.Connection{listener(7, 100)}, 0},
		{[]sockdiag.Connection{listener(7, 103), listener(8, 50)}, 3},
		{[]sockdiag.Connection{listener(8, 51)}, 4},
		{[]sockdiag.Connection{listener(8, 51), listener(9, 0)}, 4},
	} {
		source.there = step.there
		if err := c.refresh(now.Add(time.Duration(i)*time.Second), true, true, nil, func(func(uint32, int)) {}); err != nil {
			t.Fatal(err)
		}
		if c.dropped != step.want {
			t.Errorf("step %d: %d, want %d", i, c.dropped, step.want)
		}
	}
}
