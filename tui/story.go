package tui

import (
	"fmt"

	"github.com/hangtime-dev/hangtime/report"
)

func lineRole(k report.LineKind) role {
	switch k {
	case report.LineFault:
		return fault
	case report.LineHealed, report.LineOver:
		return good
	case report.LineSuspect, report.LineServer:
		return warn
	case report.LineHang, report.LineDied, report.LineTrouble:
		return bad
	case report.LineBorn, report.LinePhase:
		return accent
	}
	return plain
}

// storyPane has the newest lines of what happened, the newest last.
func (l *look) storyPane(v *report.Variant, w, h int) string {
	rows := max(h-2, 0)
	lines := v.Story
	note := ""
	if len(lines) > rows {
		note = l.in(dim, fmt.Sprintf("%d earlier", len(lines)-rows))
		lines = lines[len(lines)-rows:]
	}
	body := make([]string, 0, rows)
	for _, line := range lines {
		body = append(body, l.storyLine(line, w-2))
	}
	return l.box("story", note, body, w, h)
}

func (l *look) storyLine(line report.Line, w int) string {
	const before = 1 + 9 + 2 + 7 + 1
	return " " + l.in(dim, stamp(line.At)) + "  " + l.in(lineRole(line.Kind), pad(string(line.Kind), 7)) + " " + l.shorten(line.Text, w-before)
}
