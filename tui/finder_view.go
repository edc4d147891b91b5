package tui

import (
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// A finderShape is where the palette lies on the terminal, its frame included.
type finderShape struct{ x, y, w, h int }

// rows is how many entries it shows.
func (s finderShape) rows() int { return max(s.h-3, 1) }

// finderShape lies over the upper part of the screen; on a small one over all of it but header and key line.
func (m *model) finderShape() finderShape {
	middle := m.h - m.bars()
	s := finderShape{y: 1, w: m.w, h: middle}
	if m.w >= 76 {
		s.w = min(m.w-8, 110)
		s.x = (m.w - s.w) / 2
	}
	if middle >= 20 {
		s.y, s.h = 2, min(middle-3, 24)
	}
	return s
}

// finderOver draws the palette over the middle of the screen.
func (m *model) finderOver(middle string) string {
	s := m.finderShape()
	m.finder.scroll(s.rows())
	box := strings.Split(finderView{m.look}.draw(&m.finder, s.w, s.h), "\n")
	lines := strings.Split(middle, "\n")
	for i, line := range box {
		y := s.y - 1 + i
		if y < 0 || y >= len(lines) {
			break
		}
		left, right := ansi.Truncate(lines[y], s.x, ""), ""
		if s.x+s.w < m.w {
			right = ansi.TruncateLeft(lines[y], s.x+s.w, "")
		}
		lines[y] = m.look.fit(left, s.x) + line + m.look.fit(right, m.w-s.x-s.w)
	}
	return strings.Join(lines, "\n")
}

// A finderView draws what is typed and what it may mean.
type finderView struct{ *look }

func (l finderView) draw(p *finder, w, h int) string {
	rows := max(h-3, 1)
	inner := w - 2
	typed := " " + l.in(keycap, ":") + l.text(p.query) + l.in(alarm, " ")
	if p.query == "" {
		typed += " " + l.in(dim, "a few letters of a key, a screen, a worker, an incident, a setting, a word")
	}
	body := []string{typed}
	names := 12
	for i := p.from; i < min(p.from+rows, len(p.found)); i++ {
		names = max(names, textWidth(l.text(p.found[i].name)))
	}
	names = min(names, max(inner*2/5, 12))
	for i := p.from; i < min(p.from+rows, len(p.found)); i++ {
		body = append(body, l.row(&p.found[i], i == p.at, names, inner))
	}
	if len(p.found) == 0 {
		body = append(body, "   "+l.in(dim, "nothing here is called so"))
	}
	note := fmt.Sprintf("%d of %d", len(p.found), len(p.all))
	if len(p.found) > rows {
		note = fmt.Sprintf("%d-%d of %d", p.from+1, min(p.from+rows, len(p.found)), len(p.found))
	}
	return l.box("everything", l.in(dim, note), body, w, h)
}

// row is one entry: what it is called, what is said of it, its key, and what sort of thing it is.
func (l finderView) row(f *found, chosen bool, names, w int) string {
	mark := "  "
	if chosen {
		mark = l.in(accent, l.glyphs.cursor) + " "
	}
	as, key := plain, l.text(f.key)
	if f.harms {
		as = bad
	}
	const kinds, keys = 9, 9
	line := mark + l.fit(l.marked(f.name, f.inName, as, chosen), names) + "  "
	tail := l.in(keycap, right(ansi.Truncate(key, keys, l.glyphs.more), keys)) + " " + l.in(dim, pad(f.kind, kinds))
	also := f.also
	if f.harms {
		also += "; asks first"
	}
	return line + l.fit(l.marked(also, f.inAlso, dim, false), max(w-2-names-2-keys-1-kinds-1, 0)) + " " + tail
}

// marked is a text in a role, with the letters that were typed in another.
func (l finderView) marked(text string, at []int, as role, chosen bool) string {
	if safe := l.text(text); safe != text || len(at) == 0 { // what was made printable has its letters elsewhere
		if chosen && as == plain {
			as = title
		}
		return l.in(as, safe)
	}
	p := l.pen(len(text))
	for i, r := range text {
		if slices.Contains(at, i) {
			p.put(hit, string(r))
		} else {
			p.put(as, string(r))
		}
	}
	return p.text()
}

// finderHints are the keys while it is open.
func finderHints() []hint {
	return []hint{{shown: "enter", does: "does it"}, {shown: "↑/↓", does: "move"}, {shown: "tab", does: "completes"}, {shown: "esc", does: "closes"}}
}
