package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/hangtime-dev/hangtime/words"
)

// saidMsg is what a command has to say when it is done.
type saidMsg string

// do is the one place where actions have their effect, whoever asked: a key, a click, the palette.
func (m *model) do(a action) tea.Cmd {
	if cmd, done := m.on.do(a); done {
		return cmd
	}
	for _, o := range openings() {
		if o.key.action == a {
			m.complain(m.open(o, ""))
			return nil
		}
	}
	switch a {
	case doLeave:
		return m.leave()
	case doHelp:
		m.openHelp("")
	case doPalette:
		m.openFinder()
	case doFilter:
		if f, ok := m.on.(filterer); ok {
			m.prompt = &prompt{text: f.filtered()}
		}
	case doVariant:
		m.nextVariant()
	case doFreeze:
		m.frozen = !m.frozen
	case doCopy:
		return m.clip()
	case doWrite:
		return m.write()
	case doPlay, doBackward, doForward, doFarBack, doFarOn, doStepBack, doStep, doSpeedUp, doSlowDown, doNext, doPrevious:
		m.wind(a)
	case doKill, doStop, doLock:
		m.harm(a)
	case doFaster, doSlower, doPause:
		return m.turnLoad(a)
	}
	return nil
}

// leave ends the run first and waits until it is over; asked again, or with nothing to wait for, it goes at once.
func (m *model) leave() tea.Cmd {
	if m.leaving || m.report == nil || m.report.Over || m.controls.Stop == nil {
		return tea.Quit
	}
	m.leaving, m.frozen = true, false
	return call(m.controls.Stop)
}

// clipped is what of the screen goes into the clipboard. It may be pasted into a terminal: it is printable, too.
func (m *model) clipped() string { return words.PrintableLines(m.on.copy()) }

// clip puts what is on screen into the clipboard, through the terminal (OSC 52).
func (m *model) clip() tea.Cmd {
	if m.shown() == nil {
		return nil
	}
	text := m.clipped()
	m.say("copied %s to the clipboard, if the terminal allows it", words.Count(strings.Count(text, "\n")+1, "line"))
	return tea.SetClipboard(text)
}

func (m *model) write() tea.Cmd {
	r := m.report
	if r == nil || m.options.Write == nil {
		return nil
	}
	return func() tea.Msg {
		path, err := m.options.Write(r)
		if err != nil {
			return saidMsg("not written: " + err.Error())
		}
		return saidMsg("written: " + path)
	}
}
