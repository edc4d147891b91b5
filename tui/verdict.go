package tui

import (
	"strings"

	"github.com/hangtime-dev/hangtime/report"
	"github.com/hangtime-dev/hangtime/verdict"
)

func outcomeRole(o verdict.Outcome) role {
	switch o {
	case verdict.Pass:
		return good
	case verdict.Fail:
		return bad
	}
	return warn
}

// verdictLines are the outcome first, then all that the same run prints without a screen.
func (l *look) verdictLines(r *report.Report) []string {
	o := r.Verdict.Outcome
	lines := []string{" " + l.in(outcomeRole(o), strings.ToUpper(string(o))) + "  " + r.Verdict.Sentence}
	for _, why := range r.Verdict.Why {
		lines = append(lines, "   "+why)
	}
	var text strings.Builder
	if err := r.Text(&text); err != nil {
		return append(lines, "", " "+err.Error())
	}
	for line := range strings.SplitSeq(strings.TrimRight(text.String(), "\n"), "\n") {
		lines = append(lines, " "+line)
	}
	return lines
}

// scrolled draws lines from the first visible one on.
func (l *look) scrolled(name string, lines []string, from, w, h int) string {
	rows := max(h-2, 0)
	from = max(min(from, len(lines)-rows), 0)
	note := ""
	if len(lines) > rows {
		note = l.in(dim, "↑↓ scroll")
	}
	return l.box(name, note, lines[from:min(from+rows, len(lines))], w, h)
}
