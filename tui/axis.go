package tui

import (
	"math"
	"slices"
	"time"

	"github.com/hangtime-dev/hangtime/report"
	"github.com/hangtime-dev/hangtime/words"
)

const second = time.Second

// longestAxis is the longest time that the axis of a running variant spans; what is older leaves on the left.
const longestAxis = 2 * time.Minute

// An axis maps the run's clock to columns; all that stands below one another on it happened at one time.
type axis struct {
	zero     time.Duration // where the clock of its labels begins: with the load
	from, to time.Duration
	columns  int
}

// axisOf spans the whole plan of a variant, so that it fills from left to right, or the last minutes of a long one.
// Charts and lanes share it: what stands at the same share of their widths happened at the same time.
func axisOf(v *report.Variant, now time.Duration, columns int) axis {
	columns = max(columns, 1)
	from := v.LoadFrom
	if from < 0 {
		from = v.From
	}
	if v.To >= 0 {
		now = v.To
	}
	a := axis{zero: from, from: from, to: max(from+v.Planned, now), columns: columns}
	if a.to-a.from > longestAxis {
		// It moves by whole columns, or everything would flicker.
		step := longestAxis / time.Duration(columns)
		end := max(now, from+longestAxis)
		a.to = from + (end-from+step-1)/step*step
		a.from = a.to - longestAxis
	}
	if a.to <= a.from {
		a.to = a.from + time.Second
	}
	return a
}

// column is where a moment is; it may lie outside.
func (a axis) column(at time.Duration) int {
	return int(math.Floor(float64(at-a.from) / float64(a.to-a.from) * float64(a.columns)))
}

// tick is how far apart the labels of an axis are: a round time, and room for each.
func (a axis) tick() time.Duration {
	room := max(a.columns/12, 1)
	for _, s := range []time.Duration{1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800} {
		if (a.to-a.from)/(s*second) <= time.Duration(room) {
			return s * second
		}
	}
	return time.Hour
}

// rule is the time axis: times since the load began, and what was broken when. fill stands where nothing is said.
func (l *look) rule(v *report.Variant, a axis, now time.Duration, fill string) string {
	cells, roles := make([]string, a.columns), make([]role, a.columns)
	for i := range cells {
		cells[i], roles[i] = fill, dim
	}
	write := func(from int, text string, as role) {
		for i, ch := range []rune(text) {
			if c := from + i; c >= 0 && c < a.columns {
				cells[c], roles[c] = string(ch), as
			}
		}
	}
	for i, f := range v.Faults {
		to := f.To
		if to < 0 {
			to = now
		}
		first, last := a.column(f.From), a.column(to)
		if last < 0 || first >= a.columns {
			continue
		}
		first = max(first, 0)
		for c := first; c <= min(max(last, first), a.columns-1); c++ {
			cells[c], roles[c] = l.glyphs.faultSpan, fault
		}
		room := a.columns - first
		for _, later := range v.Faults[i+1:] {
			if at := a.column(later.From); at >= first {
				room = min(room, at-first)
			}
		}
		name := l.glyphs.faultMark + l.text(f.Kind)
		if textWidth(name) > room {
			name = l.glyphs.faultMark // half a word helps nobody; the story has all of it
		}
		write(first, name, fault)
	}
	tick := a.tick()
	for t := (a.from - a.zero + tick - 1) / tick * tick; a.zero+t < a.to; t += tick {
		text, at := words.Tick(t), a.column(a.zero+t)
		if at < 0 || at+len(text) > a.columns || slices.Contains(roles[max(at-1, 0):min(at+len(text)+1, a.columns)], fault) {
			continue
		}
		write(at, text, dim)
	}
	return l.runs(cells, roles)
}

// until is the moment that a variant is looked at: now, or when it ended.
func until(r *report.Report, v *report.Variant) time.Duration {
	if v.To >= 0 {
		return v.To
	}
	return r.Now
}
