package requests

import "github.com/hangtime-dev/hangtime/kernel/sockdiag"

// A phase of a connection, seen from outside.
type phase int

const (
	silent   phase = iota // the client never sent a byte
	asked                 // a request is outstanding
	settled               // kept alive, nothing asked
	doubtful              // settled, or asked in the step of the clock in which it was last answered
)

// phaseOf says what a connection waits for. The times of TCP_INFO come in steps of 4 ms, so a request that was answered
// at once has both ends in one step, and so has a request that came right after the answer to the one before. These two
// are told apart by what lies unread, and by the count of segments where the connection is known to use one for each
// request and one for each answer; in doubt nothing is outstanding: a hang is never made of a doubt alone.
func phaseOf(c sockdiag.Connection, oneToOne bool) phase {
	switch {
	case c.Received == 0:
		return silent
	case c.Sent == 0 || c.LastReceive < c.LastSend || c.Unread > 0:
		return asked
	case c.LastReceive != c.LastSend || oneToOne && c.SegmentsIn == c.SegmentsOut:
		return settled
	case oneToOne && c.SegmentsIn == c.SegmentsOut+1:
		return asked
	}
	return doubtful
}
