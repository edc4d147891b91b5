package tui

import (
	"fmt"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/report"
)

// A screen is one full page: all that a person can look at is one, in a file of its own, and the stage has one of
// them at a time.
type screen interface {
	head(w int) string           // the first line
	draw(w, h int) string        // what stands between that and the key line, exactly w × h
	place() place                // which keys mean something on it
	hints() []hint               // what the key line says of them, what matters most first
	do(a action) (tea.Cmd, bool) // does what a key asks of this screen alone; false: it asks nothing of it
	copy() string                // what is on it, for the clipboard; empty: nothing
	top()                        // goes back to how it is when it is opened
}

// A stage is what all screens share: what is looked at, never what is seen, which is in the report.
type stage struct {
	source   Source
	controls Controls
	options  Options
	keys     keys
	look     *look
	player   *player // nil: nothing is replayed

	report *report.Report // the one that is shown; nil before the first

	on         screen // the one that is shown
	live, over screen // where back leads while a run goes on, and once it is over; nil where no run is looked at

	variant  string // that is looked at; empty: the current one
	selected int    // place in the worker table
	frozen   bool   // the screen stays as it is while the run goes on
	stay     bool   // a person chose to look at something else than the verdict

	asked  *question // what is asked before harm is done; nil: nothing
	rate   rate
	said   string // answer to the last key
	saidAt time.Time

	terminal
}

// A terminal is what is known of the one that is drawn on.
type terminal struct {
	w, h    int // in cells
	dark    bool
	profile colorprofile.Profile
}

// A rate is what the load was set to by hand.
type rate struct {
	paused float64 // what it goes back to after a pause; 0: it was not paused here
	set    float64 // what it was last set to, at the moment at
	at     time.Time
}

// relook chooses the look for what is known of the terminal.
func (s *stage) relook() error {
	theme := s.options.Theme
	if theme == "" || theme == "auto" {
		switch {
		case s.profile <= colorprofile.ASCII:
			theme = "none"
		case s.profile == colorprofile.ANSI:
			theme = "16"
		case s.dark:
			theme = "dark"
		default:
			theme = "light"
		}
	}
	l, err := newLook(theme, s.options.ASCII, s.profile)
	if err != nil {
		return err
	}
	s.look = l
	return nil
}

// shown is the variant that is looked at; nil before the first.
func (s *stage) shown() *report.Variant {
	if s.report == nil {
		return nil
	}
	for i := range s.report.Variants {
		if s.report.Variants[i].Name == s.variant {
			return &s.report.Variants[i]
		}
	}
	return s.report.Current()
}

// worker is who has the selected place; nil: nobody.
func (s *stage) worker() *diagnose.Worker {
	v := s.shown()
	if v == nil {
		return nil
	}
	if i := slices.IndexFunc(v.Workers, func(w diagnose.Worker) bool { return w.Place == s.selected }); i >= 0 {
		return &v.Workers[i]
	}
	return nil
}

// show puts a screen on the stage, from its beginning.
func (s *stage) show(next screen) {
	s.on = next
	next.top()
}

// back leads to the verdict of a run that is over, from there and while it goes on to the live screen.
func (s *stage) back() {
	over := s.report != nil && s.report.Over
	if over && s.on != s.over && !s.stay && judged(s.report) {
		s.show(s.over)
		return
	}
	s.show(s.live)
	s.stay = over
}

// nextVariant looks at the variant after this one; after the last at whichever is current, also when another begins.
func (s *stage) nextVariant() {
	v := s.shown()
	if v == nil {
		return
	}
	all := s.report.Variants
	next := (slices.IndexFunc(all, func(one report.Variant) bool { return one.Name == v.Name }) + 1) % len(all)
	s.variant = all[next].Name
	if next == len(all)-1 {
		s.variant = ""
	}
	if len(all) == 1 {
		s.say("only one variant so far")
	}
	if s.on == s.over {
		s.on, s.stay = s.live, s.report.Over
	}
	s.on.top()
}

// say answers in the key line for a moment.
func (s *stage) say(format string, args ...any) {
	s.said, s.saidAt = fmt.Sprintf(format, args...), time.Now()
}

func (s *stage) complain(err error) {
	if err != nil {
		s.say("%v", err)
	}
}

// bars is how many rows header, tape and key line take.
func (s *stage) bars() int {
	if s.player != nil {
		return 3
	}
	return 2
}

// goingOn adds to a place what of a run means something there.
func (s *stage) goingOn(at place) place {
	switch {
	case s.player != nil:
		at |= onTape
	case s.report != nil && !s.report.Over:
		at |= onRun
	}
	return at
}

// moves are the hints for a run that goes on, or for its recording.
func moves(at place) []hint {
	switch {
	case at&onTape != 0:
		return []hint{
			{actions: []action{doPlay}, does: "play"}, {actions: []action{doBackward, doForward}, does: "seek"},
			{actions: []action{doNext}, does: "next incident"},
			{actions: []action{doSlowDown, doSpeedUp}, does: "speed"}, {actions: []action{doStepBack, doStep}, does: "step"},
		}
	case at&onRun != 0:
		return append(hints(doKill, doStop, doLock), hint{actions: []action{doFaster, doSlower}, does: "rate"},
			hint{actions: []action{doPause}}, hint{actions: []action{doFreeze}})
	}
	return nil
}
