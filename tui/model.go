package tui

import (
	"fmt"
	"math"
	"strings"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"github.com/hangtime-dev/hangtime/report"
)

// Smallest terminal that is drawn on.
const (
	leastWidth  = 40
	leastHeight = 10
)

type page int

const (
	livePage page = iota
	workerPage
	incidentPage
	helpOver
)

// A model is all state of the screen: what is looked at, never what is seen, which is in the report.
type model struct {
	source   Source
	controls Controls
	options  Options
	keys     keys
	look     *look

	report   *report.Report // the one on screen
	frozen   bool           // the screen stays as it is while the run goes on
	w, h     int
	page     page
	before   page // where help goes back to
	selected int  // row of the worker table
	incident int  // index in the current variant
	scroll   int
	dark     bool
	profile  colorprofile.Profile
	rate     float64 // what the load is to be after a pause; 0: not paused by us
	said     string  // answer to the last key
	saidAt   time.Time
	leaving  bool // the run was asked to end, the screen waits for it
}

func newModel(source Source, controls Controls, options Options) *model {
	if options.Refresh <= 0 {
		options.Refresh = 100 * time.Millisecond
	}
	m := &model{source: source, controls: controls, options: options, keys: newKeys(), dark: true, profile: colorprofile.TrueColor}
	m.keys.offer(controls)
	m.relook()
	return m
}

// relook chooses the look for what is known of the terminal.
func (m *model) relook() {
	theme := m.options.Theme
	if theme == "" || theme == "auto" {
		switch {
		case m.profile <= colorprofile.ASCII:
			theme = "none"
		case m.profile == colorprofile.ANSI:
			theme = "16"
		case m.dark:
			theme = "dark"
		default:
			theme = "light"
		}
	}
	m.look = newLook(theme, m.options.ASCII)
}

type tickMsg struct{}

func (m *model) tick() tea.Cmd {
	return tea.Tick(m.options.Refresh, func(time.Time) tea.Msg { return tickMsg{} })
}

func (m *model) Init() tea.Cmd { return tea.Batch(m.tick(), tea.RequestBackgroundColor) }

func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tickMsg:
		return m, tea.Batch(m.refresh(), m.tick())
	case tea.WindowSizeMsg:
		m.w, m.h = msg.Width, msg.Height
	case tea.BackgroundColorMsg:
		m.dark = msg.IsDark()
		m.relook()
	case tea.ColorProfileMsg:
		m.profile = msg.Profile
		m.relook()
	case tea.KeyPressMsg:
		return m, m.press(msg)
	}
	return m, nil
}

// refresh takes the newest report.
func (m *model) refresh() tea.Cmd {
	newest := m.source.Report()
	if newest == nil {
		return nil
	}
	if !m.frozen || newest.Over {
		m.report = newest
	}
	if newest.Over && m.leaving {
		return tea.Quit
	}
	if v := m.variant(); v != nil {
		m.selected = max(min(m.selected, len(v.Workers)-1), 0)
	}
	return nil
}

func (m *model) variant() *report.Variant {
	if m.report == nil {
		return nil
	}
	return m.report.Current()
}

func (m *model) say(format string, args ...any) {
	m.said, m.saidAt = fmt.Sprintf(format, args...), time.Now()
}

// press does what a key asks for. Calls to the run may wait for it, so they are commands, never made here.
func (m *model) press(k tea.KeyPressMsg) tea.Cmd {
	switch {
	case key.Matches(k, m.keys.Leave):
		return m.leave()
	case key.Matches(k, m.keys.Help):
		if m.page == helpOver {
			m.page = m.before
		} else {
			m.before, m.page = m.page, helpOver
		}
	case key.Matches(k, m.keys.Back):
		if m.page == helpOver {
			m.page = m.before
		} else {
			m.page = livePage
		}
		m.scroll = 0
	case key.Matches(k, m.keys.Up):
		m.move(-1)
	case key.Matches(k, m.keys.Down):
		m.move(1)
	case key.Matches(k, m.keys.PauseScreen):
		m.frozen = !m.frozen
	case m.report == nil || m.report.Over:
	case key.Matches(k, m.keys.Open):
		m.page, m.scroll = workerPage, 0
	case key.Matches(k, m.keys.Incident):
		m.openIncident()
	default:
		return m.act(k)
	}
	return nil
}

func (m *model) move(by int) {
	if m.page == livePage && m.report != nil && !m.report.Over {
		m.selected = max(m.selected+by, 0)
		if v := m.variant(); v != nil {
			m.selected = max(min(m.selected, len(v.Workers)-1), 0)
		}
		return
	}
	m.scroll = max(m.scroll+by, 0)
}

func (m *model) openIncident() {
	v := m.variant()
	if v == nil || len(v.Incidents) == 0 {
		m.say("no incident so far")
		return
	}
	m.page, m.scroll, m.incident = incidentPage, 0, len(v.Incidents)-1
}

// leave ends the run first and waits until it is over; asked again, or with nothing to wait for, it goes at once.
func (m *model) leave() tea.Cmd {
	if m.leaving || m.report == nil || m.report.Over || m.controls.Stop == nil {
		return tea.Quit
	}
	m.leaving, m.frozen = true, false
	return call(m.controls.Stop)
}

