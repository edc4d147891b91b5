package tui

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/hangtime-dev/hangtime/verdict"
	"github.com/hangtime-dev/hangtime/words"
)

// A Scenario is one line of the picker.
type Scenario struct {
	Group    string // the heading under which it stands; empty: none
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
	Server   int    // pid of a server to be watched, which is no scenario; 0: it is one
}

// ToWatch is a server of this machine that can be watched: it stands among the scenarios.
func ToWatch(pid int, command, address string, children int) Scenario {
	title := fmt.Sprintf("pid %d, %s", pid, command)
	if children > 0 {
		title = fmt.Sprintf("pid %d with %s, %s", pid, words.Count(children, "child process"), command)
	}
	name := address
	if _, port, err := net.SplitHostPort(address); err == nil {
		name = ":" + port
	}
	return Scenario{
		Group: "servers of this machine", Name: "watch " + name, Title: title, Server: pid,
		Watch: "Which worker hangs, since when and why; nothing is sent to it and nothing changed.",
		Text:  fmt.Sprintf("# the same without this list\nhangtime watch --pid %d\n# one look, for a terminal or a script\nhangtime diagnose %d\n", pid, pid),
	}
}

// A Choice is what a person picked; the zero Choice: to leave.
type Choice struct {
	Name  string // or the file of one's own
	Quick bool
	Edit  bool // not to run it, but to change a copy of it
	// Server is the pid of a server that is to be watched; 0: a scenario is meant.
	Server int
	// Variant is the only one that is to be run; empty: all of them.
	Variant string
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
		if matches(p.filter, s.Group, s.Name, s.Title, s.Guide, strings.Join(s.Variants, " "), string(s.Last)) {
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

// homeShape is where the list stands on the page, frame included, which line is its first row, and whether the preview is
// beside it and not below; clicks need it too.
type homeShape struct {
	w, h  int
	from  int // the first of lines that is drawn
	wide  bool
	lines []homeLine
}

// A homeLine is a scenario of the list, or the heading of a group.
type homeLine struct {
	heading string
	at      int // of those shown; -1: it is a heading
}

func linesOf(shown []Scenario) (lines []homeLine) {
	group := ""
	for i := range shown {
		if shown[i].Group != group {
			group = shown[i].Group
			lines = append(lines, homeLine{heading: group, at: -1})
		}
		lines = append(lines, homeLine{at: i})
	}
	return lines
}

func (p *picker) shape(shown []Scenario, at, w, h int) homeShape {
	s := homeShape{w: w, wide: w >= 100, lines: linesOf(shown)}
	if s.wide {
		s.w, s.h = max(min(w*9/20, 96), 50), h
		if names := nameWidth(p.all, w-2); beforeTitle+names+1+leastTitle+2 > s.w {
			s.w = beforeTitle + names + 3
		}
	} else {
		s.h = max(min(len(s.lines)+2, h/2), 5)
	}
	rows := s.h - 2
	line := slices.IndexFunc(s.lines, func(l homeLine) bool { return l.at == at })
	s.from = min(max(line-rows/2, 0), max(len(s.lines)-rows, 0))
	return s
}

// beforeTitle is what mark and verdict take in a row of the list, and leastTitle the room below which a title is left
// to the preview: a few letters of it say nothing.
const (
	beforeTitle = 2 + 9 + 1
	leastTitle  = 20
)

// nameWidth is how wide the names are: as the longest, and not so wide that nothing of the titles is seen.
func nameWidth(all []Scenario, w int) int {
	longest := 0
	for i := range all {
		longest = max(longest, textWidth(all[i].Name))
	}
	return min(longest, max(w*3/5, 12))
}
