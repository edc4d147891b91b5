package tui

import (
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"github.com/hangtime-dev/hangtime/report"
)

// A model is the stage, with what stands around each screen: the first line, the tape, the key line and what is typed
// into it.
type model struct {
	*stage
	finder    finder
	prompt    *prompt // nil: no filter is typed
	help      help
	spots     []spot // of the key line as last drawn
	scrubbing bool   // the mouse holds the bar of the tape
	drawn     string // the frame as last drawn
	fresh     bool   // drawn is still what a frame would be
	leaving   bool   // the run was asked to end, the screen waits for it
}

func newModel(source Source, controls Controls, options Options) (*model, error) {
	if options.Refresh <= 0 {
		options.Refresh = 100 * time.Millisecond
	}
	var opening []boundKey
	for _, o := range openings() {
		opening = append(opening, o.key)
	}
	s := &stage{source: source, controls: controls, options: options, keys: newKeys(opening...), selected: 1,
		terminal: terminal{dark: true, profile: colorprofile.TrueColor}}
	s.live, s.over = &liveScreen{stage: s}, &verdictScreen{page{stage: s}}
	s.on = s.live
	if err := s.keys.rebind(options.Keys); err != nil {
		return nil, err
	}
	s.keys.enable(controls.Kill != nil, doKill)
	s.keys.enable(controls.StopCont != nil, doStop)
	s.keys.enable(controls.HoldLock != nil, doLock)
	s.keys.enable(controls.SetRate != nil, doFaster, doSlower, doPause)
	s.keys.enable(options.Write != nil, doWrite)
	return &model{stage: s}, s.relook()
}

// refresh takes the newest report.
func (m *model) refresh(now time.Time) tea.Cmd {
	if m.source == nil {
		return nil
	}
	if m.player != nil {
		m.player.advance(now)
	}
	newest := m.source.Report()
	if newest == nil {
		return nil
	}
	wasOver := m.report != nil && m.report.Over
	if !m.frozen || newest.Over {
		m.report = newest
	}
	switch {
	case newest.Over && m.leaving:
		return tea.Quit
	case newest.Over && !wasOver && !m.stay && m.on == m.live && judged(newest):
		m.help.open = false
		m.show(m.over)
	case !newest.Over && m.on == m.over && !m.stay:
		m.show(m.live)
	}
	return nil
}

// judged says whether a run came to a verdict: a load alone, or a watch, comes to none.
func judged(r *report.Report) bool {
	return !slices.ContainsFunc(r.Variants, func(v report.Variant) bool { return !v.Experiment() })
}
