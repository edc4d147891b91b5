package tui

import (
	"fmt"
	"strings"
	"time"

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
	verdictPage
	homePage
	comparePage
	pageCount
)

// A model is all state of the screen: what is looked at, never what is seen, which is in the report.
type model struct {
	source   Source
	controls Controls
	options  Options
	keys     keys
	look     *look
	player   *player     // nil: nothing is replayed
	picker   *picker     // nil: not at home
	compared *comparison // nil: nothing is compared

	report    *report.Report // the one on screen
	w, h      int
	page      page
	help      bool
	prompt    *prompt // nil: no line is typed
	frozen    bool    // the screen stays as it is while the run goes on
	stay      bool    // a person chose to look at something else than the verdict
	variant   string  // that is looked at; empty: the current one
	selected  int     // place in the worker table
	filter    string
	order     order
	back      int // in the story
	incident  int // id in the variant
	scroll    int
	spots     []spot // of the key line as last drawn
	scrubbing bool   // the mouse holds the bar of the tape
	drawn     string // the frame as last drawn
	fresh     bool   // drawn is still what a frame would be

	dark    bool
	profile colorprofile.Profile
	rate    float64 // what the load goes back to after a pause; 0: it was not paused here
	set     float64 // what the load was last set to here, at setAt
	setAt   time.Time
	said    string // answer to the last key
	saidAt  time.Time
	leaving bool // the run was asked to end, the screen waits for it
}

func newModel(source Source, controls Controls, options Options) (*model, error) {
	if options.Refresh <= 0 {
		options.Refresh = 100 * time.Millisecond
	}
	m := &model{source: source, controls: controls, options: options, keys: newKeys(), dark: true, profile: colorprofile.TrueColor, selected: 1}
	if err := m.keys.rebind(options.Keys); err != nil {
		return nil, err
	}
	m.keys.enable(controls.Kill != nil, doKill)
	m.keys.enable(controls.StopCont != nil, doStop)
	m.keys.enable(controls.HoldLock != nil, doLock)
	m.keys.enable(controls.SetRate != nil, doFaster, doSlower, doPause)
	m.keys.enable(options.Write != nil, doWrite)
	if err := m.relook(); err != nil {
		return nil, err
	}
	return m, nil
}

// relook chooses the look for what is known of the terminal.
func (m *model) relook() error {
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
	l, err := newLook(theme, m.options.ASCII)
	if err != nil {
		return err
	}
	m.look = l
	return nil
}

type tickMsg time.Time

// saidMsg is what a command has to say when it is done.
type saidMsg string

func (m *model) tick() tea.Cmd {
	return tea.Tick(m.options.Refresh, func(t time.Time) tea.Msg { return tickMsg(t) })
}

func (m *model) Init() tea.Cmd { return tea.Batch(m.tick(), tea.RequestBackgroundColor) }

func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	if now, ok := msg.(tickMsg); ok {
		was := m.onScreen()
		next := tea.Batch(m.refresh(time.Time(now)), m.tick())
		m.fresh = m.fresh && m.onScreen() == was && m.said == ""
		return m, next
	}
	m.fresh = false
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.w, m.h = msg.Width, msg.Height
	case tea.BackgroundColorMsg:
		m.dark = msg.IsDark()
		return m, m.complain(m.relook())
	case tea.ColorProfileMsg:
		m.profile = msg.Profile
		return m, m.complain(m.relook())
	case saidMsg:
		m.say("%s", string(msg))
	case tea.KeyPressMsg:
		return m, m.press(msg)
	case tea.MouseMsg:
		return m, m.mouse(msg)
	}
	return m, nil
}

func (m *model) complain(err error) tea.Cmd {
	if err != nil {
		m.say("%v", err)
	}
	return nil
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
	case newest.Over && !wasOver && !m.stay && m.page == livePage:
		m.page, m.scroll, m.help = verdictPage, 0, false
	case !newest.Over && m.page == verdictPage && !m.stay:
		m.page = livePage
	}
	return nil
}

