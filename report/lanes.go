package report

import (
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"

	"github.com/hangtime-dev/hangtime/diagnose"
)

const (
	laneHeight = 18 // of a worker, in units of the picture
	laneColumn = 1  // width in which a lane shows the gravest state only
)

// laneChart draws one lane for each worker: what state it was in, when. The graver a state, the higher it stands, so
// that nothing is said by colour alone. film is of the whole variant; without one a lane has the last two minutes.
func laneChart(v *Variant, film *Film, index int) template.HTML {
	places, of := lanesOf(v, film, index)
	if len(places) == 0 {
		return ""
	}
	axis := axisOf(v)
	height := chartTop + len(places)*laneHeight + chartBottom
	bottom := float64(height - chartBottom)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %d %d" role="img" aria-label="state of each of %d workers over time"><g id="lanes-%d">`,
		chartWidth, height, len(places), index)
	faultBands(&b, v, axis, chartTop, bottom, false)
	label := "worker %d"
	if slices.Max(places) > 9 { // there is no room for more
		label = "#%d"
	}
	for row, place := range places {
		y := float64(chartTop + row*laneHeight)
		fmt.Fprintf(&b, `<text class="axis" x="%d" y="%.1f" text-anchor="end">%s</text><line class="grid" x1="%d" x2="%d" y1="%.1f" y2="%.1f"/>`,
			chartLeft-6, y+13, fmt.Sprintf(label, place), chartLeft, chartWidth-chartRight, y+laneHeight-2, y+laneHeight-2)
		drawLane(&b, of(row), axis, y)
	}
	timeTicks(&b, axis, bottom)
	b.WriteString(`</g></svg>`)
	return template.HTML(b.String())
}

// lanesOf are the places of a variant, and the states of each.
func lanesOf(v *Variant, film *Film, index int) (places []int, of func(row int) []stay) {
	if film != nil && index < len(film.Variants) {
		filmed := &film.Variants[index]
		end := axisOf(v).to
		for i := range filmed.Workers {
			places = append(places, filmed.Workers[i].Place)
		}
		return places, func(row int) []stay { return film.stays(&filmed.Workers[row], end) }
	}
	for i := range v.Workers {
		places = append(places, v.Workers[i].Place)
	}
	end := laneEnd(v)
	return places, func(row int) []stay {
		lane := v.Workers[row].Lane
		var all []stay
		for i, s := range lane {
			from := end - time.Duration(len(lane)-i)*diagnose.LaneStep
			all = append(all, stay{s, from, from + diagnose.LaneStep})
		}
		return all
	}
}

// laneTop is how far below its top edge a state's box begins in a lane that is 14 high, and how high it is.
func laneTop(s diagnose.State) (top, high float64) {
	const foot = 16
	switch s {
	case diagnose.Idle:
		high = 3
	case diagnose.Busy:
		high = 7
	case diagnose.Booting, diagnose.Unknown:
		high = 9
	case diagnose.Suspect:
		high = 10
	case diagnose.Dead: // a line through the middle
		return 8, 3
	default:
		high = 14
	}
	return foot - high, high
}

// drawLane draws the gravest state of each column, all boxes of a state as one path.
func drawLane(b *strings.Builder, stays []stay, axis timeAxis, y float64) {
	const columns = (chartWidth - chartLeft - chartRight) / laneColumn
	var gravest [columns]int8 // gravity and 1; 0: there was none
	var names [columns]diagnose.State
	for _, s := range stays {
		if s.state == "" || s.to <= axis.from || s.from >= axis.to {
			continue
		}
		grave := int8(Gravity(s.state)) + 1
		first, last := int(axis.x(s.from)-chartLeft)/laneColumn, int(axis.x(s.to)-chartLeft-0.01)/laneColumn
		for c := max(first, 0); c <= min(last, columns-1); c++ {
			if grave > gravest[c] {
				gravest[c], names[c] = grave, s.state
			}
		}
	}
	paths, order := map[diagnose.State]*strings.Builder{}, []diagnose.State{}
	for c := 0; c < columns; {
		state, from := names[c], c
		for c < columns && names[c] == state {
			c++
		}
		if state == "" {
			continue
		}
		if paths[state] == nil {
			paths[state], order = &strings.Builder{}, append(order, state)
		}
		top, high := laneTop(state)
		box(paths[state], chartLeft+float64(from*laneColumn), y+top, float64((c-from)*laneColumn), high)
	}
	for _, state := range order {
		fmt.Fprintf(b, `<path class="lane %s" d="%s"/>`, template.HTMLEscapeString(string(state)), paths[state].String())
	}
}

// laneEnd is the moment of a lane's newest cell.
func laneEnd(v *Variant) time.Duration {
	for _, p := range v.Phases {
		if p.To < 0 {
			return v.Load.Series.Start + time.Duration(len(v.Load.Series.Points))*v.Load.Series.Step
		}
	}
	return v.To
}
