package tui

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hangtime-dev/hangtime/report"
)

// loadRows is how high the load pane wants to be, without its frame.
const loadRows = 5

// loadPane says what is sent and what becomes of it.
func (l *look) loadPane(v *report.Variant, w, h int) string {
	d := &v.Load
	inside := 0
	for _, worker := range v.Workers {
		inside += worker.Inside
	}
	half := (w - 4) / 2
	pair := func(name, value, name2, value2 string, alert bool) string {
		second := l.in(dim, name2) + right(value2, half-len(name2))
		if alert {
			second = l.in(bad, name2+right(value2, half-len(name2)))
		}
		return " " + l.in(dim, name) + right(value, half-1-len(name)) + "  " + second
	}
	rate := func(f float64) string { return fmt.Sprintf("%.0f/s", f) }
	body := []string{
		pair("offered", rate(d.Offered), "ok", rate(d.Achieved), d.Offered > 0 && d.Achieved < d.Offered/2),
		pair("in flight", count(uint64(max(d.InFlight, 0))), "inside workers", count(uint64(max(inside, 0))), false),
		pair("not accepted", count(uint64(max(v.Backlog, 0))), "oldest", span(d.Oldest), d.Oldest.Seconds() >= 1),
		pair("ok", count(d.OK), "failed", count(d.Failed), d.Failed > 0),
		pair("tasks done", count(d.Tasks.Done), "lost", count(d.Tasks.Lost), d.Tasks.Lost > 0),
	}
	if why := failures(d.Errors); why != "" {
		body = append(body, " "+l.in(dim, "failed by ")+why)
	}
	if d.Late > 0 || d.Dropped > 0 || d.Waiting > 0 {
		body = append(body, fmt.Sprintf(" %s %s  %s %s  %s %s", l.in(dim, "waiting"), count(uint64(max(d.Waiting, 0))), l.in(dim, "late"), count(d.Late), l.in(dim, "dropped"), count(d.Dropped)))
	}
	return l.box("load", "", body, w, h)
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
		names[i] = name + " " + count(classes[name])
	}
	return strings.Join(names, ", ")
}
