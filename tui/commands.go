package tui

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/hangtime-dev/hangtime/report"
)

// A command of the palette takes a word more; all others are the names of actions.
type command struct {
	name, takes string
	where       place
	run         func(s *stage, word string) (tea.Cmd, error)
}

// commands are all of them: those that open a screen first.
func commands() []command {
	var all []command
	for _, o := range openings() {
		if o.takes != "" {
			all = append(all, command{o.command, o.takes, onLive | onPage, func(s *stage, word string) (tea.Cmd, error) { return nil, s.open(o, word) }})
		}
	}
	return append(all,
		command{"variant", "NAME", onLive | onPage, lookAtVariant},
		command{"theme", "auto|dark|light|16|none", everywhere, changeTheme},
		command{"rate", "PER-SECOND", onRun, changeRate},
		command{"at", "SECONDS", onTape, windTo},
		command{"speed", "0.5|1|2|4|8|16|32", onTape, changeSpeed},
	)
}

func lookAtVariant(s *stage, name string) (tea.Cmd, error) {
	if s.report == nil || !slices.ContainsFunc(s.report.Variants, func(v report.Variant) bool { return v.Name == name }) {
		return nil, errors.New("no variant of that name has begun")
	}
	s.variant, s.stay = name, s.report.Over
	s.show(s.live)
	return nil, nil
}

func changeTheme(s *stage, name string) (tea.Cmd, error) {
	before := s.options.Theme
	s.options.Theme = name
	err := s.relook()
	if err != nil {
		s.options.Theme = before
	}
	return nil, err
}

func changeRate(s *stage, word string) (tea.Cmd, error) {
	number, err := strconv.ParseFloat(word, 64)
	switch {
	case err != nil:
		return nil, errNumber
	case !(number >= 0) || math.IsInf(number, 1) || s.controls.SetRate == nil || s.shown() == nil:
		return nil, errors.New("want 0 or more hits a second, of a run that goes on")
	}
	return s.setRate(number), nil
}

func windTo(s *stage, word string) (tea.Cmd, error) {
	number, err := strconv.ParseFloat(word, 64)
	if err != nil {
		return nil, errNumber
	}
	s.stay = false
	s.player.seek(time.Duration(number * float64(time.Second)))
	return nil, nil
}

func changeSpeed(s *stage, word string) (tea.Cmd, error) {
	number, err := strconv.ParseFloat(word, 64)
	if err != nil {
		return nil, errNumber
	}
	at := slices.Index(speeds(), number)
	if at < 0 {
		return nil, fmt.Errorf("want one of %v", speeds())
	}
	s.player.speed = at
	return nil, nil
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
		if b.where&where != 0 && b.binding.Enabled() && !slices.ContainsFunc(all, func(s string) bool { return strings.HasPrefix(s, string(b.action)+" ") }) {
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
	return slices.ContainsFunc(m.keys, func(b boundKey) bool { return string(b.action) == name && b.where&where != 0 && b.binding.Enabled() })
}
