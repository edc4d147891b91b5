package tui

import (
	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/report"
)

// heights shares out the rows of the live screen: the worker table first, then the story, then load and response time.
type heights struct{ top, workers, story int }

const (
	topLeast   = loadRows + 2
	storyLeast = 3
	chartMost  = 22 // a chart that is higher shows no more: it has 16 bands
)

func share(rows, workers int) heights {
	var h heights
	h.workers = min(max(workers, 1)+3, rows)
	rest := rows - h.workers
	switch {
	case rest >= topLeast+storyLeast+2:
		extra := rest - topLeast - storyLeast - 2
		h.top = topLeast + min(extra/2, chartMost-topLeast)
		h.story = rest - h.top
	case rest >= topLeast+storyLeast:
		h.top, h.story = topLeast, rest-topLeast
	case rest >= storyLeast:
		h.story = rest
	default:
		h.workers = rows
	}
	return h
}

// checksFrom is the width from which the checks stand beside the story.
const checksFrom = 150

// A liveView is what of a variant a person has chosen to see.
type liveView struct {
	shown    []diagnose.Worker
	selected int // place
	filter   string
	order    order
	back     int // lines of the story, from the newest
}

// live is the screen of a variant, w × h without header and key line.
func (l *look) live(r *report.Report, v *report.Variant, view liveView, w, h int) string {
	s := share(h-1, len(v.Workers))
	now := until(r, v)
	out := l.statement(r, v, w)
	if s.top > 0 {
		left := 38
		if w >= 140 {
			left = 46
		}
		out += "\n" + beside(l.loadPane(v, left, s.top), l.chartPane(r, v, w-left, s.top))
	}
	note := ""
	if view.filter != "" {
		note = "/" + view.filter
	}
	if view.order == troubleFirst {
		note += " trouble first"
	}
	out += "\n" + l.workerTable(v, now, view.shown, view.selected, w, s.workers, note)
	switch {
	case s.story > 0 && w >= checksFrom:
		right := w / 3
		out += "\n" + beside(l.storyPane(v, view, w-right, s.story), l.checksPane(v, right, s.story))
	case s.story > 0:
		out += "\n" + l.storyPane(v, view, w, s.story)
	}
	return out
}

// checksPane has the checks as they stand. They are judged for good when the variant is over.
func (l *look) checksPane(v *report.Variant, w, h int) string {
	name := "checks, as they stand"
	if v.To >= 0 {
		name = "checks"
	}
	var body []string
	for i := range v.Verdict.Checks {
		c := &v.Verdict.Checks[i]
		text := " " + pad(l.outcome(c.Outcome), 10) + c.Name
		if c.Got != "" {
			text += l.in(dim, "  "+l.ascii(c.Got))
		}
		body = append(body, text)
	}
	return l.box(name, "", body, w, h)
}
