package tui

import (
	"slices"
	"strings"
)

// A help is the page of keys, marks and words, while it lies over the screen.
type help struct {
	open bool
	from int // the first line that is visible
}

// openHelp shows it, from a word of the glossary on or from its beginning.
func (m *model) openHelp(word string) {
	m.help = help{open: true}
	if word == "" {
		return
	}
	lines := m.look.helpLines(m.keys, m.on.place(), m.w-2)
	m.help.from = max(slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(ansiPlain(line), " "+word+" ") }), 0)
}

// turnHelp scrolls it; any other key leads back.
func (m *model) turnHelp(a action) {
	by, ok := step(a, m.h)
	if !ok {
		m.help.open = false
		return
	}
	last := len(m.look.helpLines(m.keys, m.on.place(), m.w-2)) - (m.h - m.bars() - 2)
	m.help.from = max(min(m.help.from+by, last), 0)
}

// helpPage draws as much of it as fits.
func (l *look) helpPage(lines []string, from, w, h int) string {
	rows := max(h-2, 0)
	from = max(min(from, len(lines)-rows), 0)
	note := "any other key goes back"
	if len(lines) > rows {
		note = l.text("↑/↓") + " scroll, " + note
	}
	return l.box("help", l.in(dim, note), lines[from:min(from+rows, len(lines))], w, h)
}

// helpLines are every key that means something here with what it does, in as many columns as fit, what the mouse does, and
// what marks and words mean.
func (l *look) helpLines(k keys, where place, w int) []string {
	var names, does []string
	widest := 0
	for i := range k {
		if k[i].where&where == 0 || !k[i].binding.Enabled() {
			continue
		}
		name := l.text(strings.Join(k[i].binding.Keys(), " "))
		names, does = append(names, name), append(does, k[i].binding.Help().Desc)
		widest = max(widest, textWidth(name))
	}
	columns := max(w/(widest+19), 1)
	per := (len(names) + columns - 1) / columns
	lines := []string{" " + l.in(title, "keys")}
	for i := range per {
		row := ""
		for c := range columns {
			if j := c*per + i; j < len(names) {
				row += l.fit(" "+l.in(keycap, pad(names[j], widest))+"  "+does[j], w/columns)
			}
		}
		lines = append(lines, row)
	}
	lines = append(lines, "", " "+l.in(title, "mouse"))
	lines = append(lines, l.defined(mouseTerms(where), w)...)
	lines = append(lines, "", " "+l.in(title, "states")+l.in(dim, "  as in a worker's lane"))
	for i := range states {
		row := &states[i]
		lines = append(lines, " "+l.in(row.role, l.either(row.lane)+"  "+pad(string(row.state), 9))+l.in(dim, row.says))
	}
	lines = append(lines, "", " "+l.in(title, "words"))
	return append(lines, l.defined(glossary, w)...)
}

// mouseTerms are what the mouse does on a screen.
func mouseTerms(where place) []term {
	all := []term{{"click", "on a row selects it, on the selected row opens it, on the last line is the key that stands there"},
		{"wheel", "moves through the rows, or scrolls what is longer than its pane"}}
	if where&onHome != 0 {
		all[0].says = "on a scenario selects it, on the selected one runs it, on the last line is the key that stands there"
	}
	if where&onTape != 0 {
		all = append(all, term{"drag", "along the bar of the recording moves through it"})
	}
	return all
}

// defined lists words with what they mean, broken between words where that is longer than the line.
func (l *look) defined(terms []term, w int) []string {
	widest := 0
	for i := range terms {
		widest = max(widest, len(terms[i].name))
	}
	widest = min(widest, max(w/3, 8))
	var lines []string
	for i := range terms {
		for j, text := range wrap(terms[i].says, w-widest-4) {
			name := ""
			if j == 0 {
				name = terms[i].name
			}
			lines = append(lines, " "+l.in(keycap, pad(name, widest))+"  "+l.in(dim, text))
		}
	}
	return lines
}
