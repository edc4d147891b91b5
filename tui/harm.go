package tui

import (
	"fmt"

	tea "charm.land/bubbletea/v2"
)

// harm asks whether to break something by hand. All of it heals, or is replaced, and all of it is in the story.
func (s *stage) harm(a action) {
	v, c := s.shown(), s.controls
	if v == nil || s.report.Over || s.player != nil {
		return
	}
	switch {
	case a == doKill && c.Kill != nil:
		s.askOfWorker("kill", c.Kill)
	case a == doStop && c.StopCont != nil:
		s.askOfWorker("stop for a while", c.StopCont)
	case a == doLock && c.HoldLock != nil:
		const what = "hold the lock of the task log for a while"
		s.asked = &question{what, func() tea.Cmd {
			s.say(what)
			return call(c.HoldLock)
		}}
	}
}

// askOfWorker asks about the selected worker. Whoever has its place when the answer comes must be the one that was
// asked about.
func (s *stage) askOfWorker(what string, do func(place int)) {
	w := s.worker()
	if w == nil {
		return
	}
	place, pid := w.Place, w.PID
	who := fmt.Sprintf("worker %d, pid %d", place, pid)
	s.asked = &question{what + ": " + who, func() tea.Cmd {
		if now := s.worker(); now == nil || now.Place != place || now.PID != pid {
			s.say("nothing was done: %s is gone", who)
			return nil
		}
		s.say("%s: worker %d", what, place)
		return call(func() { do(place) })
	}}
}

// answer takes a key for the question: only y does harm.
func (s *stage) answer(key string) tea.Cmd {
	asked := s.asked
	s.asked = nil
	if key != "y" && key != "Y" {
		s.say("nothing was done")
		return nil
	}
	if s.report.Over {
		s.say("nothing was done: the run is over")
		return nil
	}
	return asked.yes()
}
