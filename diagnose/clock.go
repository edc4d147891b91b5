package diagnose

import (
	"math"
	"time"
)

// A clock is how far the history has come, and which of that time counts.
type clock struct {
	limits Limits
	now    time.Duration
	ending time.Duration // when the phase ending began, or the server stopped; -1: not yet
	blind  []window      // when hangtime itself was late: that time is no silence of anybody
}

func (ck *clock) end(at time.Duration) {
	if ck.ending < 0 {
		ck.ending = at
	}
}

// A window is a stretch of time in which hangtime itself did not run when it was due. What it says of that time is
// discarded: it may be that the whole machine stood still, and then a worker's silence is not its own.
type window struct{ from, to time.Duration }

// lateLook is how long after a worker's last sample a look at it may end that was not late.
const lateLook = time.Second

// maxWindows bounds how many are kept; the oldest go, and only a silence that began before them is held to be longer
// than it was.
const maxWindows = 256

// blinded notes such a window. The run and the probe each have a clock that may be late, so windows overlap; they come
// in the order of their ends.
func (ck *clock) blinded(from, to time.Duration) {
	from = max(from, 0)
	for len(ck.blind) > 0 && ck.blind[len(ck.blind)-1].to >= from {
		from = min(from, ck.blind[len(ck.blind)-1].from)
		ck.blind = ck.blind[:len(ck.blind)-1]
	}
	if ck.blind = append(ck.blind, window{from, to}); len(ck.blind) > maxWindows {
		ck.blind = ck.blind[1:]
	}
}

// silence is how much of the time since a moment hangtime can vouch for.
func (ck *clock) silence(since, now time.Duration) time.Duration {
	silence := now - since
	for i := len(ck.blind) - 1; i >= 0 && ck.blind[i].to > since; i-- {
		silence -= min(ck.blind[i].to, now) - max(ck.blind[i].from, since)
	}
	return max(silence, 0)
}

// unset is a moment that never was: it is before every other. Zero and -1 would not do: of a server that was there
// before hangtime, all that matters may lie before zero.
const unset = time.Duration(math.MinInt64 / 4)
