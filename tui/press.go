package tui

import tea "charm.land/bubbletea/v2"

// press does what a key asks for. Calls to the run may wait for it, so they are commands, never made here.
func (m *model) press(k tea.KeyPressMsg) tea.Cmd {
	switch {
	case m.asked != nil:
		return m.answer(k.String())
	case m.finder.open:
		return m.typedInFinder(k)
	case m.prompt != nil:
		return m.typed(k)
	}
	a, known := m.keys.find(k, m.on.place())
	if m.help.open && a != doLeave {
		m.turnHelp(a)
		return nil
	}
	if !known {
		return nil
	}
	return m.do(a)
}
