package tui

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
)

const (
	filterPrompt  = '/'
	palettePrompt = ':'
)

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
			m.setFilter("")
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
		m.setFilter(p.text)
	}
	return nil
}

func (m *model) setFilter(text string) {
	if m.picker != nil {
		m.picker.filter = text
		return
	}
	m.filter, m.back = text, 0
}

// A command of the palette that takes a word more; all others are the names of actions.
type command struct {
	name, takes string
	when        place
}

func commandsWithWords() []command {
	return []command{
		{"worker", "PLACE", onLive | onPage}, {"incident", "NUMBER", onLive | onPage}, {"variant", "NAME", onLive | onPage}, {"theme", "auto|dark|light|16|none", everywhere},
		{"rate", "PER-SECOND", onRun}, {"at", "SECONDS", onTape}, {"speed", "0.5|1|2|4|8|16|32", onTape},
	}
}

// suggestions are the commands that what is typed may become.
func (m *model) suggestions() []string {
	if m.prompt == nil || m.prompt.kind != palettePrompt {
		return nil
	}
	typed, _, _ := strings.Cut(strings.TrimLeft(m.prompt.text, " "), " ")
	var all []string
	for _, c := range commandsWithWords() {
		if c.when&m.where() != 0 {
			all = append(all, c.name+" "+c.takes)
		}
	}
	for _, b := range m.keys {
		if b.where&m.where() != 0 && b.binding.Enabled() && !slices.ContainsFunc(all, func(s string) bool { return strings.HasPrefix(s, string(b.action)+" ") }) {
			all = append(all, string(b.action))
		}
	}
	return slices.DeleteFunc(all, func(s string) bool { return !strings.HasPrefix(s, typed) })
}

// obey does what was typed into the palette.
func (m *model) obey(text string) tea.Cmd {
	name, word, _ := strings.Cut(strings.TrimSpace(text), " ")
	word = strings.TrimSpace(word)
	if name == "" {
		return nil
	}
	for _, c := range commandsWithWords() {
		if c.name != name || c.when&m.where() == 0 || word == "" && c.name == "incident" {
			continue
		}
		cmd, err := m.told(name, word)
		if err != nil {
			m.say("%s %s: %v", name, word, err)
		}
		return cmd
	}
	if name == "quit" || name == "q" {
		return m.do(doLeave)
	}
	for _, b := range m.keys {
		if string(b.action) == name && b.where&m.where() != 0 && b.binding.Enabled() {
			return m.do(b.action)
		}
	}
	m.say("%q is no command here; type : and tab to see them", name)
	return nil
}

func (m *model) told(name, word string) (tea.Cmd, error) {
	number, notNumber := strconv.ParseFloat(word, 64)
	v := m.shown()
	switch name {
	case "theme":
		before := m.options.Theme
		m.options.Theme = word
		if err := m.relook(); err != nil {
			m.options.Theme = before
			return nil, err
		}
	case "variant":
		if m.report == nil || !slices.ContainsFunc(m.report.Variants, func(v reportVariant) bool { return v.Name == word }) {
			return nil, fmt.Errorf("no variant of that name has begun")
		}
		m.variant, m.page, m.stay = word, livePage, m.report.Over
	case "worker", "incident", "rate", "at", "speed":
		if notNumber != nil {
			return nil, fmt.Errorf("want a number")
		}
		return m.toldNumber(name, number, v)
	}
	return nil, nil
}

func (m *model) toldNumber(name string, number float64, v *reportVariant) (tea.Cmd, error) {
	switch name {
	case "worker":
		if v == nil || !slices.ContainsFunc(v.Workers, func(w worker) bool { return w.Place == int(number) }) {
			return nil, fmt.Errorf("there is no such place")
		}
		m.selected, m.page, m.scroll = int(number), workerPage, 0
	case "incident":
		if v == nil || !slices.ContainsFunc(v.Incidents, func(i incident) bool { return i.ID == int(number) }) {
			return nil, fmt.Errorf("there is no such incident in this variant")
		}
		m.incident, m.page, m.scroll = int(number), incidentPage, 0
	case "rate":
		if number < 0 || m.controls.SetRate == nil || v == nil {
			return nil, fmt.Errorf("want 0 or more hits a second, of a run that goes on")
		}
		return m.setRate(number), nil
	case "at":
		m.stay = false
		m.player.seek(time.Duration(number * float64(time.Second)))
	case "speed":
		at := slices.Index(speeds(), number)
		if at < 0 {
			return nil, fmt.Errorf("want one of %v", speeds())
		}
		m.player.speed = at
	}
	return nil, nil
}

// promptLine shows what is typed and what it may become.
func (l *look) promptLine(p *prompt, suggested []string, w int) string {
	line := " " + l.in(keycap, string(p.kind)) + p.text + l.in(alarm, " ")
	if p.kind == filterPrompt {
		line += "  " + l.in(dim, "enter keeps it, esc shows all")
	}
	if len(suggested) > 0 {
		line += "  " + l.in(dim, strings.Join(suggested, "  "))
	}
	return l.fit(line, w)
}
