package tui

import tea "charm.land/bubbletea/v2"

// press does what a key asks for. Calls to the run may wait for it, so they are commands, never made here.
func (m *model) press(k tea.KeyPressMsg) tea.Cmd {
	switch {
	case m.asked != nil:
		return m.answer(k.String())
	case m.prompt != nil:
		return m.typed(k)
	}
	a, known := m.keys.find(k, m.on.place())
	if m.help && a != doLeave {
		m.help = false
		return nil
	}
	if !known {
		return nil
	}
	return m.do(a)
}
