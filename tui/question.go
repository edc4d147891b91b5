package tui

import tea "charm.land/bubbletea/v2"

// A question is asked before harm is done: a key is pressed by mistake sooner than one thinks, and a killed worker
// does not come back.
type question struct {
	text string         // what would be done, to whom
	yes  func() tea.Cmd // does it
}

// questionLine asks it in place of the key line.
func (l *look) questionLine(q *question, w int) string {
	return l.fit(" "+l.in(alarm, " "+l.text(q.text)+"? ")+"  "+l.in(keycap, "y")+" "+l.in(dim, "yes")+"  "+
		l.in(keycap, "any other key")+" "+l.in(dim, "no"), w)
}
