package tui

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/hangtime-dev/hangtime/metrics"
	"github.com/hangtime-dev/hangtime/report"
)

// longestAxis is the longest time that the axis of a running variant spans; what is older leaves on the left.
const longestAxis = 3 * time.Minute

// gutter is what the labels of response time take on the left, with the axis.
const gutter = 7

// An axis maps the run's clock to columns; all that stands below one another on it happened at one time.
type axis struct {
	from, to time.Duration
	columns  int
}

// axisOf spans the whole plan of a variant, so that it fills from left to right, or the last minutes of a long one.
func axisOf(v *report.Variant, now time.Duration, columns int) axis {
	from := v.LoadFrom
	if from < 0 {
		from = v.From
	}
	if v.To >= 0 {
		now = v.To
	}
	to := max(from+v.Planned, now)
	if to-from > longestAxis {
		to = max(now, from+longestAxis)
		from = to - longestAxis
	}
	if to <= from {
		to = from + time.Second
	}
	return axis{from, to, max(columns, 1)}
}

// column is where a moment is; it may lie outside.
func (a axis) column(at time.Duration) int {
	return int(math.Floor(float64(at-a.from) / float64(a.to-a.from) * float64(a.columns)))
}

// A cell of the heat map: how many hits, and the slowest of their bands.
type heatColumn struct {
	bands         [metrics.BandCount]uint32
	p50, p99, max time.Duration
	any           bool
}

// columns sums the points of a series by column. Of quantiles the worst counts: a mean of quantiles means nothing.
func (a axis) heat(s metrics.Series) []heatColumn {
	out := make([]heatColumn, a.columns)
	for i, p := range s.Points {
		from := s.Start + time.Duration(i)*s.Step
		first, last := a.column(from), a.column(from+s.Step-1)
		for c := max(first, 0); c <= min(last, a.columns-1); c++ {
			col := &out[c]
			for band, n := range p.Bands {
				col.bands[band] += n
				col.any = col.any || n > 0
			}
			col.p50, col.p99, col.max = max(col.p50, p.P50), max(col.p99, p.P99), max(col.max, p.Max)
		}
	}
	return out
}

// bandOf is the band that a response time falls into.
func bandOf(d time.Duration) int {
	for i := metrics.BandCount - 1; i > 0; i-- {
		if d >= metrics.BandFloor(i) {
			return i
		}
	}
	return 0
}

// bandRole colours by how slow: up to 5 ms, 50 ms, 500 ms, 5 s, above.
func bandRole(band int) role {
	switch {
	case band < 5:
		return heat0
	case band < 8:
		return heat1
	case band < 11:
		return heat2
	case band < 14:
		return heat3
	}
	return heat4
}

// chartPane draws response time over time as a heat map: the darker, the more hits; and when faults were in effect.
func (l *look) chartPane(r *report.Report, v *report.Variant, w, h int) string {
	rows, columns := h-3, w-2-gutter
	if rows < 2 || columns < 8 {
		return l.box("response time", "", []string{" " + l.quantiles(&v.Load)}, w, h)
	}
	a := axisOf(v, r.Now, columns)
	heat := a.heat(v.Load.Series)
	low, high := visibleBands(heat, rows)
	body := make([]string, 0, rows+1)
	for i := rows - 1; i >= 0; i-- {
		bottom, top := low+i*(high-low)/rows, low+(i+1)*(high-low)/rows
		label := ""
		if i == 0 || low+(i-1)*(high-low)/rows < bottom {
			label = bandLabel(bottom)
		}
		body = append(body, l.heatRow(heat, label, bottom, max(top, bottom+1)))
	}
	body = append(body, l.faultAxis(v, a))
	name := "response time, from due"
	if w < 64 {
		name = "response time"
	}
	return l.box(name, l.quantiles(&v.Load), body, w, h)
}

