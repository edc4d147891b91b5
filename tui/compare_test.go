package tui

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/report"
)

// What was set otherwise is told before the figures that it may have changed.
func TestAComparisonSaysWhichSettingsDiffer(t *testing.T) {
	l := comparing{modelOf(nil, 120, 35).look}
	run := func(text string, cores int) *report.Report {
		return &report.Report{Header: history.Header{Text: text, Cores: cores, Host: "a", Tool: "1", Kernel: "6"}}
	}
	c := &comparison{runs: [2]*report.Report{run("name: x\n# one\nload:\n  rate: 200/s\n", 2), run("name: x\n# two\nload:\n  rate: 300/s\n  timeout: 5s\n", 4)}}
	got := strings.Split(ansi.Strip(strings.Join(l.settingsThatDiffer(c), "\n")), "\n")
	want := []string{" processors: 2 | 4", " scenario: rate: 200/s | rate: 300/s", " scenario: - | timeout: 5s", ""}
	if diff := cmp.Diff(want, got[1:]); diff != "" {
		t.Error(diff)
	}
	c.runs[1] = run("name: x\n# other\nload:\n  rate: 200/s\n", 2)
	if text := ansi.Strip(strings.Join(l.settingsThatDiffer(c), "\n")); !strings.Contains(text, "the same settings") {
		t.Error(text)
	}
}

// The same height means the same time in both charts.
func TestBothChartsOfAComparisonHaveOneScale(t *testing.T) {
	a, b := reportAt(t, contention, -1), reportAt(t, contentionAgain, -1)
	l := comparing{modelOf(nil, 120, 35).look}
	c := &comparison{c: report.Comparison{Names: [2]string{"a", "b"}}, runs: [2]*report.Report{a, b}}
	// The second one is cut down to its fast hits: alone it would be drawn larger.
	quick := *b
	quick.Variants = append([]report.Variant(nil), b.Variants...)
	points := quick.Variants[0].Load.Series.Points
	quick.Variants[0].Load.Series.Points = points[:min(len(points), 4)]
	c.runs[1] = &quick
	panes := strings.Split(ansi.Strip(l.twoCharts(c, a.Variants[0].Name, 100, 12)), "\n")
	label := func(line string) string { return string([]rune(line)[1:7]) }
	for i := range 9 {
		if label(panes[1+i]) != label(panes[13+i]) {
			t.Errorf("row %d: %q and %q", i, panes[1+i], panes[13+i])
		}
	}
}
