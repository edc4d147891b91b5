package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"
)

const (
	filterPrompt  = '/'
	palettePrompt = ':'
)

// A filterer is a screen of which only what matches need be shown.
type filterer interface {
	filtered() string
	refilter(text string)
}

// A prompt is a line that is being typed.
type prompt struct {
	kind rune
	text string
}

// typed takes a key for the prompt. A filter works while it is typed.
func (m *model) typed(k tea.KeyPressMsg) tea.Cmd {
	p := m.prompt
	switch k.String() {
	case "esc", "ctrl+c":
		if p.kind == filterPrompt {
			m.refilter("")
		}
		m.prompt = nil
		return nil
	case "enter":
		m.prompt = nil
		if p.kind == palettePrompt {
			return m.obey(p.text)
		}
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
	case "tab":
		if s := m.suggestions(); p.kind == palettePrompt && len(s) > 0 {
			p.text = strings.Fields(s[0])[0] + " "
		}
	default:
		p.text += k.Text
	}
	if p.kind == filterPrompt {
		m.refilter(p.text)
	}
	return nil
}

func (m *model) refilter(text string) {
	if f, ok := m.on.(filterer); ok {
		f.refilter(text)
	}
}

// promptLine shows what is typed and what it may become.
func (l *look) promptLine(p *prompt, suggested []string, w int) string {
	line := " " + l.in(keycap, string(p.kind)) + l.text(p.text) + l.in(alarm, " ")
	if p.kind == filterPrompt {
		line += "  " + l.in(dim, "enter keeps it, esc shows all")
	}
	if len(suggested) > 0 {
		line += "  " + l.in(dim, strings.Join(suggested, "  "))
	}
	return l.fit(line, w)
}