// visibleBands are the bands that have hits, and enough around them that each row has one.
func visibleBands(heat []heatColumn, rows int) (low, high int) {
	low, high = metrics.BandCount, 0
	for i := range heat {
		for band, n := range heat[i].bands {
			if n > 0 {
				low, high = min(low, band), max(high, band+1)
			}
		}
	}
	if low >= high {
		low, high = 4, 10
	}
	for high-low < rows && (low > 0 || high < metrics.BandCount) {
		if high < metrics.BandCount {
			high++
		}
		if high-low < rows && low > 0 {
			low--
		}
	}
	return low, high
}

// heatRow draws the bands from bottom to below top.
func (l *look) heatRow(heat []heatColumn, label string, bottom, top int) string {
	var b strings.Builder
	b.WriteString(l.in(dim, right(label, gutter-2)+" "+l.glyphs.vertical))
	most := uint32(1)
	for i := range heat {
		for _, n := range heat[i].bands {
			most = max(most, n)
		}
	}
	run, runRole := "", plain
	flush := func() { b.WriteString(l.in(runRole, run)); run = "" }
	for i := range heat {
		n, worst := uint32(0), bottom
		for band := bottom; band < top; band++ {
			if c := heat[i].bands[band]; c > 0 {
				n, worst = n+c, band
			}
		}
		cell, cellRole := " ", plain
		if n > 0 {
			// Even one hit is seen: the root lifts what is rare.
			shade := int(math.Sqrt(float64(n)/float64(most)) * float64(len(l.glyphs.shades)))
			cell, cellRole = l.glyphs.shades[min(shade, len(l.glyphs.shades)-1)], bandRole(worst)
		}
		if cellRole != runRole {
			flush()
			runRole = cellRole
		}
		run += cell
	}
	flush()
	return b.String()
}

func bandLabel(band int) string {
	d := metrics.BandFloor(band)
	switch {
	case d == 0:
		return "0"
	case d < time.Millisecond:
		return fmt.Sprintf("%.1fms", float64(d)/1e6)
	case d < time.Second:
		return fmt.Sprintf("%dms", d.Milliseconds())
	}
	return fmt.Sprintf("%ds", int(d.Seconds()))
}

// faultAxis is the time axis, with what was broken when.
func (l *look) faultAxis(v *report.Variant, a axis) string {
	cells := make([]string, a.columns)
	for i := range cells {
		cells[i] = l.glyphs.horizontal
	}
	harmed := make([]bool, a.columns)
	for _, f := range v.Faults {
		to := f.To
		if to < 0 {
			to = min(a.to, v.PhaseFrom+a.to)
		}
		first, last := a.column(f.From), a.column(to)
		if last < 0 || first >= a.columns {
			continue
		}
		first = max(first, 0)
		for c := first; c <= min(max(last, first), a.columns-1); c++ {
			cells[c], harmed[c] = l.glyphs.faultSpan, true
		}
		label := l.glyphs.faultMark + f.Kind
		for i, ch := range []rune(label) {
			if c := first + i; c < a.columns {
				cells[c], harmed[c] = string(ch), true
			}
		}
	}
	var b strings.Builder
	b.WriteString(l.in(dim, right("", gutter-2)+" "+l.glyphs.bottomLeft))
	for i := 0; i < a.columns; {
		j := i
		for j < a.columns && harmed[j] == harmed[i] {
			j++
		}
		as := dim
		if harmed[i] {
			as = fault
		}
		b.WriteString(l.in(as, strings.Join(cells[i:j], "")))
		i = j
	}
	return b.String()
}

// quantiles of the newest step in which something was answered.
func (l *look) quantiles(d *metrics.Load) string {
	for i := len(d.Series.Points) - 1; i >= 0; i-- {
		if p := d.Series.Points[i]; p.OK+p.Failed > 0 {
			return fmt.Sprintf("%s %s %s %s %s %s", l.in(dim, "p50"), took(p.P50), l.in(dim, "p99"), took(p.P99), l.in(dim, "max"), took(p.Max))
		}
	}
	return l.in(dim, "nothing answered yet")
}
