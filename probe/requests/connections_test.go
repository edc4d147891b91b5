package requests

import (
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
		if err := c.refresh(now.Add(time.Duration(i)*time.Second), true, true, look); err != nil {
			t.Fatal(err)
		}
		if got := c.of(42).Answered; got != step.want {
			t.Errorf("step %d: %d, want %d", i, got, step.want)
		}
	}
}

type scripted struct{ there []sockdiag.Connection }

func (s *scripted) All(into []sockdiag.Connection) ([]sockdiag.Connection, error) {
	return append(into, s.there...), nil
}
func (s *scripted) Some(into, _ []sockdiag.Connection) ([]sockdiag.Connection, error) {
	return s.All(into)
}
func (s *scripted) Close() {}
