package tui

import (
	"math"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/hangtime-dev/hangtime/report"
)

// measured is how long it takes until a rate that was set is seen in the report: it shows the last second.
const measured = 2 * time.Second

// turnLoad changes the rate by a quarter, pauses the load, or lets it go on.
func (s *stage) turnLoad(a action) tea.Cmd {
	v := s.shown()
	switch {
	case v == nil || s.report.Over || s.player != nil || s.controls.SetRate == nil:
		return nil
	case !s.knowsRate(v):
		s.say("the load begins: its rate is not known yet")
		return nil
	case a == doFaster:
		return s.setRate(max(math.Ceil(s.wanted()*1.25), 1))
	case a == doSlower:
		return s.setRate(max(math.Floor(s.wanted()/1.25), 1))
	case s.rate.paused > 0:
		return s.setRate(s.rate.paused)
	}
	was := max(s.wanted(), 1)
	pause := s.setRate(0)
	s.rate.paused = was
	return pause
}

// knowsRate says whether wanted has something to go by: a rate that was set by hand, or a load that has gone on for
// long enough to be measured.
func (s *stage) knowsRate(v *report.Variant) bool {
	return s.rate.paused > 0 || s.rate.set > 0 && time.Since(s.rate.at) < measured || v.LoadFrom >= 0 &&
		until(s.report, v)-v.LoadFrom >= measured
}

// wanted is the rate that the load is to have, or had before a pause.
func (s *stage) wanted() float64 {
	switch {
	case s.rate.paused > 0:
		return s.rate.paused
	case s.rate.set > 0 && time.Since(s.rate.at) < measured:
		return s.rate.set
	}
	return math.Round(s.shown().Load.Offered)
}

func (s *stage) setRate(to float64) tea.Cmd {
	s.rate = rate{set: to, at: time.Now()}
	if to == 0 {
		s.say("load paused; %s goes on", s.keys.get(doPause).Help().Key)
	} else {
		s.say("load set to %.0f/s", to)
	}
	set := s.controls.SetRate
	return call(func() { set(to) })
}

// call does what may have to wait for the run, off the screen's own goroutine.
func call(f func()) tea.Cmd { return func() tea.Msg { f(); return nil } }
