package tui

import "github.com/hangtime-dev/hangtime/report"

// heights shares out the rows between the header and the key line: the worker table first, then the story, then load and response time.
type heights struct{ top, workers, story int }

func share(rows, workers int) heights {
	var h heights
	h.workers = min(max(workers, 1)+3, rows)
	rest := rows - h.workers
	const storyLeast, topLeast = 3, loadRows + 2
	switch {
	case rest >= topLeast+storyLeast+2:
		h.top = topLeast
		// What is left over: the chart gains most from height up to 14 rows, the story takes the rest.
		extra := rest - topLeast - storyLeast - 2
		grow := min(extra/2, 14)
		h.top += grow
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

// live is the screen of a running variant, w × h without header and key line.
func (l *look) live(r *report.Report, v *report.Variant, selected, w, h int) string {
	s := share(h, len(v.Workers))
	out := ""
	add := func(block string) {
		if out != "" {
			out += "\n"
		}
		out += block
	}
	if s.top > 0 {
		left := 38
		if w >= 140 {
			left = 44
		}
		add(beside(l.loadPane(v, left, s.top), l.chartPane(r, v, w-left, s.top)))
	}
	add(l.workerTable(r, v, selected, w, s.workers))
	if s.story > 0 {
		add(l.storyPane(v, w, s.story))
	}
	return out
}
