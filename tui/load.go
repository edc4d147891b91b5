package tui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/metrics"
	"github.com/hangtime-dev/hangtime/report"
	"github.com/hangtime-dev/hangtime/words"
)

// loadRows is how high the load pane wants to be, without its frame.
const loadRows = 5

// barsLeast is how many rows the outcomes over time need, their legend included.
const barsLeast = 3

// loadPane says what is sent and what becomes of it; where it is high enough also over time.
func (l charts) loadPane(v *report.Variant, now time.Duration, w, h int) string {
	load := v.LoadNow()
	d := &load
	pair := l.pairs(w)
	body := []string{
		pair("offered", words.Rate(d.Offered), "achieved", words.Rate(d.Achieved), d.Offered > 0 &&
			d.Achieved < d.Offered/2),
		pair("sent late", words.Number(d.Late), "unanswered", words.Number(report.Unanswered(d)), d.Oldest >= second),
		pair("in workers", words.Number(uint64(v.Inside())), "unaccepted",
			words.Number(uint64(max(v.Backlog, 0))), false),
		pair("ok", words.Number(d.OK), "failed", words.Number(d.Failed), d.Failed > 0),
		pair("tasks done", words.Number(d.Tasks.Done), "lost", words.Number(d.Tasks.Lost), d.Tasks.Lost > 0),
	}
	var notes []string
	if why := failures(d.Errors); why != "" {
		notes = append(notes, " "+l.in(dim, "failed by ")+why)
	}
	if d.Dropped > 0 || d.Waiting > 0 {
		notes = append(notes, fmt.Sprintf(" %s %s  %s %s", l.in(dim, "waiting to be sent"),
			words.Number(uint64(max(d.Waiting, 0))), l.in(dim, "dropped"), words.Number(d.Dropped)))
	}
	room := max(h-2-len(body)-len(notes), 0)
	if d.Tasks.Queue == nil && room >= barsLeast { // what became of the hits over time stays, also while there is much to note
		room -= barsLeast
	}
	more := l.queue(d.Tasks.Queue, pair)
	more = append(more,
		pair("in flight", words.Number(uint64(max(d.InFlight, 0))), "oldest", words.Short(d.Oldest), d.Oldest >= second),
		pair("tasks in", words.Number(d.Tasks.Accepted), "open", words.Number(d.Tasks.Open), false))
	body = slices.Concat(body, more[:min(room, len(more))], notes)
	if rows := h - 2 - len(body); rows >= barsLeast {
		body = append(body, l.in(dim, " due over time: ")+l.in(good, l.glyphs.bar+" ok ")+
			l.in(bad, l.glyphs.no+" failed ")+l.in(warn, l.glyphs.shades[0]+" open"))
		for _, line := range l.outcomeBars(axisOf(v, now, w-4).outcomes(d, now), rows-1) {
			body = append(body, " "+line)
		}
	}
	name := "load"
	switch {
	case d.Exhausted > 0 && d.Waiting > 0: // behind a server that hangs all senders wait: it is the limit then, and not only hangtime
		name = "load " + l.glyphs.unsure + " hits wait for a sender"
	case d.Exhausted == 0 && limited(v) != "":
		name = "load " + l.glyphs.unsure + " hangtime itself was late"
	}
	return l.box(name, "", body, w, h)
}

// pairs writes two figures into a line of a pane that is w wide; an alert is for the second one.
func (l charts) pairs(w int) func(name, value, name2, value2 string, alert bool) string {
	half := (w - 4) / 2
	return func(name, value, name2, value2 string, alert bool) string {
		second := l.in(dim, name2) + right(value2, half-1-len(name2))
		if alert {
			second = l.in(bad, name2+right(value2, half-1-len(name2)))
		}
		return " " + l.in(dim, name) + right(value, half-1-len(name)) + "  " + second
	}
}

