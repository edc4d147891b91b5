package tui

import (
	"fmt"
	"strings"

	"github.com/hangtime-dev/hangtime/report"
	"github.com/hangtime-dev/hangtime/verdict"
	"github.com/hangtime-dev/hangtime/words"
)

func outcomeRole(o verdict.Outcome) role {
	switch o {
	case verdict.Pass:
		return good
	case verdict.Fail:
		return bad
	}
	return warn
}

func (l *look) outcomeMark(o verdict.Outcome) string {
	switch o {
	case verdict.Pass:
		return l.glyphs.yes
	case verdict.Fail:
		return l.glyphs.no
	}
	return l.glyphs.unsure
}

// outcome is an outcome with its mark.
func (l *look) outcome(o verdict.Outcome) string {
	return l.in(outcomeRole(o), l.outcomeMark(o)+" "+string(o))
}

// A verdictRow is one line of the table, of several figures that docs/metrics.md defines; short is its title on a narrow terminal.
type verdictRow struct{ title, short, figures string }

func verdictRows() []verdictRow {
	return []verdictRow{
		{"detected after / recovered after", "detected / recovered", "detection recovery"},
		{"longest stall", "longest stall", "longest_stall"},
		{"workers died / missing at the end", "died / missing", "deaths missing"},
		{"longest time to a replacement", "replaced within", "replacement"},
		{"response time p50 / p99 / max", "p50 / p99 / max", "p50 p99 max"},
		{"p99 before / during / after", "p99 by phase", "p99_before p99_during p99_after"},
		{"requests ok / failed / unanswered", "ok / failed / no answer", "ok failed unanswered"},
		{"tasks accepted / done / lost", "tasks / done / lost", "tasks_accepted tasks_done tasks_lost"},
	}
}

// verdictLines are the outcome first, then the variants side by side, what was judged, and what to do next.
func (l *look) verdictLines(r *report.Report, next []string, w int) []string {
	o := r.Verdict.Outcome
	lines := l.paragraph(plain, strings.ToUpper(string(o))+"  "+r.Verdict.Sentence, 1, w)
	lines[0] = strings.Replace(lines[0], strings.ToUpper(string(o)), l.in(outcomeRole(o), strings.ToUpper(string(o))+" "), 1)
	for _, why := range r.Verdict.Why {
		lines = append(lines, l.paragraph(plain, why, 3, w)...)
	}
	if r.Interrupted != "" {
		lines = append(lines, "   "+l.in(warn, "interrupted by "+r.Interrupted+": this is what was known by then"))
	}
	lines = append(lines, "")
	lines = append(lines, l.verdictTable(r, w)...)
	lines = append(lines, "", " "+l.in(title, "checks"))
	for _, v := range r.Verdict.Variants {
		for i, c := range v.Checks {
			lines = append(lines, l.checkLine(v.Name, &c, i == 0))
		}
	}
	for i := range r.Variants {
		for j := range r.Variants[i].Incidents {
			in := &r.Variants[i].Incidents[j]
			lines = append(lines, "", " "+l.in(bad, fmt.Sprintf("%s, %s #%d", r.Variants[i].Name, in.Kind, in.ID))+" "+l.in(dim, "at "+words.Moment(in.Began)))
			lines = append(lines, l.paragraph(plain, in.Cause.Sentence, 3, w)...)
			if in.Cause.Remedy != "" {
				lines = append(lines, l.paragraph(accent, "the guide: "+in.Cause.Remedy, 3, w)...)
			}
		}
		for _, n := range r.Variants[i].Notices {
			lines = append(lines, "", " "+l.in(warn, r.Variants[i].Name+", "+n.Cause.Kind)+" "+l.in(dim, "from "+words.Moment(n.From)+" to "+words.Moment(n.To)))
			lines = append(lines, l.paragraph(plain, n.Cause.Sentence, 3, w)...)
			if n.Cause.Remedy != "" {
				lines = append(lines, l.paragraph(accent, "the guide: "+n.Cause.Remedy, 3, w)...)
			}
		}
	}
	for _, v := range r.Verdict.Variants {
		for _, note := range v.Notes {
			lines = append(lines, l.paragraph(warn, v.Name+": "+note, 1, w)...)
		}
	}
	for i, t := range r.Troubles {
		if i == 0 {
			lines = append(lines, "", " "+l.in(warn, "what hangtime itself could not do or see"))
		}
		lines = append(lines, l.paragraph(plain, t, 3, w)...)
	}
	lines = append(lines, "", " "+l.in(title, "what next"))
	for _, n := range next {
		lines = append(lines, "   "+n)
	}
	return lines
}

