package tui

import "strings"

// A pen writes cells one after the other, with one colour sequence for all neighbours of one role.
type pen struct {
	l    *look
	b    strings.Builder
	role role
	down bool // something was written, in that role
}

// pen is for about n cells.
func (l *look) pen(n int) *pen {
	p := &pen{l: l}
	p.b.Grow(4*n + 64)
	return p
}

func (p *pen) put(r role, cell string) {
	if !p.down || r != p.role {
		p.lift()
		p.b.WriteString(p.l.open[r])
		p.role, p.down = r, true
	}
	p.b.WriteString(cell)
}

func (p *pen) lift() {
	if p.down {
		p.b.WriteString(p.l.shut[p.role])
	}
	p.down = false
}

func (p *pen) text() string {
	p.lift()
	return p.b.String()
}

// runs joins cells, with one colour sequence for all neighbours of one role.
func (l *look) runs(cells []string, roles []role) string {
	p := l.pen(len(cells))
	for i := range cells {
		p.put(roles[i], cells[i])
	}
	return p.text()
}
