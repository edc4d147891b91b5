package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"
)

// A clicker is a screen on which a click means something; x and y are cells of the terminal.
type clicker interface{ click(x, y int) tea.Cmd }

// mouse does what a click or the wheel asks for: on a screen what that screen does with it, on the key line what the
// key does; on the tape it seeks, and drags it from there.
func (m *model) mouse(msg tea.MouseMsg) tea.Cmd {
	at := msg.Mouse()
	switch msg.(type) {
	case tea.MouseWheelMsg:
		switch at.Button {
		case tea.MouseWheelUp:
			m.wheel(doUp, -1)
		case tea.MouseWheelDown:
			m.wheel(doDown, 1)
		}
	case tea.MouseClickMsg:
		if at.Button == tea.MouseLeft {
			return m.click(at.X, at.Y)
		}
	case tea.MouseMotionMsg:
		if m.scrubbing && at.Button == tea.MouseLeft {
			m.scrub(at.X)
		}
	case tea.MouseReleaseMsg:
		m.scrubbing = false
	}
	return nil
}

// wheel moves what is on top.
func (m *model) wheel(a action, by int) {
	switch {
	case m.finder.open:
		m.finder.move(by)
	case m.help.open:
		m.turnHelp(a)
	default:
		m.on.do(a)
	}
}

func (m *model) click(x, y int) tea.Cmd {
	switch {
	case m.asked != nil:
		return m.answer("")
	case m.finder.open:
		return m.clickFinder(x, y)
	case m.help.open && y != m.h-1:
		m.help.open = false
	case y == m.h-1:
		for _, s := range m.spots {
			if x >= s.from && x < s.to {
				return m.do(s.action)
			}
		}
	case m.player != nil && y == m.h-2:
		if from, columns := tapeBar(m.player, m.w); x >= from && x < from+columns {
			m.scrubbing = true
			m.scrub(x)
		}
	default:
		if on, ok := m.on.(clicker); ok {
			return on.click(x, y)
		}
	}
	return nil
}

// scrub winds the tape to a column of its bar; beside the bar it is the nearest of its ends.
func (m *model) scrub(x int) {
	from, columns := tapeBar(m.player, m.w)
	m.stay = false
	m.player.seek(time.Duration(float64(x-from) / float64(columns) * float64(m.player.tape.Length())))
}