func call(f func()) tea.Cmd { return func() tea.Msg { f(); return nil } }

// act breaks things by hand. It asks for no confirmation: all of it heals, and all of it is in the story.
func (m *model) act(k tea.KeyPressMsg) tea.Cmd {
	v := m.variant()
	if v == nil {
		return nil
	}
	place := 0
	if m.selected < len(v.Workers) {
		place = v.Workers[m.selected].Place
	}
	switch {
	case key.Matches(k, m.keys.Kill) && place > 0:
		m.say("kill worker %d", place)
		return call(func() { m.controls.Kill(place) })
	case key.Matches(k, m.keys.Stop) && place > 0:
		m.say("stop worker %d for a while", place)
		return call(func() { m.controls.StopCont(place) })
	case key.Matches(k, m.keys.Lock):
		m.say("hold the lock of the task log for a while")
		return call(m.controls.HoldLock)
	case key.Matches(k, m.keys.Faster):
		return m.setRate(math.Ceil(m.wanted(v) * 1.25))
	case key.Matches(k, m.keys.Slower):
		return m.setRate(max(math.Floor(m.wanted(v)/1.25), 1))
	case key.Matches(k, m.keys.PauseLoad):
		if m.rate > 0 {
			return m.setRate(m.rate)
		}
		was := m.wanted(v)
		cmd := m.setRate(0)
		m.rate = max(was, 1)
		return cmd
	}
	return nil
}

// wanted is the rate that the load is to have, or had before a pause.
func (m *model) wanted(v *report.Variant) float64 {
	if m.rate > 0 {
		return m.rate
	}
	return math.Round(v.Load.Offered)
}

func (m *model) setRate(to float64) tea.Cmd {
	m.rate = 0
	if to == 0 {
		m.say("load paused; p goes on")
	} else {
		m.say("load set to %.0f/s", to)
	}
	return call(func() { m.controls.SetRate(to) })
}

func (m *model) View() tea.View {
	v := tea.NewView(m.frame())
	v.AltScreen = true
	v.WindowTitle = "hangtime"
	return v
}

// frame draws the whole screen, exactly w × h.
func (m *model) frame() string {
	w, h := m.w, m.h
	if w <= 0 || h <= 0 {
		return ""
	}
	if w < leastWidth || h < leastHeight {
		return m.look.screen(fmt.Sprintf("too small: %dx%d\nwant %dx%d\nq ends", w, h, leastWidth, leastHeight), w, h)
	}
	r := m.report
	if r == nil {
		return m.look.screen(" "+m.look.in(title, "hangtime")+"  starting"+strings.Repeat("\n", h-1)+m.look.keyLine(w, m.keys.Leave), w, h)
	}
	return m.look.screen(m.look.header(r, w)+"\n"+m.middle(r, w, h-2)+"\n"+m.bottom(w), w, h)
}

func (m *model) middle(r *report.Report, w, h int) string {
	l, v := m.look, r.Current()
	switch {
	case m.page == helpOver:
		return l.helpPage(m.helpGroups(), w, h)
	case r.Over:
		return l.scrolled("verdict", l.verdictLines(r), m.scroll, w, h)
	case v == nil:
		return l.box("hangtime", "", []string{" starting"}, w, h)
	case m.page == workerPage && m.selected < len(v.Workers):
		return l.scrolled("inside", l.workerLines(r, v, &v.Workers[m.selected]), m.scroll, w, h)
	case m.page == incidentPage && m.incident < len(v.Incidents):
		return l.scrolled("incident", l.incidentLines(r, &v.Incidents[m.incident]), m.scroll, w, h)
	}
	return l.live(r, v, m.selected, w, h)
}

// bottom is the key line; for two seconds the answer to the last key stands there.
func (m *model) bottom(w int) string {
	k, l := &m.keys, m.look
	switch {
	case m.leaving:
		return l.fit(" "+l.in(warn, "ending: faults are healed, the server is stopped")+"  "+l.keyLine(w, k.Leave), w)
	case m.said != "" && time.Since(m.saidAt) < 2*time.Second:
		return l.fit(" "+l.in(accent, m.said), w)
	case m.report.Over:
		return l.keyLine(w, k.Up, k.Help, k.Leave)
	case m.page != livePage:
		return l.keyLine(w, k.Back, k.Up, k.Help, k.Leave)
	}
	line := l.keyLine(w-10, k.Up, k.Open, k.Incident, k.Kill, k.Stop, k.Lock, k.Faster, k.PauseLoad, k.Help, k.PauseScreen, k.Leave)
	if m.frozen {
		line += "  " + l.in(alarm, " FROZEN ")
	}
	return line
}

func (m *model) helpGroups() []helpGroup {
	k := &m.keys
	return []helpGroup{
		{"look", []key.Binding{k.Up, k.Down, k.Open, k.Incident, k.Back, k.PauseScreen}},
		{"break it", []key.Binding{k.Kill, k.Stop, k.Lock, k.Faster, k.Slower, k.PauseLoad}},
		{"hangtime", []key.Binding{k.Help, k.Leave}},
	}
}
