package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/hangtime-dev/hangtime/report"
)

type tickMsg time.Time

func (m *model) tick() tea.Cmd {
	return tea.Tick(m.options.Refresh, func(t time.Time) tea.Msg { return tickMsg(t) })
}

// Init implements tea.Model.
func (m *model) Init() tea.Cmd { return tea.Batch(m.tick(), tea.RequestBackgroundColor) }

// Update implements tea.Model.
func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	if now, ok := msg.(tickMsg); ok {
		was := m.sight()
		next := tea.Batch(m.refresh(time.Time(now)), m.tick())
		m.fresh = m.fresh && m.sight() == was && m.said == ""
		return m, next
	}
	m.fresh = false
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.w, m.h = msg.Width, msg.Height
	case tea.BackgroundColorMsg:
		m.dark = msg.IsDark()
		m.complain(m.relook())
	case tea.ColorProfileMsg:
		m.profile = msg.Profile
		m.complain(m.relook())
	case saidMsg:
		m.say("%s", string(msg))
	case tea.KeyPressMsg:
		return m, m.press(msg)
	case tea.MouseMsg:
		return m, m.mouse(msg)
	}
	return m, nil
}

// View implements tea.Model. It is asked for after each message; a frame is only made where something of it has changed.
func (m *model) View() tea.View {
	if !m.fresh {
		m.drawn, m.fresh = m.frame(), true
	}
	v := tea.NewView(m.drawn)
	v.AltScreen = true
	v.WindowTitle = "hangtime"
	if !m.options.NoMouse {
		v.MouseMode = tea.MouseModeCellMotion
	}
	return v
}

// A sight is what a tick may change of the screen, beside that what was said is taken back after a while. Reports
// never change once made.
type sight struct {
	report *report.Report
	on     screen
	at     time.Duration // on the tape
	plays  bool
}

func (m *model) sight() sight {
	now := sight{report: m.report, on: m.on}
	if m.player != nil {
		now.at, now.plays = m.player.at, m.player.playing
	}
	return now
}
