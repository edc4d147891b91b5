package metrics

import (
	"sort"
	"time"
)

// dues are the hits that became due, by the source's own windows: they follow one another, and do not begin where the
// windows of a HitWindow do.
type dues []dueBy

type dueBy struct {
	from, to time.Duration
	total    uint64 // due up to to
}

func (d *dues) add(from, to time.Duration, n uint64) {
	if len(*d) >= maxWindows {
		return
	}
	if last := len(*d) - 1; last >= 0 {
		n += (*d)[last].total
	}
	*d = append(*d, dueBy{from, to, n})
}

// within counts the hits of the windows that lie wholly between two moments: at least so many were due there.
func (d dues) within(from, to time.Duration) uint64 {
	first := sort.Search(len(d), func(i int) bool { return d[i].from >= from })
	after := sort.Search(len(d), func(i int) bool { return d[i].to > to })
	if first >= after {
		return 0
	}
	n := d[after-1].total
	if first > 0 {
		n -= d[first-1].total
	}
	return n
}
