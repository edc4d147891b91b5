package tui

import (
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"
)

// fit makes a line exactly w cells wide: cut, never wrapped, or filled with spaces.
func (l *look) fit(line string, w int) string {
	if w <= 0 {
		return ""
	}
	n := textWidth(line)
	switch {
	case n > w:
		return ansi.Truncate(line, w, l.glyphs.more)
	case n < w:
		return line + strings.Repeat(" ", w-n)
	}
	return line
}

// box draws a frame of w × h with a name and a note in its upper edge, and in it as much of the body as fits.
func (l *look) box(name, note string, body []string, w, h int) string {
	if w < 4 || h < 2 {
		return strings.TrimSuffix(strings.Repeat(strings.Repeat(" ", max(w, 0))+"\n", max(h, 0)), "\n")
	}
	edge := l.glyphs.border
	head := " " + ansi.Truncate(name, w-4, l.glyphs.more) + " "
	tail := ""
	if note != "" {
		tail = " " + note + " "
		if textWidth(head)+textWidth(tail)+3 > w {
			tail = ""
		}
	}
	fill := max(w-2-textWidth(head)-textWidth(tail)-1, 0)
	upper := l.in(frame, edge.TopLeft) + l.in(title, head) + l.in(frame, strings.Repeat(edge.Top, fill)) + tail + l.in(frame, edge.Top+edge.TopRight)
	lines := make([]string, h-2)
	for i := range lines {
		if i < len(body) {
			lines[i] = body[i]
		}
		lines[i] = l.fit(lines[i], w-2)
	}
	return upper + "\n" + l.frame.Render(strings.Join(lines, "\n"))
}

// beside sets two blocks of the same height next to each other.
func beside(left, right string) string { return lipgloss.JoinHorizontal(lipgloss.Top, left, right) }

// screen makes a block exactly w × h.
func (l *look) screen(block string, w, h int) string {
	lines := strings.Split(block, "\n")
	out := make([]string, h)
	for i := range out {
		line := ""
		if i < len(lines) {
			line = lines[i]
		}
		out[i] = l.fit(line, w)
	}
	return strings.Join(out, "\n")
}
