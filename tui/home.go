package tui

import (
	"fmt"
	"strings"
	"time"

	"github.com/hangtime-dev/hangtime/verdict"
	"github.com/hangtime-dev/hangtime/words"
)

// A Scenario is one line of the picker.
type Scenario struct {
	Name     string
	File     string // empty: built in
	Title    string
	Watch    string
	Guide    string
	Variants []string // "shared: expect hang"
	Takes    time.Duration
	Quick    time.Duration // 0: it has no short form
	Text     string        // the file
	Problem  string        // why it cannot be run; empty: it can
	Last     verdict.Outcome
	LastAt   string // when that was, in words
}

// A Choice is what a person picked; the zero Choice: to leave.
type Choice struct {
	Name  string // or the file of one's own
	Quick bool
	Edit  bool // not to run it, but to change a copy of it
}

// A picker is the state of the home screen.
type picker struct {
	all      []Scenario
	selected named
	filter   string
	choice   Choice
}

// named is what tells scenarios apart: a file of one's own may have the name of a built-in one.
type named struct{ name, file string }

func (s *Scenario) named() named { return named{s.Name, s.File} }

func (p *picker) shown() []Scenario {
	var out []Scenario
	for _, s := range p.all {
		if matches(p.filter, s.Name, s.Title, s.Guide, strings.Join(s.Variants, " "), string(s.Last)) {
			out = append(out, s)
		}
	}
	return out
}

// current is the index of the selected one among those shown; -1 where none is.
func (p *picker) current(shown []Scenario) int {
	for i := range shown {
		if shown[i].named() == p.selected {
			return i
		}
	}
	return min(0, len(shown)-1)
}

func (p *picker) move(by int) {
	shown := p.shown()
	if i := p.current(shown); i >= 0 {
		p.selected = shown[max(min(i+by, len(shown)-1), 0)].named()
	}
}

// homeShape is where the list stands on the page, frame included, and which scenario is its first row; clicks need it too.
type homeShape struct {
	w, h int
	from int
	wide bool // the preview is beside it, not below
}

func (p *picker) shape(shown []Scenario, at, w, h int) homeShape {
	s := homeShape{w: w, wide: w >= 100}
	if s.wide {
		s.w, s.h = max(min(w*9/20, 96), 50), h
		if names := nameWidth(p.all, w-2); beforeTitle+names+1+leastTitle+2 > s.w {
			s.w = beforeTitle + names + 3
		}
	} else {
		s.h = max(min(len(shown)+2, h/2), 5)
	}
	rows := s.h - 2
	s.from = min(max(at-rows/2, 0), max(len(shown)-rows, 0))
	return s
}

// homePage is the list on the left and what is selected on the right; on a narrow terminal below it.
func (l *look) homePage(p *picker, scroll, w, h int) string {
	shown := p.shown()
	at := p.current(shown)
	note := fmt.Sprintf("%d of %d", len(shown), len(p.all))
	if p.filter != "" {
		note = "/" + p.filter + "  " + note
	}
	s := p.shape(shown, at, w, h)
	names := min(nameWidth(p.all, w-2), nameWidth(p.all, s.w-2))
	var body []string
	for i := s.from; i < len(shown) && i < s.from+s.h-2; i++ {
		body = append(body, l.homeRow(&shown[i], i == at, names, s.w-2))
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

// beforeTitle is what mark and verdict take in a row of the list, and leastTitle the room below which a title is left to the preview: a few letters of it say nothing.
const (
	beforeTitle = 2 + 9 + 1
	leastTitle  = 20
)

func (l *look) homeRow(s *Scenario, selected bool, names, w int) string {
	mark := "  "
	if selected {
		mark = l.in(accent, l.glyphs.cursor) + " "
	}
	last := pad(l.in(dim, "-"), 9)
	switch {
	case s.Problem != "":
		last = pad(l.in(bad, l.glyphs.no+" broken"), 9)
	case s.Last != "":
		last = pad(l.outcome(s.Last), 9)
	}
	name := l.fit(s.Name, names)
	if selected {
		name = l.in(title, name)
	}
	if w-beforeTitle-names-1 < leastTitle {
		return mark + last + " " + name
	}
	return mark + last + " " + name + " " + l.in(dim, l.ascii(s.Title))
}

// nameWidth is how wide the names are: as the longest, and not so wide that nothing of the titles is seen.
func nameWidth(all []Scenario, w int) int {
	longest := 0
	for i := range all {
		longest = max(longest, textWidth(all[i].Name))
	}
	return min(longest, max(w*3/5, 12))
}

func (l *look) previewLines(s *Scenario, w int) []string {
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
	lines = append(lines, "")
	for line := range strings.SplitSeq(strings.TrimRight(s.Text, "\n"), "\n") {
		lines = append(lines, " "+l.yaml(line))
	}
	return lines
}

// yaml colours keys and comments of one line.
func (l *look) yaml(line string) string {
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
