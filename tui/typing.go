package tui

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
)

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

// suggestions are the commands that what is typed may become.
func (m *model) suggestions() []string {
	if m.prompt == nil || m.prompt.kind != palettePrompt {
		return nil
	}
	typed, _, _ := strings.Cut(strings.TrimLeft(m.prompt.text, " "), " ")
	where := m.on.place()
	var all []string
	for _, c := range commands() {
		if c.where&where != 0 {
			all = append(all, c.name+" "+c.takes)
		}
	}
	for _, b := range m.keys {
		if b.where&where != 0 && b.binding.Enabled() &&
			!slices.ContainsFunc(all, func(s string) bool { return strings.HasPrefix(s, string(b.action)+" ") }) {
			all = append(all, string(b.action))
		}
	}
	return slices.DeleteFunc(all, func(s string) bool { return !strings.HasPrefix(s, typed) })
}

// obey does what was typed into the palette.
func (m *model) obey(text string) tea.Cmd {
	name, word, _ := strings.Cut(strings.TrimSpace(text), " ")
	word = strings.TrimSpace(word)
	where := m.on.place()
	switch name {
	case "":
		return nil
	case "quit", "q":
		return m.do(doLeave)
	}
	for _, c := range commands() {
		if c.name == name && c.where&where != 0 && !(word == "" && m.isAction(name, where)) {
			cmd, err := c.run(m.stage, word)
			if err != nil {
				m.say("%s %s: %v", name, word, err)
			}
			return cmd
		}
	}
	if m.isAction(name, where) {
		return m.do(action(name))
	}
	m.say("%q is no command here; type : and tab to see them", name)
	return nil
}

// isAction says whether a name is that of a key that means something there.
func (m *model) isAction(name string, where place) bool {
	return slices.ContainsFunc(m.keys, func(b boundKey) bool {
		return string(b.action) == name && b.where&where != 0 && b.binding.Enabled()
	})
}