func (l *look) checkLine(variant string, c *verdict.Check, first bool) string {
	text := "   " + pad(l.outcome(c.Outcome), 10) + l.in(dim, variant+": ") + c.Name
	if c.Got != "" && (first || c.Outcome != verdict.Pass) {
		text += ": " + c.Got
	}
	if c.Want != "" {
		text += l.in(dim, "  "+c.Want)
	}
	return text
}

// verdictTable sets the variants side by side.
func (l *look) verdictTable(r *report.Report, w int) []string {
	rows := l.verdictCells(r, func(row verdictRow) string { return row.title })
	widths, all := columnWidths(rows)
	if all > w {
		rows = l.verdictCells(r, func(row verdictRow) string { return row.short })
		widths, all = columnWidths(rows)
	}
	if all > w {
		each := max((w-1-widths[0])/(len(widths)-1)-2, 6)
		for i := 1; i < len(widths); i++ {
			widths[i] = min(widths[i], each)
		}
	}
	var lines []string
	for i, row := range rows {
		line := " " + l.in(dim, pad(row[0], widths[0]))
		for c, cell := range row[1:] {
			text := l.fit(l.ascii(cell), widths[c+1])
			if i == 0 {
				text = l.in(title, text)
			}
			line += "  " + text
		}
		lines = append(lines, line)
	}
	return lines
}

func columnWidths(rows [][]string) (widths []int, all int) {
	widths = make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], textWidth(cell))
		}
	}
	all = 1
	for _, n := range widths {
		all += n + 2
	}
	return widths, all - 2
}

func (l *look) verdictCells(r *report.Report, titled func(verdictRow) string) [][]string {
	rows := [][]string{{""}, {"as expected"}, {"incidents"}}
	for _, row := range verdictRows() {
		rows = append(rows, []string{titled(row)})
	}
	for _, v := range r.Variants {
		behaved, incidents := "-", "-"
		if len(v.Verdict.Checks) > 0 {
			behaved, incidents = l.outcome(v.Verdict.Checks[0].Outcome), v.Verdict.Checks[0].Got
		}
		rows[0], rows[1], rows[2] = append(rows[0], v.Name+" (expect "+v.Expect+")"), append(rows[1], behaved), append(rows[2], incidents)
		for i, row := range verdictRows() {
			rows[i+3] = append(rows[i+3], figures(&v.Verdict, row.figures))
		}
	}
	return rows
}

func figures(v *verdict.Variant, names string) string {
	var texts []string
	for name := range strings.FieldsSeq(names) {
		text := "-"
		for _, f := range v.Figures {
			if f.Name == name {
				text = f.Text
			}
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, " / ")
}

// scrolled draws lines from the first visible one on.
func (l *look) scrolled(name string, lines []string, from, w, h int) string {
	rows := max(h-2, 0)
	from = max(min(from, len(lines)-rows), 0)
	note := ""
	if len(lines) > rows {
		note = l.in(dim, fmt.Sprintf("%d-%d of %d lines", from+1, min(from+rows, len(lines)), len(lines)))
	}
	return l.box(name, note, lines[from:min(from+rows, len(lines))], w, h)
}
