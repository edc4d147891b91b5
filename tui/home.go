package tui

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/hangtime-dev/hangtime/words"
)

// homeScreen is what can be run, and what is selected of it.
type homeScreen struct {
	page
	list picker
}

func (s *homeScreen) head(w int) string {
	l := s.look
	return l.fit(" "+l.in(title, "hangtime")+"  "+
		l.in(dim, "find out why a multi-worker server hangs: watch one of yours, or pick what to break"), w)
}

func (s *homeScreen) draw(w, h int) string { return homeView{s.look}.homePage(&s.list, s.from, w, h) }

func (s *homeScreen) place() place { return onHome }

func (s *homeScreen) hints() []hint {
	return append([]hint{{actions: []action{doUp, doDown}, does: "move"}},
		hints(doRun, doQuick, doEdit, doFilter, doPalette)...)
}

// do moves through the scenarios; by pages through the text of the selected one.
func (s *homeScreen) do(a action) (tea.Cmd, bool) {
	by, moves := step(a, s.h)
	switch {
	case a == doPageUp || a == doPageDown:
		last := 0
		shown := s.list.shown()
		if at := s.list.current(shown); at >= 0 {
			last = strings.Count(shown[at].Text, "\n") + 12
		}
		s.turn(a, last)
	case moves:
		s.list.move(by)
		s.from = 0
	case a == doBack:
		s.refilter("")
	case a == doRun || a == doQuick || a == doEdit:
		return s.choose(a), true
	default:
		return nil, false
	}
	return nil, true
}

func (s *homeScreen) copy() string { return "" }

func (s *homeScreen) filtered() string { return s.list.filter }

func (s *homeScreen) refilter(text string) { s.list.filter = text }

// choose leaves with what is selected, where it can be run so.
func (s *homeScreen) choose(a action) tea.Cmd {
	shown := s.list.shown()
	at := s.list.current(shown)
	switch {
	case at < 0:
		return nil
	case shown[at].Problem != "" && a != doEdit:
		s.say("%s", shown[at].Problem)
		return nil
	case shown[at].Server != 0 && a == doEdit:
		s.say("%s is no scenario: enter watches it", shown[at].Name)
		return nil
	case a == doQuick && shown[at].Quick == 0 && shown[at].Server == 0:
		s.say("%s has no short form", shown[at].Name)
		return nil
	}
	s.list.choice = Choice{Name: shown[at].Name, Quick: a == doQuick, Edit: a == doEdit, Server: shown[at].Server}
	if shown[at].File != "" {
		s.list.choice.Name = shown[at].File
	}
	return tea.Quit
}

// click selects the scenario that is drawn there; the selected one is run.
func (s *homeScreen) click(x, y int) tea.Cmd {
	shown := s.list.shown()
	at := s.list.current(shown)
	high := s.list.shape(shown, at, s.w, s.rows())
	row := y - 2 // header and frame
	line := high.from + row
	if x >= high.w || row < 0 || row >= high.h-2 || line >= len(high.lines) || high.lines[line].at < 0 {
		return nil
	}
	i := high.lines[line].at
	if i == at {
		return s.choose(doRun)
	}
	s.list.selected, s.from = shown[i].named(), 0
	return nil
}

// A homeView draws the list of scenarios and what the chosen one is.
type homeView struct{ *look }

// homePage is the list on the left and what is selected on the right; on a narrow terminal below it.
func (l homeView) homePage(p *picker, scroll, w, h int) string {
	shown := p.shown()
	at := p.current(shown)
	note := fmt.Sprintf("%d of %d", len(shown), len(p.all))
	if p.filter != "" {
		note = "/" + p.filter + "  " + note
	}
	s := p.shape(shown, at, w, h)
	names := min(nameWidth(p.all, w-2), nameWidth(p.all, s.w-2))
	var body []string
	for _, line := range s.lines[s.from:min(len(s.lines), s.from+max(s.h-2, 0))] {
		if line.at < 0 {
			body = append(body, " "+l.in(title, l.text(line.heading)))
			continue
		}
		body = append(body, l.homeRow(&shown[line.at], line.at == at, names, s.w-2))
	}
	if len(shown) == 0 {
		body = []string{l.in(dim, " none matches; esc shows all")}
	}
	list := l.box("scenarios", l.in(dim, note), body, s.w, s.h)
	preview := func(w, h int) string {
		if at < 0 {
			return l.box("", "", nil, w, h)
		}
		return l.scrolled(shown[at].Name, l.previewLines(&shown[at], w-3), scroll, w, h)
	}
	if s.wide {
		return beside(list, preview(w-s.w, h))
	}
	return list + "\n" + preview(w, h-s.h)
}

func (l homeView) homeRow(s *Scenario, selected bool, names, w int) string {
	mark := "  "
	if selected {
		mark = l.in(accent, l.glyphs.cursor) + " "
	}
	last := pad(l.in(dim, "-"), 9)
	switch {
	case s.Server != 0:
		last = pad(l.in(good, l.glyphs.bullet+" runs"), 9)
	case s.Problem != "":
		last = pad(l.in(bad, l.glyphs.no+" broken"), 9)
	case s.Last != "":
		last = pad(l.outcome(s.Last), 9)
	}
	name := l.fit(l.text(s.Name), names)
	if selected {
		name = l.in(title, name)
	}
	if w-beforeTitle-names-1 < leastTitle {
		return mark + last + " " + name
	}
	return mark + last + " " + name + " " + l.in(dim, l.text(s.Title))
}

func (l homeView) previewLines(s *Scenario, w int) []string {
	var lines []string
	paragraph := func(r role, text string) { lines = append(lines, l.paragraph(r, text, 1, w)...) }
	paragraph(title, s.Title)
	if s.Problem != "" {
		paragraph(bad, s.Problem)
	}
	if s.Watch != "" {
		paragraph(plain, "watch: "+s.Watch)
	}
	if s.Guide != "" {
		paragraph(dim, "the guide: "+s.Guide)
	}
	for _, v := range s.Variants {
		paragraph(plain, l.glyphs.into+" "+v)
	}
	if s.Server != 0 {
		return append(append(lines, ""), l.textLines(s.Text)...)
	}
	takes := "takes about " + words.Short(s.Takes)
	if s.Quick > 0 {
		takes += ", " + words.Short(s.Quick) + " in its short form"
	}
	if s.Last == "" {
		takes += "; not run yet"
	} else {
		takes += fmt.Sprintf("; last verdict: %s, %s", s.Last, s.LastAt)
	}
	paragraph(dim, takes)
	return append(append(lines, ""), l.textLines(s.Text)...)
}

func (l homeView) textLines(text string) (lines []string) {
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		lines = append(lines, " "+l.yaml(line))
	}
	return lines
}

// yaml colours keys and comments of one line.
func (l homeView) yaml(line string) string {
	line = l.text(line)
	trimmed := strings.TrimSpace(line)
	if strings.HasPrefix(trimmed, "#") {
		return l.in(dim, line)
	}
	indent := len(line) - len(strings.TrimLeft(line, " -"))
	name, rest, ok := strings.Cut(line[indent:], ":")
	if !ok || strings.ContainsAny(name, " \"'{[") {
		return line
	}
	return line[:indent] + l.in(accent, name) + ":" + rest
}
