package probe

import (
	"testing"
	"time"
)

func TestOnlyWhatIsBeyondDoubtIsOutstanding(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		name     string
		c        connection
		oneToOne bool
		want     phase
	}{
		{"the client never sent", connection{lastReceive: 500 * ms}, false, silent},
		{"the first request waits", connection{received: 90, lastReceive: 500 * ms, lastSend: 500 * ms}, false, asked},
		{"the second request waits", connection{received: 180, sent: 90, lastReceive: 500 * ms, lastSend: 700 * ms}, false, asked},
		{"answered, kept alive", connection{received: 90, sent: 90, lastReceive: 700 * ms, lastSend: 500 * ms}, false, settled},
		{"answered within one step of the clock", connection{received: 90, sent: 90, lastReceive: 700 * ms, lastSend: 700 * ms, segmentsIn: 2, segmentsOut: 1}, false, settled},
		{"the same, and more lies unread", connection{received: 180, sent: 90, lastReceive: 700 * ms, lastSend: 700 * ms, unread: 90}, false, asked},
		{"asked in the step of the last answer, one segment each", connection{received: 180, sent: 90, lastReceive: 700 * ms, lastSend: 700 * ms, segmentsIn: 2, segmentsOut: 1}, true, asked},
	} {
		if got := phaseOf(c.c, c.oneToOne); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func FuzzSocketDump(f *testing.F) {
	f.Add([]byte{20, 0, 0, 0, 3, 0, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, uint32(1))
	f.Fuzz(func(_ *testing.T, data []byte, seq uint32) {
		_, _ = parseDump(data, seq, func(body []byte) error { _, err := parseConnection(body); return err })
	})
}
