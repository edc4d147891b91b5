package tui

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/hangtime-dev/hangtime/report"
	"github.com/hangtime-dev/hangtime/words"
)

// compareScreen is two runs of one scenario, side by side.
type compareScreen struct {
	page
	comparison
}

func (s *compareScreen) head(w int) string {
	l := s.look
	return l.fit(" "+l.in(title, "hangtime")+"  "+l.in(dim, l.text("compare "+s.c.Names[0]+" with "+s.c.Names[1])), w)
}

func (s *compareScreen) draw(w, h int) string {
	return comparing{s.look}.comparePage(&s.comparison, s.from, w, h)
}

func (s *compareScreen) place() place { return onPage }

func (s *compareScreen) hints() []hint {
	return append([]hint{{actions: []action{doUp, doDown}, does: "move"}}, hints(doVariant)...)
}

func (s *compareScreen) do(a action) (tea.Cmd, bool) {
	switch a {
	case doBack:
		s.top()
	case doVariant:
		s.at = (s.at + 1) % len(s.c.Variants)
		s.top()
	default:
		h := s.rows()
		return nil, s.turn(a, len(comparing{s.look}.comparedLines(&s.comparison, &s.c.Variants[s.at]))-(h-2*comparedChart(h)-2))
	}
	return nil, true
}

func (s *compareScreen) copy() string { return "" }

// A comparison is two sides of one scenario, and the run of each that is drawn.
type comparison struct {
	c    report.Comparison
	runs [2]*report.Report
	at   int // index in c.Variants
}

// A comparing draws variants side by side.
type comparing struct{ *look }

// comparePage draws the response time of both runs on one time axis, one below the other, and every figure of both
// with the change.
func (l comparing) comparePage(c *comparison, scroll, w, h int) string {
	v := &c.c.Variants[c.at]
	name := fmt.Sprintf("variant %s (%d of %d)", v.Name, c.at+1, len(c.c.Variants))
	if fewRuns(v) {
		name += ": too few runs to tell a change from chance"
	}
	chart := comparedChart(h)
	out := ""
	if chart > 0 {
		out = l.twoCharts(c, v.Name, w, chart) + "\n"
	}
	return out + l.scrolled(name, l.comparedLines(c, v), scroll, w, h-2*chart)
}

// comparedChart is how high each of the two charts is; 0: there is no room for them.
func comparedChart(h int) int {
	if h < 18 {
		return 0
	}
	return min(max(h*3/10, 5), topMost)
}

func fewRuns(v *report.ComparedVariant) bool {
	for i := range v.Figures {
		if v.Figures[i].P >= 0 {
			return false
		}
	}
	return true
}

// twoCharts sets both runs one below the other: the same moment of the plan has the same column.
func (l comparing) twoCharts(c *comparison, name string, w, h int) string {
	panes := [2]string{}
	longest := second
	for _, r := range c.runs {
		if v := variantOf(r, name); v != nil {
			longest = max(longest, until(r, v)-max(v.LoadFrom, v.From), v.Planned)
		}
	}
	rows := max(h-3, 1)
	axes, heats := [2]axis{}, [2][]heatColumn{}
	for i, r := range c.runs {
		if v := variantOf(r, name); v != nil {
			from := max(v.LoadFrom, v.From)
			axes[i] = axis{from, from, from + longest, max(w-2-gutter, 1)}
			heats[i] = axes[i].heatOf(v, until(r, v))
		}
	}
	both := scaleOf(slices.Concat(heats[0], heats[1]), rows) // one for both, or their shapes could not be compared
	for i, r := range c.runs {
		v := variantOf(r, name)
		if v == nil {
			panes[i] = l.box(c.c.Names[i], "", []string{" it has no such variant"}, w, h)
			continue
		}
		panes[i] = l.box(c.c.Names[i], l.quantilesOf(v), charts(l).scaledChart(v, axes[i], until(r, v), heats[i], both, rows), w, h)
	}
	return panes[0] + "\n" + panes[1]
}

func (l comparing) quantilesOf(v *report.Variant) string {
	q := v.Load.All
	return l.in(dim, "p50 ") + l.text(words.Duration(q.P50)) + l.in(dim, "  p99 ") + l.text(words.Duration(q.P99)) +
		l.in(dim, "  max ") + l.text(words.Duration(q.Max))
}

