package tui

import (
	"fmt"
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
	if w < 5 || h < 2 {
		return strings.TrimSuffix(strings.Repeat(strings.Repeat(" ", max(w, 0))+"\n", max(h, 0)), "\n")
	}
	edge := l.glyphs.border
	head := " " + ansi.Truncate(l.text(name), max(w-5, 0), l.glyphs.more) + " "
	tail := ""
	if note != "" {
		tail = " " + note + " "
		if textWidth(head)+textWidth(tail)+3 > w {
			tail = ""
		}
	}
	fill := max(w-2-textWidth(head)-textWidth(tail)-1, 0)
	var b strings.Builder
	size := 4 * w * 3 // a line of a frame takes three bytes a cell
	for _, line := range body[:min(len(body), h-2)] {
		size += len(line)
	}
	b.Grow(size + h*(w+32))
	b.WriteString(l.drawn(frame, edge.TopLeft) + l.in(title, head) + l.drawn(frame, strings.Repeat(edge.Top, fill)) +
		tail + l.drawn(frame, edge.Top+edge.TopRight))
	left, right := "\n"+l.drawn(frame, edge.Left), l.drawn(frame, edge.Right)
	for i := range h - 2 {
		line := ""
		if i < len(body) {
			line = body[i]
		}
		b.WriteString(left)
		l.writeFit(&b, line, w-2)
		b.WriteString(right)
	}
	b.WriteString("\n" + l.drawn(frame, edge.BottomLeft+strings.Repeat(edge.Bottom, w-2)+edge.BottomRight))
	return b.String()
}

// writeFit writes a line as fit makes it.
func (l *look) writeFit(b *strings.Builder, line string, w int) {
	n := textWidth(line)
	if n > w {
		b.WriteString(ansi.Truncate(line, max(w, 0), l.glyphs.more))
		return
	}
	b.WriteString(line)
	blank(b, w-n)
}

const spaces = "                                                                "

// blank writes n spaces.
func blank(b *strings.Builder, n int) {
	for ; n > len(spaces); n -= len(spaces) {
		b.WriteString(spaces)
	}
	b.WriteString(spaces[:max(n, 0)])
}

// beside sets two blocks of the same height next to each other. Each line of both is as wide as its block, so nothing
// need be measured.
func beside(left, right string) string {
	if left == "" {
		return right
	}
	var b strings.Builder
	b.Grow(len(left) + len(right))
	for more := true; more; {
		var a, c string
		a, left, more = strings.Cut(left, "\n")
		c, right, _ = strings.Cut(right, "\n")
		b.WriteString(a)
		b.WriteString(c)
		if more {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// screen makes a block exactly w × h.
func (l *look) screen(block string, w, h int) string {
	var b strings.Builder
	b.Grow(len(block) + w)
	for i := range h {
		if i > 0 {
			b.WriteByte('\n')
		}
		var line string
		line, block, _ = strings.Cut(block, "\n")
		l.writeFit(&b, line, w)
	}
	return b.String()
}

// scrolled draws lines from the first visible one on.
func (l *look) scrolled(name string, lines []string, from, w, h int) string {
	rows := max(h-2, 0)
	from = max(min(from, len(lines)-rows), 0)
	note := ""
	if len(lines) > rows {
		note = l.in(dim, fmt.Sprintf("%d-%d of %d lines", from+1, min(from+rows, len(lines)), len(lines)))
	}
	return l.box(name, note, lines[from:min(from+rows, len(lines))], w, h)
}
