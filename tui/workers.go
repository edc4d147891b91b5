package tui

import (
	"fmt"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/report"
	"github.com/hangtime-dev/hangtime/words"
)

// A table is how wide the columns of the worker table are; 0: left out.
type table struct{ place, pid, state, since, inside, oldest, cpu, rss, lane, request, at, why int }

const stateWidth = 9 // "SUSPECT ?"

// A workerTable draws a row for each worker.
type workerTable struct{ *look }

// columnsOf shares out the width: what a person needs to know what is wrong and why comes first.
func (l workerTable) columnsOf(workers []diagnose.Worker, w int, watched bool) table {
	t := table{place: 1, pid: 3, state: stateWidth, since: 5}
	why := 0
	for i := range workers {
		t.place = max(t.place, len(fmt.Sprint(workers[i].Place)))
		t.pid = max(t.pid, len(fmt.Sprint(workers[i].PID)))
		why = max(why, textWidth(l.text(report.Reason(&workers[i]))))
	}
	left := w - 2 - t.place - 1 - t.pid - 1 - t.state - 1 - t.since
	take := func(want int) int {
		if left < want+1 {
			return 0
		}
		left -= want + 1
		return want
	}
	if watched {
		l.workColumns(&t, workers, take, func(want int) bool { return left-want-1 >= whyLeast })
	}
	t.why = take(min(max(why, 33), max(left*2/3, min(left-1, 33))))
	t.lane = take(10)
	if !watched {
		t.inside = take(3)
	}
	t.cpu = take(5)
	t.rss = take(5)
	if t.lane > 0 {
		more := min(left, 110)
		t.lane, left = t.lane+more, left-more
	}
	t.why += max(left, 0)
	return t
}

const (
	whyLeast    = 28 // columns that are left for why a worker stands still, before any for the two below
	requestMost = 32 // columns for what a worker is asked for
	atMost      = 36 // for where it is in its code
)

// workColumns are those of what each worker is at, where only that is to be shown.
func (l workerTable) workColumns(t *table, workers []diagnose.Worker, take func(int) int, room func(int) bool) {
	t.inside, t.oldest = take(3), take(6)
	request, at := 0, 0
	for i := range workers {
		request = max(request, textWidth(l.text(report.RequestOf(&workers[i]))))
		at = max(at, textWidth(l.text(report.WhereOf(&workers[i]))))
	}
	if request = min(max(request, len("request")), requestMost); request > len("request") && room(request) {
		t.request = take(request)
	}
	if at = min(at, atMost); at > 0 && room(at) {
		t.at = take(at)
	}
}

// workersPane has one row for each place that is shown: what it does, since when, why. The selected row is marked,
// and always visible.
func (l workerTable) workersPane(v *report.Variant, now time.Duration, shown []diagnose.Worker, selected, w, h int,
	note string) string {
	rows := h - 3
	t := l.columnsOf(shown, w-2, !v.Experiment())
	a := axisOf(v, now, t.lane)
	body := []string{l.workerHeading(v, t, a, now)}
	from := firstRow(shown, selected, rows)
	for i := from; i < len(shown) && i < from+rows; i++ {
		body = append(body, l.workerRow(&shown[i], now, t, a, shown[i].Place == selected))
	}
	if len(shown) > rows {
		note += fmt.Sprintf(" %d-%d of %d", from+1, min(from+rows, len(shown)), len(shown))
	}
	name := "workers"
	if len(shown) < len(v.Workers) {
		name = fmt.Sprintf("workers (%d of %d)", len(shown), len(v.Workers))
	}
	return l.box(name, l.in(dim, strings.TrimSpace(note)), body, w, h)
}

// firstRow is the first visible row of a table that may be too long for its pane.
func firstRow(shown []diagnose.Worker, selected, rows int) int {
	at := 0
	for i := range shown {
		if shown[i].Place == selected {
			at = i
		}
	}
	return min(max(at-rows/2, 0), max(len(shown)-max(rows, 1), 0))
}

func (l workerTable) workerHeading(v *report.Variant, t table, a axis, now time.Duration) string {
	line := "  " + right("#", t.place) + " " + pad("pid", t.pid) + " " + pad("state", t.state) + " " + right("for", t.since)
	for _, c := range []struct {
		name string
		w    int
	}{{"in", t.inside}, {"oldest", t.oldest}, {"cpu", t.cpu}, {"rss", t.rss}} {
		if c.w > 0 {
			line += " " + right(c.name, c.w)
		}
	}
	line = l.in(dim, line)
	if t.lane > 0 {
		line += " " + l.rule(v, a, now, " ")
	}
	for _, c := range []struct {
		name string
		w    int
	}{{"request", t.request}, {"in its code", t.at}} {
		if c.w > 0 {
			line += " " + l.in(dim, pad(ansi.Truncate(c.name, c.w, ""), c.w))
		}
	}
	if t.why > 0 {
		line += l.in(dim, " why")
	}
	return line
}

func (l workerTable) workerRow(w *diagnose.Worker, now time.Duration, t table, a axis, selected bool) string {
	mark := "  "
	if selected {
		mark = l.in(accent, l.glyphs.cursor) + " "
	}
	as := stateRole(w.State)
	line := mark + right(fmt.Sprint(w.Place), t.place) + " " + pad(fmt.Sprint(w.PID), t.pid) + " " +
		pad(l.stateOf(w), t.state) + " " + right(report.ShownSince(w, now), t.since)
	if t.inside > 0 {
		line += " " + right(fmt.Sprint(w.Inside), t.inside)
	}
	if t.oldest > 0 {
		oldest := ""
		if w.Oldest > 0 {
			oldest = words.Short(w.Oldest)
		}
		line += " " + right(oldest, t.oldest)
	}
	if t.cpu > 0 {
		line += " " + right(words.Percent(w.CPU), t.cpu)
	}
	if t.rss > 0 {
		line += " " + right(words.ShortSize(w.RSS), t.rss)
	}
	if t.lane > 0 {
		line += " " + l.lane(w.Lane, a, now)
	}
	for _, c := range []struct {
		text string
		w    int
	}{{report.RequestOf(w), t.request}, {report.WhereOf(w), t.at}} {
		if c.w > 0 {
			line += " " + pad(ansi.Truncate(l.text(c.text), c.w, l.glyphs.more), c.w)
		}
	}
	if t.why > 0 {
		why := l.text(report.Reason(w))
		line += " " + l.in(as, ansi.Truncate(l.shorten(why, t.why), t.why, l.glyphs.more))
	}
	return line
}

// lane draws a worker's states over the axis of its variant; in each cell the gravest state that it had.
func (l workerTable) lane(had []diagnose.State, a axis, now time.Duration) string {
	gravest := make([]int8, a.columns) // the row of a state, from 1 on; 0: there was none
	newest := now.Truncate(diagnose.LaneStep)
	for i, s := range had {
		from := newest - time.Duration(len(had)-1-i)*diagnose.LaneStep
		to := min(from+diagnose.LaneStep, max(now, from+1))
		grave := int8(0)
		if s != "" {
			grave = int8(gravity(s)) + 1
		}
		for c := max(a.column(from), 0); c <= min(a.column(to-1), a.columns-1); c++ {
			gravest[c] = max(gravest[c], grave)
		}
	}
	p := l.pen(a.columns)
	for _, grave := range gravest {
		if grave == 0 {
			p.put(plain, " ")
			continue
		}
		row := &states[grave-1]
		p.put(row.role, l.either(row.lane))
	}
	return p.text()
}
