package tui

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
)

// A finder is the palette: it finds everything that can be done or looked at, by a few letters of it.
type finder struct {
	open   bool
	query  string
	all    []entry // what there is, the most likely first
	found  []found // of these, what the query may mean, the best first
	at     int     // the chosen one of found
	from   int     // the first one that is visible
	recent []string
}

// mostRecent is how many of the last choices are remembered while the program runs.
const mostRecent = 8

// openFinder lists what there is here.
func (m *model) openFinder() {
	m.finder.open = true
	m.finder.query = ""
	m.search()
}

// search finds anew, when something was typed.
func (m *model) search() {
	p := &m.finder
	p.all = m.entries(p.recent)
	p.found, p.at, p.from = rankEntries(p.all, p.query), 0, 0
	begins := func(f found) bool {
		return strings.HasPrefix(strings.ToLower(f.name), strings.ToLower(strings.TrimSpace(p.query)))
	}
	if one, ok := m.typedEntry(p.query); ok && !slices.ContainsFunc(p.found, begins) {
		p.found = slices.Insert(p.found, 0, found{entry: one})
	}
}

// move chooses another one; at the ends it stays.
func (p *finder) move(by int) {
	p.at = max(min(p.at+by, len(p.found)-1), 0)
}

// scroll keeps the chosen one among so many visible rows.
func (p *finder) scroll(rows int) {
	p.from = min(max(p.from, p.at-rows+1), p.at)
	p.from = max(min(p.from, len(p.found)-rows), 0)
}

// choose does what is chosen; what wants a word more gets it typed.
func (m *model) choose() tea.Cmd {
	p := &m.finder
	if len(p.found) == 0 {
		m.finder.open = false
		if text := strings.TrimSpace(p.query); text != "" {
			m.say("%q matches nothing here; : alone lists everything", text)
		}
		return nil
	}
	one := p.found[p.at].entry
	if one.run == nil {
		p.query = one.fill
		m.search()
		return nil
	}
	m.finder.open = false
	p.recent = slices.DeleteFunc(p.recent, func(name string) bool { return name == one.name })
	p.recent = slices.Insert(p.recent, 0, one.name)
	p.recent = p.recent[:min(len(p.recent), mostRecent)]
	return one.run()
}

// typedInFinder takes a key while the palette is open.
func (m *model) typedInFinder(k tea.KeyPressMsg) tea.Cmd {
	p := &m.finder
	switch k.String() {
	case "esc", "ctrl+c":
		m.finder.open = false
	case "enter":
		return m.choose()
	case "up", "ctrl+p":
		p.move(-1)
	case "down", "ctrl+n":
		p.move(1)
	case "pgup":
		p.move(-m.finderShape().rows())
	case "pgdown":
		p.move(m.finderShape().rows())
	case "home":
		p.move(-len(p.found))
	case "end":
		p.move(len(p.found))
	case "tab":
		if len(p.found) > 0 {
			one := p.found[p.at].entry
			if p.query = one.name; one.fill != "" {
				p.query = one.fill
			}
			m.search()
		}
	case "backspace":
		if p.query == "" {
			m.finder.open = false
			return nil
		}
		r := []rune(p.query)
		p.query = string(r[:len(r)-1])
		m.search()
	case "ctrl+u":
		p.query = ""
		m.search()
	case "ctrl+w":
		p.query = p.query[:strings.LastIndex(strings.TrimRight(p.query, " "), " ")+1]
		m.search()
	default:
		if k.Text != "" {
			p.query += k.Text
			m.search()
		}
	}
	return nil
}

// clickFinder does what is clicked; a click beside the palette closes it.
func (m *model) clickFinder(x, y int) tea.Cmd {
	shape := m.finderShape()
	row := y - shape.y - 2 // the frame, and the line that is typed
	switch {
	case x < shape.x || x >= shape.x+shape.w || y < shape.y || y >= shape.y+shape.h:
		m.finder.open = false
	case row >= 0 && row < shape.rows() && m.finder.from+row < len(m.finder.found):
		m.finder.at = m.finder.from + row
		return m.choose()
	}
	return nil
}