// queue is how the server's queue is, where it says that.
func (l charts) queue(q *history.TaskQueue, pair func(name, value, name2, value2 string, alert bool) string) []string {
	if q == nil {
		return nil
	}
	again := l.glyphs.unsure
	if q.Redelivered != nil {
		again = words.Number(*q.Redelivered)
	}
	return []string{
		pair("tasks queued", words.Number(uint64(max(q.Depth, 0))), "oldest", words.Short(q.Oldest), q.Oldest >= second),
		pair("redelivered", again, "dead letters", words.Number(q.DeadLettered), q.DeadLettered > 0),
		pair("with workers", words.Number(uint64(max(q.InFlight, 0))), "done twice", words.Number(q.DoneTwice),
			q.DoneTwice > 0),
	}
}

// limited says that the load generator, not the server, was the limit so far; empty: it was not. A busy machine
// alone, which makes some hits a few milliseconds late, is for the verdict to note: nobody should be alarmed by it.
// Where the server stands still, or has, all senders wait for it: they are no limit of their own.
func limited(v *report.Variant) string {
	d := &v.Load
	if stalled(v) || d.Exhausted > 0 && (d.Waiting == 0 || len(v.Incidents) > 0) {
		return ""
	}
	if len(v.Verdict.Notes) == 0 || d.Exhausted == 0 && (d.Lagging < 0.2 || d.LagMax < 50*time.Millisecond) {
		return ""
	}
	return v.Verdict.Notes[0]
}

// An outcome column is what became of the hits that were due in one column of an axis.
type outcomeColumn struct{ ok, failed, open float64 }

func (c outcomeColumn) all() float64 { return c.ok + c.failed + c.open }

// outcomes shares the points of a series out to columns.
func (a axis) outcomes(d *metrics.Load, now time.Duration) []outcomeColumn {
	s := &d.Series
	columns := make([]outcomeColumn, a.columns)
	width := float64(a.to-a.from) / float64(a.columns)
	for i := range s.Points {
		p, from := &s.Points[i], s.Start+time.Duration(i)*s.Step
		for c := max(a.column(from), 0); c <= min(a.column(from+s.Step-1), a.columns-1); c++ {
			// A step that lies in several columns gives each its share.
			both := min(float64(from+s.Step-a.from), float64(c+1)*width) - max(float64(from-a.from), float64(c)*width)
			share := max(both, 0) / float64(s.Step)
			columns[c].ok += share * float64(p.OK)
			columns[c].failed += share * float64(p.Failed)
			columns[c].open += share * float64(open(p, from+s.Step, now, d))
		}
	}
	return columns
}

// mostOf is what the highest column has; never 0.
func mostOf(columns []outcomeColumn) float64 {
	most := 0.001
	for _, sum := range columns {
		most = max(most, sum.all())
	}
	return most
}

// outcomeBars draw what became of the hits that were due in each column: answered at the bottom, failed above, open on top.
func (l charts) outcomeBars(columns []outcomeColumn, rows int) []string {
	most := mostOf(columns)
	height := func(n float64) int { return int(n/most*float64(rows) + 0.5) }
	out := make([]string, rows)
	for row := range rows {
		level := rows - 1 - row
		p := l.pen(len(columns))
		for _, sum := range columns {
			ok, failed := height(sum.ok), height(sum.ok+sum.failed)
			if sum.failed > 0 && failed == ok {
				ok, failed = max(ok-1, 0), max(ok, 1) // a single failure among many is seen
			}
			all := max(height(sum.all()), failed)
			switch {
			case level < ok:
				p.put(good, l.glyphs.bar)
			case level < failed:
				p.put(bad, l.glyphs.no)
			case level < all:
				p.put(warn, l.glyphs.shades[0])
			default:
				p.put(plain, " ")
			}
		}
		out[row] = p.text()
	}
	return out
}

// failures lists the classes of failed hits, most first.
func failures(classes map[string]uint64) string {
	names := make([]string, 0, len(classes))
	for name, n := range classes {
		if n > 0 {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		if classes[a] != classes[b] {
			return int(int64(classes[b]) - int64(classes[a]))
		}
		return strings.Compare(a, b)
	})
	for i, name := range names {
		names[i] = name + " " + words.Number(classes[name])
	}
	return strings.Join(names, ", ")
}
