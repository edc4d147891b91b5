package tui

import (
	tea "charm.land/bubbletea/v2"
)

// typed takes a key for the filter, which works while it is typed.
func (m *model) typed(k tea.KeyPressMsg) tea.Cmd {
	p := m.prompt
	switch k.String() {
	case "esc", "ctrl+c":
		m.refilter("")
		m.prompt = nil
		return nil
	case "enter":
		m.prompt = nil
		return nil
	case "backspace":
		if p.text == "" {
			m.prompt = nil
		} else {
			r := []rune(p.text)
			p.text = string(r[:len(r)-1])
		}
	case "ctrl+u":
		p.text = ""
	default:
		p.text += k.Text
	}
	m.refilter(p.text)
	return nil
}

func (m *model) refilter(text string) {
	if f, ok := m.on.(filterer); ok {
		f.refilter(text)
	}
}
