package tui

import (
	"strings"

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
	var b strings.Builder
	b.WriteString(l.in(frame, edge.TopLeft) + l.in(title, head) + l.in(frame, strings.Repeat(edge.Top, fill)) + tail + l.in(frame, edge.Top+edge.TopRight))
	left, right := l.in(frame, edge.Left), l.in(frame, edge.Right)
	for i := range h - 2 {
		line := ""
		if i < len(body) {
			line = body[i]
		}
		b.WriteString("\n" + left + l.fit(line, w-2) + right)
	}
	b.WriteString("\n" + l.in(frame, edge.BottomLeft+strings.Repeat(edge.Bottom, w-2)+edge.BottomRight))
	return b.String()
}

// beside sets two blocks of the same height next to each other. Each line of both is as wide as its block, so nothing need be measured.
func beside(left, right string) string {
	if left == "" {
		return right
	}
	a, b := strings.Split(left, "\n"), strings.Split(right, "\n")
	for i := range a {
		if i < len(b) {
			a[i] += b[i]
		}
	}
	return strings.Join(a, "\n")
}

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