func variantOf(r *report.Report, name string) *report.Variant {
	for i := range r.Variants {
		if r.Variants[i].Name == name {
			return &r.Variants[i]
		}
	}
	return nil
}

func (l comparing) comparedLines(c *comparison, v *report.ComparedVariant) []string {
	rows := [][4]string{{"", c.c.Names[0], c.c.Names[1], "change"}}
	for _, f := range v.Figures {
		rows = append(rows, [4]string{f.Title, f.Value(0), f.Value(1), change(&f)})
	}
	var widths [4]int
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], textWidth(cell))
		}
	}
	lines := l.settingsThatDiffer(c)
	for i, row := range rows {
		as := plain
		switch {
		case i == 0:
			as = title
		case row[3] != "same" && row[3] != "":
			as = warn
		}
		lines = append(lines, " "+l.in(dim, pad(row[0], widths[0]))+"  "+pad(l.text(row[1]), widths[1])+"  "+
			pad(l.text(row[2]), widths[2])+"  "+l.in(as, row[3]))
	}
	return lines
}

// settingsThatDiffer says what was not the same in both runs beside chance: lines of the scenario as it was run, and the machine.
func (l comparing) settingsThatDiffer(c *comparison) []string {
	a, b := c.runs[0], c.runs[1]
	if a == nil || b == nil {
		return nil
	}
	var differ []string
	note := func(name, one, other string) {
		if one != other {
			differ = append(differ, fmt.Sprintf("%s: %s | %s", name, cmp.Or(one, "-"), cmp.Or(other, "-")))
		}
	}
	note("hangtime", a.Header.Tool, b.Header.Tool)
	note("machine", a.Header.Host, b.Header.Host)
	note("Linux", a.Header.Kernel, b.Header.Kernel)
	note("processors", fmt.Sprint(a.Header.Cores), fmt.Sprint(b.Header.Cores))
	one, other := linesOnlyIn(a.Header.Text, b.Header.Text), linesOnlyIn(b.Header.Text, a.Header.Text)
	for i := range max(len(one), len(other)) {
		var x, y string
		if i < len(one) {
			x = one[i]
		}
		if i < len(other) {
			y = other[i]
		}
		note("scenario", x, y)
	}
	if len(differ) == 0 {
		return []string{" " + l.in(dim, "both ran with the same settings"), ""}
	}
	lines := []string{" " + l.in(title, "what differs before any figure does") + l.in(dim, "  "+l.text(c.c.Names[0]+" | "+c.c.Names[1]))}
	for _, text := range differ {
		lines = append(lines, " "+l.in(warn, l.text(text)))
	}
	return append(lines, "")
}

// linesOnlyIn are the lines of one text that the other has not, without comments.
func linesOnlyIn(text, other string) []string {
	var only []string
	has := strings.Split(other, "\n")
	for line := range strings.SplitSeq(text, "\n") {
		trimmed := strings.TrimSpace(line)
		if trimmed != "" && trimmed[0] != '#' && !slices.Contains(has, line) {
			only = append(only, trimmed)
		}
	}
	return only
}

// change says how the second side differs from the first.
func change(f *report.ComparedFigure) string {
	ratio, ok := f.Ratio()
	switch {
	case !f.Known[0] || !f.Known[1]:
		return ""
	case f.AtLeast[0] || f.AtLeast[1]:
		return "not seen to end"
	case f.Median[0] == f.Median[1]:
		return "same"
	case !ok:
		return fmt.Sprintf("%+g", f.Median[1]-f.Median[0])
	}
	text := fmt.Sprintf("%.2fx", ratio)
	switch {
	case f.P < 0:
		return text // the title says that this may be chance
	case f.P < 0.05:
		return text + fmt.Sprintf(" (p=%.3f)", f.P)
	}
	return text + fmt.Sprintf(" (may be chance, p=%.3f)", f.P)
}

// withoutCommonFolder leaves out the folders that two paths have in common: what tells two runs apart is after them.
func withoutCommonFolder(names [2]string) [2]string {
	common := 0
	for i := 0; i < min(len(names[0]), len(names[1])) && names[0][i] == names[1][i]; i++ {
		if names[0][i] == '/' {
			common = i + 1
		}
	}
	return [2]string{names[0][common:], names[1][common:]}
}
