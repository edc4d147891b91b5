package tui

import (
	"math"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/hangtime-dev/hangtime/report"
	"github.com/hangtime-dev/hangtime/words"
)

// press does what a key asks for. Calls to the run may wait for it, so they are commands, never made here.
func (m *model) press(k tea.KeyPressMsg) tea.Cmd {
	if m.prompt != nil {
		return m.typed(k)
	}
	a, known := m.keys.find(k, m.where())
	if m.help && a != doLeave {
		m.help = false
		return nil
	}
	if !known {
		return nil
	}
	return m.do(a)
}

// do is the one place where actions have their effect, whoever asked: a key, a click, the palette.
func (m *model) do(a action) tea.Cmd {
	switch a {
	case doLeave:
		return m.leave()
	case doHelp:
		m.help = true
	case doPalette:
		m.prompt = &prompt{kind: palettePrompt}
	case doFilter:
		m.prompt = &prompt{kind: filterPrompt, text: m.filter}
		if m.picker != nil {
			m.prompt.text = m.picker.filter
		}
	case doBack:
		m.goBack()
	case doUp, doDown, doPageUp, doPageDown, doTop, doBottom:
		m.move(a)
	case doRun, doQuick, doEdit:
		return m.choose(a)
	case doOpen, doIncident, doVerdict, doVariant, doOrder, doFreeze:
		m.turn(a)
	case doCopy:
		return m.copy()
	case doWrite:
		return m.write()
	case doPlay, doBackward, doForward, doFarBack, doFarOn, doStepBack, doStep, doSpeedUp, doSlowDown, doNext, doPrevious:
		m.wind(a)
	case doKill, doStop, doLock, doFaster, doSlower, doPause:
		return m.harm(a)
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

func call(f func()) tea.Cmd { return func() tea.Msg { f(); return nil } }

func (m *model) goBack() {
	m.scroll = 0
	switch {
	case m.picker != nil:
		m.picker.filter = ""
	case m.page == livePage:
		m.filter, m.back = "", 0
	case m.page == comparePage:
	case m.report != nil && m.report.Over && m.page != verdictPage && !m.stay:
		m.page = verdictPage
	default:
		m.page = livePage
		m.stay = m.report != nil && m.report.Over
	}
}

// move goes through workers, scenarios or lines.
func (m *model) move(a action) {
	by := map[action]int{doUp: -1, doDown: 1, doPageUp: -max(m.h/2, 1), doPageDown: max(m.h/2, 1), doTop: math.MinInt32, doBottom: math.MaxInt32}[a]
	paged := a == doPageUp || a == doPageDown
	switch {
	case m.page == homePage && !paged:
		m.picker.move(by)
		m.scroll = 0
	case m.page == livePage && paged:
		m.back = max(m.back-by, 0)
		if v := m.shown(); v != nil {
			m.back = min(m.back, len(v.Story))
		}
	case m.page == livePage:
		m.selectBy(by)
	default:
		m.scroll = min(max(m.scroll+by, 0), m.lines())
	}
}

// lines is how many lines the page on screen has: one cannot scroll beyond them.
func (m *model) lines() int {
	v := m.shown()
	switch {
	case m.page == homePage:
		shown := m.picker.shown()
		if at := m.picker.current(shown); at >= 0 {
			return strings.Count(shown[at].Text, "\n") + 12
		}
	case m.page == comparePage:
		h := m.h - m.bars()
		return max(len(m.compared.c.Variants[m.compared.variant].Figures)+1-(h-2*comparedChart(h)-2), 0)
	case v == nil:
	case m.page == verdictPage:
		return max(len(m.look.verdictLines(m.report, m.next(), m.w-2))-(m.h-m.bars()-2), 0)
	case m.page == incidentPage:
		for i := range v.Incidents {
			if v.Incidents[i].ID == m.incident {
				return max(len(m.look.incidentLines(m.report, v, &v.Incidents[i], m.w-2))-(m.h-m.bars()-2), 0)
			}
		}
	case m.page == workerPage:
		for i := range v.Workers {
			if w := &v.Workers[i]; w.Place == m.selected {
				now := until(m.report, v)
				return len(m.look.insideLines(v, w, now, m.w/2))
			}
		}
	}
	return 0
}

func (m *model) selectBy(by int) {
	v := m.shown()
	if v == nil {
		return
	}
	shown := m.view(v).shown
	if len(shown) == 0 {
		return
	}
	at := 0
	for i := range shown {
		if shown[i].Place == m.selected {
			at = i
		}
	}
	m.selected = shown[max(min(at+by, len(shown)-1), 0)].Place
}

// turn changes what is looked at.
func (m *model) turn(a action) {
	v := m.shown()
	switch {
	case a == doVariant && m.compared != nil:
		m.compared.variant = (m.compared.variant + 1) % len(m.compared.c.Variants)
		m.scroll = 0
	case v == nil:
	case a == doOpen:
		m.page, m.scroll = workerPage, 0
	case a == doIncident:
		m.openIncident()
	case a == doVerdict:
		m.scroll = 0
		if m.page == verdictPage {
			m.page, m.stay = livePage, m.report.Over
		} else {
			m.page, m.stay = verdictPage, !m.report.Over
		}
	case a == doVariant:
		m.nextVariant()
	case a == doOrder:
		m.order = (m.order + 1) % 3
		m.say("workers %s", m.order)
	case a == doFreeze:
		m.frozen = !m.frozen
	}
}

func (m *model) nextVariant() {
	all := m.report.Variants
	at := slices.IndexFunc(all, func(v reportVariant) bool { return v.Name == m.shown().Name })
	next := (at + 1) % len(all)
	m.variant, m.back, m.scroll = all[next].Name, 0, 0
	if next == len(all)-1 {
		m.variant = "" // the current one, also when another begins
	}
	if len(all) == 1 {
		m.say("only one variant so far")
	}
	if m.page == verdictPage {
		m.page, m.stay = livePage, m.report.Over
	}
}

// openIncident shows the newest one, then those before it.
func (m *model) openIncident() {
	v := m.shown()
	if len(v.Incidents) == 0 && m.report.Over {
		for i := range m.report.Variants {
			if len(m.report.Variants[i].Incidents) > 0 {
				m.variant, v = m.report.Variants[i].Name, &m.report.Variants[i]
			}
		}
	}
	n := len(v.Incidents)
	if n == 0 {
		m.say("no incident so far")
		return
	}
	at := n - 1
	if m.page == incidentPage {
		for i := range v.Incidents {
			if v.Incidents[i].ID == m.incident {
				at = (i + n - 1) % n
			}
		}
	}
	m.page, m.scroll, m.incident = incidentPage, 0, v.Incidents[at].ID
}

func (m *model) choose(a action) tea.Cmd {
	shown := m.picker.shown()
	at := m.picker.current(shown)
	switch {
	case at < 0:
		return nil
	case shown[at].Problem != "" && a != doEdit:
		m.say("%s", shown[at].Problem)
		return nil
	case a == doQuick && shown[at].Quick == 0:
		m.say("%s has no short form", shown[at].Name)
		return nil
	}
	m.picker.choice = Choice{Name: shown[at].Name, Quick: a == doQuick, Edit: a == doEdit}
	if shown[at].File != "" {
		m.picker.choice.Name = shown[at].File
	}
	return tea.Quit
}

// copy puts what is on screen into the clipboard, through the terminal (OSC 52).
func (m *model) copy() tea.Cmd {
	v := m.shown()
	if v == nil {
		return nil
	}
	text := ""
	switch m.page {
	case incidentPage:
		for i := range v.Incidents {
			if v.Incidents[i].ID == m.incident {
				text = incidentMarkdown(m.report, v, &v.Incidents[i])
			}
		}
	case verdictPage:
		var b strings.Builder
		if err := m.report.Markdown(&b); err != nil {
			m.say("%v", err)
			return nil
		}
		text = b.String()
	case workerPage:
		for i := range v.Workers {
			if w := &v.Workers[i]; w.Place == m.selected {
				now := until(m.report, v)
				text = ansiPlain(strings.Join(m.look.insideLines(v, w, now, 120), "\n")) + "\n"
			}
		}
	default:
		_, text = says(m.report, v, math.MaxInt32)
	}
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

// wind moves through a recording.
func (m *model) wind(a action) {
	p := m.player
	if p == nil {
		return
	}
	m.stay = false
	switch a {
	case doPlay:
		p.toggle()
	case doBackward:
		p.move(-second)
	case doForward:
		p.move(second)
	case doFarBack:
		p.move(-10 * second)
	case doFarOn:
		p.move(10 * second)
	case doStepBack:
		p.playing = false
		p.move(-second / 10)
	case doStep:
		p.playing = false
		p.move(second / 10)
	case doSpeedUp:
		p.speed = min(p.speed+1, len(speeds())-1)
	case doSlowDown:
		p.speed = max(p.speed-1, 0)
	case doNext, doPrevious:
		if !p.jump(a == doNext) {
			m.say("no incident in that direction")
		}
	}
	if m.page == incidentPage && (a == doNext || a == doPrevious) {
		m.page = livePage
	}
}

// harm breaks things by hand. It asks for no confirmation: all of it heals, and all of it is in the story.
func (m *model) harm(a action) tea.Cmd {
	v, c := m.shown(), m.controls
	if v == nil || m.report.Over || m.player != nil {
		return nil
	}
	place := m.selected
	if !slices.ContainsFunc(v.Workers, func(w worker) bool { return w.Place == place }) {
		place = 0
	}
	switch {
	case a == doKill && c.Kill != nil && place > 0:
		m.say("kill worker %d", place)
		return call(func() { c.Kill(place) })
	case a == doStop && c.StopCont != nil && place > 0:
		m.say("stop worker %d for a while", place)
		return call(func() { c.StopCont(place) })
	case a == doLock && c.HoldLock != nil:
		m.say("hold the lock of the task log for a while")
		return call(c.HoldLock)
	case (a == doFaster || a == doSlower || a == doPause) && c.SetRate != nil && !m.knowsRate(v):
		m.say("the load begins: its rate is not known yet")
	case a == doFaster && c.SetRate != nil:
		return m.setRate(max(math.Ceil(m.wanted()*1.25), 1))
	case a == doSlower && c.SetRate != nil:
		return m.setRate(max(math.Floor(m.wanted()/1.25), 1))
	case a == doPause && c.SetRate != nil:
		if m.rate > 0 {
			return m.setRate(m.rate)
		}
		was := max(m.wanted(), 1)
		cmd := m.setRate(0)
		m.rate = was
		return cmd
	}
	return nil
}

// measured is how long it takes until a rate that was set is seen in the report: it shows the last second.
const measured = 2 * time.Second

// knowsRate says whether wanted has something to go by: a rate that was set by hand, or a load that has gone on for long enough to be measured.
func (m *model) knowsRate(v *report.Variant) bool {
	return m.rate > 0 || m.set > 0 && time.Since(m.setAt) < measured || v.LoadFrom >= 0 && until(m.report, v)-v.LoadFrom >= measured
}

// wanted is the rate that the load is to have, or had before a pause.
func (m *model) wanted() float64 {
	switch {
	case m.rate > 0:
		return m.rate
	case m.set > 0 && time.Since(m.setAt) < measured:
		return m.set
	}
	return math.Round(m.shown().Load.Offered)
}

func (m *model) setRate(to float64) tea.Cmd {
	m.rate, m.set, m.setAt = 0, to, time.Now()
	if to == 0 {
		m.say("load paused; %s goes on", m.keys.get(doPause).Help().Key)
	} else {
		m.say("load set to %.0f/s", to)
	}
	set := m.controls.SetRate
	return call(func() { set(to) })
}
