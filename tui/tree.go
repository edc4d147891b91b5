package tui

import (
	"github.com/hangtime-dev/hangtime/diagnose"
)

// tree draws who waits for whom, from the request that suffers to whoever keeps it; nothing where that is one step.
func (l *look) tree(g diagnose.Graph, width int) []string {
	if len(g.Edges) == 0 {
		return nil
	}
	name := "who waits for whom"
	if g.Circle() {
		name += ": a circle, it will never end by itself"
	}
	lines := []string{"", " " + l.in(title, name)}
	for _, b := range g.Tree() {
		text, indent := "", 3
		if b.Depth > 0 {
			border := l.glyphs.border
			mark := border.MiddleLeft + border.Top
			if b.Last {
				mark = border.BottomLeft + border.Top
			}
			indent += 3 * (b.Depth - 1)
			text = mark + " " + b.By + " "
		}
		text += b.Label
		if b.Back {
			text += " again"
		}
		switch {
		case b.At == "" || b.Back:
		case b.Kind == diagnose.NodeSession:
			text += ": " + b.At
		default:
			text += ", in " + b.At
		}
		lines = append(lines, l.paragraph(plain, text, indent, width)...)
	}
	return lines
}
