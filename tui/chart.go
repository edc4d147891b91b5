package tui

import (
	"math"
	"strings"
	"time"

	"github.com/hangtime-dev/hangtime/metrics"
	"github.com/hangtime-dev/hangtime/report"
	"github.com/hangtime-dev/hangtime/words"
)

// gutter is what the labels of response time take on the left, with the axis.
const gutter = 7

// A heatColumn is what became of the hits that were due in one column of the chart.
type heatColumn struct {
	bands   [metrics.BandCount]uint32 // answered or failed, by response time
	waiting uint32                    // not answered yet
	age     time.Duration             // of the oldest of these: their response time is at least that, and grows
	// Bands of the quantiles, of several steps the worst: a mean of quantiles means nothing.
	p50, p99, max int
	any           bool
}

// open is how many hits of a point have not ended. Hits are counted as due and as ended in windows that do not lie
// exactly on points, so a point may seem to have open ones although it has none: none is older than the oldest.
func open(p *metrics.Point, until, now time.Duration, d *metrics.Load) uint64 {
	if ended := p.OK + p.Failed; p.Due > ended && until > now-d.Oldest {
		return p.Due - ended
	}
	return 0
}

// heat sorts the points of a series into columns.
func (a axis) heat(d *metrics.Load, now time.Duration) []heatColumn {
	s := &d.Series
	out := make([]heatColumn, a.columns)
	for i := range s.Points {
		p, from := &s.Points[i], s.Start+time.Duration(i)*s.Step
		first, last := a.column(from), a.column(from+s.Step-1)
		p50, p99, most := bandOf(p.P50), bandOf(p.P99), bandOf(p.Max)
		for c := max(first, 0); c <= min(last, a.columns-1); c++ {
			col := &out[c]
			for band, n := range p.Bands {
				col.bands[band] += n
				col.any = col.any || n > 0
			}
			if n := open(p, from+s.Step, now, d); n > 0 && now > from {
				col.waiting += uint32(n)
				col.age = max(col.age, min(now-from, d.Oldest))
			}
			col.p50, col.p99, col.max = max(col.p50, p50), max(col.p99, p99), max(col.max, most)
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

// linesFrom is how many rows a chart needs before quantiles are drawn into it: in fewer they would hide the heat map.
const linesFrom = 7

// Charts draw response times and outcomes over time.
type charts struct{ *look }

// chartPane draws response time over time as a heat map (the fuller a cell, the more hits), the quantiles as lines,
// and when faults were in effect.
func (l charts) chartPane(r *report.Report, v *report.Variant, w, h int) string {
	rows, columns := h-3, w-2-gutter
	if rows < 2 || columns < 8 {
		return l.box("response time", "", []string{" " + l.quantiles(&v.Load)}, w, h)
	}
	name := "response time, from due"
	if w < 66 {
		name = "response time"
	}
	return l.box(name, l.quantiles(&v.Load), l.chart(v, axisOf(v, r.Now, columns), r.Now, rows), w, h)
}

// chart is the rows of the heat map and its time axis.
func (l charts) chart(v *report.Variant, a axis, now time.Duration, rows int) []string {
	heat := a.heatOf(v, now)
	return l.scaledChart(v, a, now, heat, scaleOf(heat, rows), rows)
}

// heatOf is the heat of a variant up to a moment.
func (a axis) heatOf(v *report.Variant, now time.Duration) []heatColumn {
	d := v.LoadNow()
	if v.To >= 0 {
		now = v.To
	}
	return a.heat(&d, now)
}

// A scale is which bands a chart shows, and how many hits its fullest cell has.
type scale struct {
	low, high int
	most      uint32
}

func scaleOf(heat []heatColumn, rows int) scale {
	s := scale{most: 1}
	s.low, s.high = visibleBands(heat, rows)
	for i := range heat {
		for _, n := range heat[i].bands {
			s.most = max(s.most, n)
		}
	}
	return s
}

func (l charts) scaledChart(v *report.Variant, a axis, now time.Duration, heat []heatColumn, s scale, rows int) []string {
	low, high, most := s.low, s.high, s.most
	body := make([]string, 0, rows+1)
	for i := rows - 1; i >= 0; i-- {
		c := heatRow{bottom: low + i*(high-low)/rows, top: low + (i+1)*(high-low)/rows, most: most, lines: rows >= linesFrom}
		c.top = max(c.top, c.bottom+1)
		if i == 0 || low+(i-1)*(high-low)/rows < c.bottom {
			c.label = bandLabel(c.bottom)
			c.lowest = true
		}
		body = append(body, l.heatRow(heat, c))
	}
	return append(body, l.in(dim, right("", gutter-2)+" "+l.glyphs.border.BottomLeft)+l.rule(v, a, now, l.glyphs.border.Top))
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
		if heat[i].waiting > 0 && heat[i].age >= leastWait {
			high = max(high, bandOf(heat[i].age)+1)
		}
	}
	if low >= high {
		low, high = 4, max(high, 10)
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

// leastWait is how long hits must be unanswered before they are drawn: every hit is unanswered for a moment.
const leastWait = 200 * time.Millisecond

// A heatRow is one row of the chart: the bands from bottom to below top.
type heatRow struct {
	label       string
	bottom, top int
	most        uint32
	lines       bool
	lowest      bool // the lowest row of its bands: where several rows share a band, lines are drawn in one
}

func (l charts) heatRow(heat []heatColumn, row heatRow) string {
	p := l.pen(gutter + len(heat))
	p.put(dim, right(row.label, gutter-2)+" "+l.glyphs.border.Left)
	for i := range heat {
		cell, as := l.heatCell(&heat[i], row)
		p.put(as, cell)
	}
	return p.text()
}

func (l charts) heatCell(c *heatColumn, row heatRow) (string, role) {
	within := func(band int) bool { return band >= row.bottom && band < row.top }
	if c.any && row.lines && row.lowest {
		switch {
		case within(c.p99):
			return l.glyphs.p99, line
		case within(c.p50):
			return l.glyphs.p50, line
		case within(c.max):
			return l.glyphs.max, line
		}
	}
	n, worst := uint32(0), row.bottom
	for band := row.bottom; band < row.top; band++ {
		if hits := c.bands[band]; hits > 0 {
			n, worst = n+hits, band
		}
	}
	switch {
	case n > 0:
		// Even one hit is seen: the root lifts what is rare.
		shade := int(math.Sqrt(float64(n)/float64(row.most)) * float64(len(l.glyphs.shades)))
		return l.glyphs.shades[min(shade, len(l.glyphs.shades)-1)], bandRole(worst)
	case c.waiting > 0 && c.age >= leastWait && within(bandOf(c.age)):
		return l.glyphs.waiting, bad
	}
	return " ", plain
}

func bandLabel(band int) string {
	return strings.ReplaceAll(words.Round(metrics.BandFloor(band)), " ", "")
}

// quantiles of the newest step in which something was answered.
func (l charts) quantiles(d *metrics.Load) string {
	p, known := report.Quantiles(d)
	if !known {
		return l.in(dim, "nothing answered yet")
	}
	one := func(mark, name string, at time.Duration) string {
		return l.in(line, mark) + l.in(dim, " "+name) + " " + l.text(words.Duration(at))
	}
	g := &l.glyphs
	return one(g.p50, "p50", p.P50) + "  " + one(g.p99, "p99", p.P99) + "  " + one(g.max, "max", p.Max)
}
