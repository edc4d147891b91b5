package tui

import "strings"

// helpPage lists every binding that means something here, with what it does, in as many columns as fit.
func (l *look) helpPage(k keys, where place, w, h int) string {
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
	lines := make([]string, len(names))
	for i := range names {
		lines[i] = " " + l.in(keycap, pad(names[i], widest)) + "  " + does[i]
	}
	rows := max(h-2-len(states)-2, 1) // a blank line and a heading stand between
	columns := max(min((w-2)/(widest+16), (len(lines)+rows-1)/rows), 1)
	per := (len(lines) + columns - 1) / columns
	body := make([]string, 0, h)
	for i := range per {
		row := ""
		for c := range columns {
			if j := c*per + i; j < len(lines) {
				row += l.fit(lines[j], (w-2)/columns)
			}
		}
		body = append(body, row)
	}
	body = append(body, "", " "+l.in(title, "states")+l.in(dim, "  as in a worker's lane"))
	for i := range states {
		row := &states[i]
		body = append(body, " "+l.in(row.role, l.either(row.lane)+"  "+pad(string(row.state), 9))+l.in(dim, row.says))
	}
	return l.box("keys", l.in(dim, "any key goes back"), body, w, h)
}
