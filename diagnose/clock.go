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
// in the order of their ends. What of one was in another before is not counted twice, and each stays one: a machine that
// is busy all the time is no machine that stood still once.
func (ck *clock) blinded(from, to time.Duration) {
	from = max(from, 0)
	for len(ck.blind) > 0 && ck.blind[len(ck.blind)-1].from >= from {
		ck.blind = ck.blind[:len(ck.blind)-1]
	}
	if n := len(ck.blind); n > 0 {
		from = max(from, ck.blind[n-1].to)
	}
	if from >= to {
		return
	}
	if ck.blind = append(ck.blind, window{from, to}); len(ck.blind) > maxWindows {
		ck.blind = ck.blind[1:]
	}
}

// silence is how much of the time since a moment hangtime can vouch for. A window in which it did not run may be one in
// which the whole machine stood still, so it does not count. On a machine that is busy all the time there is one such window
// after the other; but what is found after each of them as it was before has stood still in between. So of time with several
// windows at least half counts, and never any of the longest.
func (ck *clock) silence(since, now time.Duration) time.Duration {
	var late, longest time.Duration
	for i := len(ck.blind) - 1; i >= 0 && ck.blind[i].to > since; i-- {
		one := min(ck.blind[i].to, now) - max(ck.blind[i].from, since)
		late, longest = late+one, max(longest, one)
	}
	lasts := now - since
	return max(lasts-late, min(lasts/2, lasts-longest), 0)
}

// unset is a moment that never was: it is before every other. Zero and -1 would not do: of a server that was there
// before hangtime, all that matters may lie before zero.
const unset = time.Duration(math.MinInt64 / 4)
