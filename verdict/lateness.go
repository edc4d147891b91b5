package verdict

import (
	"time"

	"github.com/hangtime-dev/hangtime/words"
)

// tolerated is how late a tick may be without a doubt about what was measured.
const tolerated = 100 * time.Millisecond

// fewLate is how long hangtime may have been late in all, however short the variant: a single hiccup of a machine
// voids nothing.
const fewLate = 500 * time.Millisecond

// lateness is for how long hangtime itself was stopped or starved under load.
type lateness struct {
	total time.Duration
	to    time.Duration // up to when a stall is counted in total
	most  time.Duration // at once
}

// add takes a tick; from is when the load began.
func (l *lateness) add(at, late, from time.Duration) {
	l.most = max(l.most, late)
	if late > tolerated {
		// The stall may have begun before the load did; and the run's tick and the probe's tell the same one.
		l.total += max(0, at-max(at-late, from, l.to))
		l.to = max(l.to, at)
	}
}

// doubt says that it was late for too long of a span to judge; empty: it was not.
func (l *lateness) doubt(span time.Duration) string {
	if span <= 0 || l.total <= max(span/20, fewLate) {
		return ""
	}
	return "hangtime itself was stopped or starved for " + words.Duration(l.total) + " of " + words.Duration(span) +
		" (at worst " + words.Duration(l.most) + " at once): this machine is too busy to judge"
}
