package tui

import (
	"fmt"
	"strings"

	"github.com/hangtime-dev/hangtime/report"
	"github.com/hangtime-dev/hangtime/words"
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

// A storyView draws what happened, line by line.
type storyView struct{ *look }

// storyPane has the newest lines of what happened, the newest last, or older ones when a person has gone back. beside
// is a note for its upper edge.
func (l storyView) storyPane(v *report.Variant, view liveView, beside string, w, h int) string {
	rows := max(h-2, 0)
	lines := v.Story
	if view.filter != "" {
		lines = nil
		for _, line := range v.Story {
			if matches(view.filter, string(line.Kind), line.Text) {
				lines = append(lines, line)
			}
		}
	}
	end := len(lines) - max(min(view.older, len(lines)-rows), 0)
	from := max(end-rows, 0)
	note := ""
	if from > 0 {
		note = fmt.Sprintf("%d earlier", from)
	}
	if later := len(lines) - end; later > 0 {
		note += fmt.Sprintf(" %d later", later)
	}
	body := make([]string, 0, rows)
	for _, line := range lines[from:end] {
		body = append(body, l.storyLine(line, w-2))
	}
	note = strings.TrimSpace(l.in(dim, note) + "  " + beside)
	return l.box("story", note, body, w, h)
}

func (l storyView) storyLine(line report.Line, w int) string {
	const before = 1 + 9 + 2 + 7 + 1
	return " " + l.in(dim, words.Moment(line.At)) + "  " + l.in(lineRole(line.Kind), pad(string(line.Kind), 7)) + " " +
		l.text(l.shorten(line.Text, w-before))
}