// shown is the variant that is looked at; nil before the first.
func (m *model) shown() *report.Variant {
	if m.report == nil {
		return nil
	}
	for i := range m.report.Variants {
		if m.report.Variants[i].Name == m.variant {
			return &m.report.Variants[i]
		}
	}
	return m.report.Current()
}

// view is what of the variant is shown on the live screen.
func (m *model) view(v *report.Variant) liveView {
	rows := share(m.h-m.bars()-1, len(v.Workers)).workers - 3
	return liveView{shown: pick(v.Workers, m.filter, m.order, rows), selected: m.selected, filter: m.filter, order: m.order, back: m.back}
}

// bars is how many rows header, tape and key line take.
func (m *model) bars() int {
	if m.player != nil {
		return 3
	}
	return 2
}

// where are the places that the screen is, for keys.
func (m *model) where() place {
	switch m.page {
	case homePage:
		return onHome
	case comparePage:
		return onPage
	}
	at := onPage
	if m.page == livePage {
		at = onLive
	}
	switch {
	case m.player != nil:
		at |= onTape
	case m.report != nil && !m.report.Over && m.page != verdictPage:
		at |= onRun
	}
	return at
}

func (m *model) say(format string, args ...any) {
	m.said, m.saidAt = fmt.Sprintf(format, args...), time.Now()
}

// frame draws the whole screen, exactly w × h.
func (m *model) frame() string {
	w, h, l := m.w, m.h, m.look
	if w <= 0 || h <= 0 {
		return ""
	}
	if w < leastWidth || h < leastHeight {
		return l.screen(m.tiny(), w, h)
	}
	parts := make([]string, 0, 4)
	switch {
	case m.page == homePage || m.page == comparePage:
		parts = append(parts, m.bannerLine(w))
	case m.report == nil:
		parts = append(parts, l.fit(" "+l.in(title, "hangtime")+"  "+l.in(dim, "starting"), w))
	default:
		parts = append(parts, l.header(m.report, m.shown(), w))
	}
	parts = append(parts, m.middle(w, h-m.bars()))
	if m.player != nil {
		parts = append(parts, l.tapeLine(m.player, w))
	}
	// Each part is made as wide as the screen, and together they are as high: nothing need be measured again.
	return strings.Join(append(parts, m.bottom(w)), "\n")
}

// tiny says the one thing that matters where there is no room for more.
func (m *model) tiny() string {
	text := fmt.Sprintf("want %dx%d", leastWidth, leastHeight)
	if v := m.shown(); v != nil {
		return ansiPlain(m.look.condition(m.report, v)) + "\n" + text + "\nq ends"
	}
	return "hangtime\n" + text + "\nq ends"
}

func (m *model) bannerLine(w int) string {
	l := m.look
	text := " " + l.in(title, "hangtime")
	if m.page == homePage {
		text += "  " + l.in(dim, "find out why a multi-worker server hangs: pick what to break")
	} else {
		text += "  " + l.in(dim, "compare "+m.compared.c.Names[0]+" with "+m.compared.c.Names[1])
	}
	return l.fit(text, w)
}

func (m *model) middle(w, h int) string {
	l := m.look
	if m.help {
		return l.helpPage(m.keys, m.where(), w, h)
	}
	switch m.page {
	case homePage:
		return l.homePage(m.picker, m.scroll, w, h)
	case comparePage:
		return l.comparePage(m.compared, m.scroll, w, h)
	}
	r, v := m.report, m.shown()
	if v == nil {
		return l.box("hangtime", "", []string{" starting"}, w, h)
	}
	switch m.page {
	case verdictPage:
		return l.scrolled("verdict", l.verdictLines(r, m.next(), w-2), m.scroll, w, h)
	case workerPage:
		for i := range v.Workers {
			if v.Workers[i].Place == m.selected {
				return l.workerPage(r, v, &v.Workers[i], m.scroll, w, h)
			}
		}
	case incidentPage:
		for i := range v.Incidents {
			if v.Incidents[i].ID == m.incident {
				return l.scrolled(fmt.Sprintf("incident %d of %d", i+1, len(v.Incidents)), l.incidentLines(r, v, &v.Incidents[i], w-2), m.scroll, w, h)
			}
		}
	}
	return l.live(r, v, m.view(v), w, h)
}

