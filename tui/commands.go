package tui

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
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
			all = append(all, command{o.command, o.takes, onLive | onPage,
				func(s *stage, word string) (tea.Cmd, error) { return nil, s.open(o, word) }})
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
