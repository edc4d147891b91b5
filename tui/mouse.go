package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"
)

// mouse does what a click or the wheel asks for: a click on a worker selects it, another opens it; on the key line it is that key; on the tape it seeks, and drags it from there.
func (m *model) mouse(msg tea.MouseMsg) tea.Cmd {
	at := msg.Mouse()
	switch msg.(type) {
	case tea.MouseWheelMsg:
		switch {
		case at.Button == tea.MouseWheelUp && m.page == livePage:
			m.selectBy(-1)
		case at.Button == tea.MouseWheelDown && m.page == livePage:
			m.selectBy(1)
		case at.Button == tea.MouseWheelUp:
			m.move(doUp)
		case at.Button == tea.MouseWheelDown:
			m.move(doDown)
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

func (m *model) click(x, y int) tea.Cmd {
	switch {
	case m.help:
		m.help = false
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
	case m.page == livePage:
		m.clickWorker(y)
	case m.page == homePage:
		return m.clickScenario(x, y)
	}
	return nil
}

// scrub winds the tape to a column of its bar; beside the bar it is the nearest of its ends.
func (m *model) scrub(x int) {
	from, columns := tapeBar(m.player, m.w)
	m.stay = false
	m.player.seek(time.Duration(float64(x-from) / float64(columns) * float64(m.player.tape.Length())))
}

func (m *model) clickWorker(y int) {
	v := m.shown()
	if v == nil {
		return
	}
	s := share(m.h-m.bars()-1, len(v.Workers))
	shown := m.view(v).shown
	first := 1 + 1 + s.top + 2 // header, statement, panes above, frame and heading
	row := y - first
	i := row + firstRow(shown, m.selected, s.workers-3)
	if row < 0 || row >= s.workers-3 || i >= len(shown) {
		return
	}
	if shown[i].Place == m.selected {
		m.page, m.scroll = workerPage, 0
		return
	}
	m.selected = shown[i].Place
}

func (m *model) clickScenario(x, y int) tea.Cmd {
	shown := m.picker.shown()
	at := m.picker.current(shown)
	s := m.picker.shape(shown, at, m.w, m.h-m.bars())
	row := y - 2 // header and frame
	i := s.from + row
	if x >= s.w || row < 0 || row >= s.h-2 || i >= len(shown) {
		return nil
	}
	if i == at {
		return m.choose(doRun)
	}
	m.picker.selected, m.scroll = shown[i].named(), 0
	return nil
}