// next is what a person may want to do after the verdict.
func (m *model) next() []string {
	l, k := m.look, m.keys
	press := func(a action) string { return l.in(keycap, k.get(a).Help().Key) }
	lines := []string{press(doVerdict) + " looks at the run again, " + press(doVariant) + " changes the variant, " + press(doIncident) + " opens an incident"}
	if m.options.Write != nil {
		lines = append(lines, press(doWrite)+" writes this as a page (HTML) and as Markdown, "+press(doCopy)+" copies it")
	}
	if m.options.Recording != "" {
		lines = append(lines, l.in(accent, "hangtime replay "+m.options.Recording)+"  shows it again, step by step")
	} else if m.player == nil {
		lines = append(lines, l.in(accent, "hangtime run "+m.report.Header.Scenario+" --out DIR")+"  keeps a recording, to replay and to compare")
	}
	lines = append(lines, l.in(accent, "hangtime scenarios show "+m.report.Header.Scenario+" > mine.yaml")+"  to start your own from")
	return lines
}

// bottom is the key line; for two seconds the answer to the last key stands there, and what is typed while something is.
func (m *model) bottom(w int) string {
	l := m.look
	m.spots = nil
	if time.Since(m.saidAt) >= 2*time.Second {
		m.said = ""
	}
	switch {
	case m.prompt != nil:
		return l.promptLine(m.prompt, m.suggestions(), w)
	case m.said != "":
		return l.fit(" "+l.in(accent, l.ascii(m.said)), w)
	}
	note := ""
	switch {
	case m.leaving:
		note = l.in(warn, "ending: faults are healed, the server is stopped")
	case m.frozen:
		note = l.in(alarm, " FROZEN ")
	}
	if note != "" {
		note += "  "
	}
	line, spots := l.keyLine(m.keys, w-len([]rune(ansiPlain(note))), m.hints())
	m.spots = spots
	if note != "" {
		m.spots = nil
	}
	return l.fit(note+line, w)
}

func (m *model) hints() []hint {
	end := hints(doHelp, doLeave)
	move := hint{actions: []action{doUp, doDown}, does: "move"}
	var all []hint
	switch {
	case m.help:
		all = nil
	case m.page == homePage:
		all = append([]hint{move}, hints(doRun, doQuick, doEdit, doFilter, doPalette)...)
	case m.page == comparePage:
		all = append([]hint{move}, hints(doVariant)...)
	case m.page == verdictPage:
		move.does = "scroll"
		all = append([]hint{move}, hints(doVerdict, doVariant, doIncident, doCopy, doWrite)...)
	case m.page != livePage:
		move.does = "scroll"
		all = append(hints(doBack), append([]hint{move}, hints(doCopy, doVerdict)...)...)
	default:
		move.does = "worker"
		all = append([]hint{move}, hints(doOpen, doIncident)...)
	}
	switch {
	case m.help || m.page == homePage || m.page == comparePage:
	case m.player != nil:
		all = append(all, hint{actions: []action{doPlay}, does: "play"}, hint{actions: []action{doBackward, doForward}, does: "seek"}, hint{actions: []action{doNext}, does: "next incident"},
			hint{actions: []action{doSlowDown, doSpeedUp}, does: "speed"}, hint{actions: []action{doStepBack, doStep}, does: "step"})
	case m.where()&onRun != 0:
		all = append(all, hint{actions: []action{doKill}}, hint{actions: []action{doStop}}, hint{actions: []action{doLock}},
			hint{actions: []action{doFaster, doSlower}, does: "rate"}, hint{actions: []action{doPause}}, hint{actions: []action{doFreeze}})
	}
	if m.page == livePage && !m.help {
		all = append(all, hints(doVariant, doFilter, doPalette)...)
	}
	return append(all, end...)
}
