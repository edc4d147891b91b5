package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/hangtime-dev/hangtime/report"
)

// View is asked for after each message; a frame is only made where something of it has changed.
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

// A sight is what a tick may change of the screen, beside that what was said is taken back after a while. Reports never change once made.
type sight struct {
	report *report.Report
	page   page
	at     time.Duration // on the tape
	plays  bool
}

func (m *model) onScreen() sight {
	now := sight{report: m.report, page: m.page}
	if m.player != nil {
		now.at, now.plays = m.player.at, m.player.playing
	}
	return now
}
