package report

import (
	"fmt"
	"html/template"
	"math"
	"strings"
	"time"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/metrics"
	"github.com/hangtime-dev/hangtime/words"
)

// Sizes of the pictures in a page, in units of their own view box.
const (
	chartWidth  = 960
	chartHeight = 260
	chartLeft   = 64
	chartRight  = 12
	chartTop    = 30
	chartBottom = 24
)

// A timeAxis is what all pictures of a variant share, so that what stands below one another happened at one time.
type timeAxis struct{ from, to time.Duration }

func axisOf(v *Variant) timeAxis {
	from, to := v.LoadFrom, v.To
	if from < 0 {
		from = v.From
	}
	for _, p := range v.Phases {
		if p.Phase == "ending" {
			to = p.From
		}
	}
	if end := v.Load.Series.Start + time.Duration(len(v.Load.Series.Points))*v.Load.Series.Step; to < end {
		to = end
	}
	return timeAxis{from, max(to, from+time.Second)}
}

func (a timeAxis) x(at time.Duration) float64 {
	share := float64(at-a.from) / float64(a.to-a.from)
	return chartLeft + min(max(share, 0), 1)*(chartWidth-chartLeft-chartRight)
}

// ticks are round moments, about eight of them.
func (a timeAxis) ticks() []time.Duration {
	step := time.Second
	for _, s := range []time.Duration{1, 2, 5, 10, 20, 30, 60, 120, 300, 600} {
		step = s * time.Second
		if (a.to-a.from)/step <= 10 {
			break
		}
	}
	var all []time.Duration
	for t := time.Duration(0); t <= a.to-a.from; t += step {
		all = append(all, a.from+t)
	}
	return all
}

// A logAxis is response time, from 0.1 ms to the decade above the worst.
type logAxis struct{ top time.Duration }

const lowestShown = 100 * time.Microsecond

func (a logAxis) y(d time.Duration) float64 {
	share := math.Log10(float64(max(d, lowestShown))/float64(lowestShown)) / math.Log10(float64(a.top)/float64(lowestShown))
	return chartHeight - chartBottom - min(share, 1)*(chartHeight-chartBottom-chartTop)
}

// worstOf is the longest response time of all variants: pictures that are compared have one scale.
func worstOf(r *Report) time.Duration {
	worst := 10 * time.Millisecond
	for i := range r.Variants {
		for _, p := range r.Variants[i].Load.Series.Points {
			worst = max(worst, p.Max)
		}
	}
	return worst
}

// responseChart draws response time over time: a heat map of all hits, p50, p99 and max over it, faults behind it,
// hangs at its foot, failed hits at its head.
func responseChart(v *Variant, worst time.Duration, index int) template.HTML {
	points, step := v.Load.Series.Points, v.Load.Series.Step
	if len(points) == 0 {
		return ""
	}
	axis := axisOf(v)
	most := uint32(1)
	for _, p := range points {
		for _, n := range p.Bands {
			most = max(most, n)
		}
	}
	scale := logAxis{lowestShown}
	for scale.top < worst {
		scale.top *= 10
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %d %d" role="img" aria-label="%s"><g id="response-%d">`, chartWidth, chartHeight,
		template.HTMLEscapeString(describe(v)), index)
	faultBands(&b, v, axis, chartTop, chartHeight-chartBottom, true)
	stallBars(&b, v, axis, chartHeight-chartBottom)
	heat(&b, points, step, v.Load.Series.Start, axis, scale, most)
	for d := lowestShown; d <= scale.top; d *= 10 {
		fmt.Fprintf(&b, `<line class="grid" x1="%d" x2="%d" y1="%.1f" y2="%.1f"/><text class="axis" x="%d" y="%.1f" text-anchor="end">%s</text>`,
			chartLeft, chartWidth-chartRight, scale.y(d), scale.y(d), chartLeft-6, scale.y(d)+4, words.Round(d))
	}
	timeTicks(&b, axis, chartHeight-chartBottom)
	for _, line := range []struct {
		class string
		of    func(metrics.Point) time.Duration
	}{{"max", func(p metrics.Point) time.Duration {
		return p.Max
	}}, {"p99", func(p metrics.Point) time.Duration {
		return p.P99
	}}, {"p50", func(p metrics.Point) time.Duration { return p.P50 }}} {
		curve(&b, line.class, points, v.Load.Series.Start, step, axis, scale, line.of)
	}
	for i, p := range points {
		column(&b, p, v.Load.Series.Start+time.Duration(i)*step, step, axis)
	}
	b.WriteString(`</g></svg>`)
	return template.HTML(b.String())
}

// describe says in words what the picture shows, for those who cannot see it.
func describe(v *Variant) string {
	q := v.Load.All
	return fmt.Sprintf("response time over time of variant %s: p50 %s, p99 %s, max %s, %d incidents", v.Name,
		words.Duration(q.P50), words.Duration(q.P99), words.Duration(q.Max), len(v.Incidents))
}

// heatShades is how many shades the heat map has.
const heatShades = 12

