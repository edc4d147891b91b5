package tui

import (
	"strings"

	"github.com/hangtime-dev/hangtime/report"
	"github.com/hangtime-dev/hangtime/verdict"
)

// A verdictRow is one line of the table, of several figures that docs/metrics.md defines; short is its title on a
// narrow terminal.
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

// A verdictTable draws the variants beside one another.
type verdictTable struct{ *look }

// tableLines sets the variants side by side.
func (l verdictTable) tableLines(r *report.Report, w int) []string {
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
			text := l.fit(cell, widths[c+1])
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

func (l verdictTable) verdictCells(r *report.Report, titled func(verdictRow) string) [][]string {
	rows := [][]string{{""}, {"as expected"}, {"incidents"}}
	for _, row := range verdictRows() {
		rows = append(rows, []string{titled(row)})
	}
	for _, v := range r.Variants {
		behaved, incidents := "-", "-"
		if len(v.Verdict.Checks) > 0 {
			behaved, incidents = l.outcome(v.Verdict.Checks[0].Outcome), l.text(v.Verdict.Checks[0].Got)
		}
		rows[0], rows[1], rows[2] = append(rows[0], l.text(v.Name+" (expect "+v.Expect+")")), append(rows[1], behaved),
			append(rows[2], incidents)
		for i, row := range verdictRows() {
			rows[i+3] = append(rows[i+3], l.text(figures(&v.Verdict, row.figures)))
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