// heat draws the hits of each step and band. All cells of a shade are one path, and cells side by side one piece of it:
// the pictures of ten minutes are a tenth of what rectangles would take.
func heat(b *strings.Builder, points []metrics.Point, step, start time.Duration, axis timeAxis, scale logAxis, most uint32) {
	shadeOf := func(n uint32) int { // 0: nothing; even one hit is seen: the root lifts what is rare
		if n == 0 {
			return 0
		}
		return 1 + min(int(math.Sqrt(float64(n)/float64(most))*heatShades), heatShades-1)
	}
	var paths [heatShades + 1]strings.Builder
	for band := range metrics.BandCount {
		high := scale.top
		if band+1 < metrics.BandCount {
			high = metrics.BandFloor(band + 1)
		}
		top, bottom := scale.y(high), scale.y(metrics.BandFloor(band))
		for i := 0; i < len(points); {
			shade, from := shadeOf(points[i].Bands[band]), i
			for i < len(points) && shadeOf(points[i].Bands[band]) == shade {
				i++
			}
			if shade > 0 {
				left, right := axis.x(start+time.Duration(from)*step), axis.x(start+time.Duration(i)*step)
				box(&paths[shade], left, top, right-left+0.15, max(bottom-top, 1))
			}
		}
	}
	for shade := range paths {
		if path := &paths[shade]; path.Len() > 0 {
			fmt.Fprintf(b, `<path class="heat" opacity="%.2f" d="%s"/>`, 0.12+0.68*(float64(shade)-0.5)/heatShades, path.String())
		}
	}
}

// box adds a rectangle to a path.
func box(path *strings.Builder, x, y, w, h float64) {
	fmt.Fprintf(path, "M%.1f %.1fh%.2fv%.1fh-%.2fz", x, y, w, h, w)
}

// column marks the failed hits of a step, and tells its figures to a pointer that rests on it.
func column(b *strings.Builder, p metrics.Point, from, step time.Duration, axis timeAxis) {
	left, width := axis.x(from), axis.x(from+step)-axis.x(from)
	if p.OK+p.Failed == 0 || width <= 0 {
		return
	}
	if p.Failed > 0 {
		opacity := 0.3 + 0.7*float64(p.Failed)/float64(p.OK+p.Failed)
		fmt.Fprintf(b, `<rect class="failed" x="%.1f" y="%d" width="%.2f" height="6" opacity="%.2f"/>`, left,
			chartTop-6, width, opacity)
	}
	fmt.Fprintf(b, `<rect class="over" x="%.1f" y="%d" width="%.2f" height="%d"><title>due at %.1f s: p50 %s, p99 %s, max %s; %d ok, %d failed</title></rect>`,
		left, chartTop, width, chartHeight-chartTop-chartBottom, (from - axis.from).Seconds(), words.Duration(p.P50),
		words.Duration(p.P99), words.Duration(p.Max), p.OK, p.Failed)
}

func curve(b *strings.Builder, class string, points []metrics.Point, start, step time.Duration, axis timeAxis,
	scale logAxis, of func(metrics.Point) time.Duration) {
	var path strings.Builder
	pen := "M"
	for i, p := range points {
		if p.OK+p.Failed == 0 {
			pen = "M"
			continue
		}
		fmt.Fprintf(&path, "%s%.1f %.1f", pen, axis.x(start+time.Duration(i)*step+step/2), scale.y(of(p)))
		pen = "L"
	}
	fmt.Fprintf(b, `<path class="line %s" d="%s"/>`, class, path.String())
}

func faultBands(b *strings.Builder, v *Variant, axis timeAxis, top, bottom float64, named bool) {
	free := 0.0 // where the next name has room
	for _, f := range v.Faults {
		to := f.To
		if to < 0 {
			to = axis.to
		}
		left, right := axis.x(f.From), axis.x(to)
		fmt.Fprintf(b, `<rect class="fault" x="%.1f" y="%.1f" width="%.1f" height="%.1f"/>`, left, top,
			max(right-left, 2), bottom-top)
		if at := min(left, chartWidth-120); named && at >= free {
			fmt.Fprintf(b, `<text class="faultname" x="%.1f" y="%.1f">▼ %s</text>`, at, top-9,
				template.HTMLEscapeString(f.Kind))
			free = at + 24 + 8*float64(len(f.Kind))
		}
	}
}

// stallBars marks at the foot of the picture when workers made no progress.
func stallBars(b *strings.Builder, v *Variant, axis timeAxis, bottom float64) {
	for _, in := range v.Incidents {
		if in.Kind != diagnose.KindHang {
			continue
		}
		to := in.Ended
		if to < 0 {
			to = axis.to
		}
		left, right := axis.x(in.Began), axis.x(to)
		fmt.Fprintf(b, `<rect class="stall" x="%.1f" y="%.1f" width="%.1f" height="6"><title>%s</title></rect>`, left,
			bottom-6, max(right-left, 2),
			template.HTMLEscapeString(fmt.Sprintf("hang #%d, %s to %s: %s", in.ID, words.Moment(in.Began),
				words.Moment(to), in.Cause.Short)))
	}
}

func timeTicks(b *strings.Builder, axis timeAxis, bottom float64) {
	for _, at := range axis.ticks() {
		x, anchor := axis.x(at), "middle"
		label := x
		if x > chartWidth-chartRight-16 { // the last one ends with the picture
			label, anchor = chartWidth-4, "end"
		}
		fmt.Fprintf(b, `<line class="tick" x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f"/><text class="axis" x="%.1f" y="%.1f" text-anchor="%s">%.0f s</text>`,
			x, x, bottom, bottom+4, label, bottom+17, anchor, (at - axis.from).Seconds())
	}
}
