package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/jstemmer/go-junit-report/v2/junit"

	"github.com/hangtime-dev/hangtime/scenarios"
	"github.com/hangtime-dev/hangtime/verdict"
	"github.com/hangtime-dev/hangtime/words"
)

// A Series is one scenario that was run once or several times.
type Series struct {
	Scenario string
	Reports  []*Report
	Trouble  string // why it could not be run (again); empty: it could
}

// A Suite is several scenarios that were run one after the other.
type Suite struct {
	Series      []Series
	Planned     int    // how many there should be
	Interrupted string // by what; empty: it was not
}

// Outcome is the worst of its runs.
func (s Series) Outcome() verdict.Outcome {
	worst := verdict.Pass
	for _, r := range s.Reports {
		worst = verdict.Worst(worst, r.Verdict.Outcome)
	}
	if s.Trouble != "" || len(s.Reports) == 0 {
		worst = verdict.Worst(worst, verdict.Unknown)
	}
	return worst
}

// Outcome is the worst of its series.
func (s Suite) Outcome() verdict.Outcome {
	worst := verdict.Pass
	for _, one := range s.Series {
		worst = verdict.Worst(worst, one.Outcome())
	}
	if len(s.Series) < s.Planned {
		worst = verdict.Worst(worst, verdict.Unknown)
	}
	return worst
}

// variants are the names of its variants, in the order in which they ran.
func (s Series) variants() []string {
	var names []string
	for _, r := range s.Reports {
		for _, v := range r.Variants {
			if !slices.Contains(names, v.Name) {
				names = append(names, v.Name)
			}
		}
	}
	return names
}

// judged are the judgements of one variant, a run each.
func (s Series) judged(name string) []verdict.Variant {
	var all []verdict.Variant
	for _, r := range s.Reports {
		for _, v := range r.Verdict.Variants {
			if v.Name == name {
				all = append(all, v)
			}
		}
	}
	return all
}

// Unstable names each check that did not come to the same in every run, with how often it came to what.
func (s Series) Unstable() []string {
	var all []string
	for _, name := range s.variants() {
		all = append(all, s.unstable(name)...)
	}
	return all
}

func (s Series) unstable(variant string) []string {
	counts, order := map[string]map[verdict.Outcome]int{}, []string{}
	for _, v := range s.judged(variant) {
		for _, c := range v.Checks {
			if counts[c.Name] == nil {
				counts[c.Name] = map[verdict.Outcome]int{}
				order = append(order, c.Name)
			}
			counts[c.Name][c.Outcome]++
		}
	}
	var all []string
	for _, check := range order {
		if len(counts[check]) < 2 {
			continue
		}
		var parts []string
		for _, o := range []verdict.Outcome{verdict.Pass, verdict.Fail, verdict.Unknown} {
			if n := counts[check][o]; n > 0 {
				parts = append(parts, fmt.Sprintf("%s %s", o, words.Times(n)))
			}
		}
		all = append(all, fmt.Sprintf("%s: %s: %s", variant, check, strings.Join(parts, ", ")))
	}
	return all
}

// A Spread is one figure of one variant over all runs of a series.
type Spread struct {
	Figure              scenarios.Figure
	Runs                int // in which it is known
	Median, Least, Most float64
	AtLeast             [3]bool // Median, Least and Most are lower bounds
}

// Spreads are the figures of a variant that are known in any run.
func (s Series) Spreads(variant string) []Spread {
	var all []Spread
	judged := s.judged(variant)
	for _, def := range scenarios.Figures() {
		var of samples
		for _, v := range judged {
			for _, f := range v.Figures {
				if f.Name == def.Name && f.Known {
					of.add(f)
				}
			}
		}
		if mid, atLeast, ok := of.median(); ok {
			least, most := slices.Min(of.values), slices.Max(of.values)
			ranked := of.ranked(of.beyond())
			all = append(all, Spread{def, len(ranked), mid, least, most,
				[3]bool{atLeast, slices.Min(ranked) != least, slices.Max(ranked) != most}})
		}
	}
	return all
}

func (s Spread) text() string {
	mid := boundText(s.Median, s.Figure.Unit, true, s.AtLeast[0])
	if s.Least == s.Most && s.AtLeast[1] == s.AtLeast[2] {
		return mid
	}
	return fmt.Sprintf("%s (%s to %s)", mid, boundText(s.Least, s.Figure.Unit, true, s.AtLeast[1]),
		boundText(s.Most, s.Figure.Unit, true, s.AtLeast[2]))
}

// spreadRows are the figures that the text of a series shows; result.json of each run has all.
var spreadRows = []string{"longest_stall", "detection", "recovery", "replacement", "p50", "p99", "max", "ok", "failed",
	"tasks_lost"}

// SpreadText writes the medians and spreads of a series that was run several times.
func (s Series) SpreadText(out io.Writer) error {
	w := &strings.Builder{}
	names := s.variants()
	width := (textWidth - titleWidth) / max(len(names), 2)
	for from := 0; from < len(names); from += 2 {
		some := names[from:min(from+2, len(names))]
		fmt.Fprintln(w)
		line(w, fmt.Sprintf("%s, %d runs", s.Scenario, len(s.Reports)), some, max(width, cellWidth))
		line(w, "", slices.Repeat([]string{"median (least to most)"}, len(some)), max(width, cellWidth))
		for _, figure := range spreadRows {
			cells, any := make([]string, len(some)), false
			title := figure
			for i, name := range some {
				cells[i] = "-"
				for _, sp := range s.Spreads(name) {
					if sp.Figure.Name == figure {
						title, cells[i], any = sp.Figure.Title, sp.text(), true
					}
				}
			}
			if any {
				line(w, title, cells, max(width, cellWidth))
			}
		}
	}
	fmt.Fprintln(w)
	for _, u := range s.Unstable() {
		hanging(w, "UNSTABLE  ", u)
	}
	_, err := io.WriteString(out, w.String())
	return err
}

// A suiteRow is one variant of one scenario.
type suiteRow struct {
	scenario, variant, expect, got string
	outcome                        string // or "unstable"
	took                           time.Duration
}

func (s Suite) rows() []suiteRow {
	var all []suiteRow
	for _, one := range s.Series {
		if one.Trouble != "" {
			all = append(all, suiteRow{scenario: one.Scenario, variant: "-", expect: "-", got: one.Trouble,
				outcome: string(verdict.Unknown)})
		}
		for _, name := range one.variants() {
			row := suiteRow{scenario: one.Scenario, variant: name}
			worst := verdict.Pass
			for i, v := range one.judged(name) {
				if worst = verdict.Worst(worst, v.Outcome); i == 0 || worst == v.Outcome && v.Outcome != verdict.Pass {
					row.expect, row.got = v.Expect, v.Got()
				}
			}
			row.outcome = string(worst)
			if len(one.unstable(name)) > 0 {
				row.outcome = "unstable"
			}
			for _, r := range one.Reports {
				for _, v := range r.Variants {
					if v.Name == name {
						row.took += max(v.To-v.From, 0)
					}
				}
			}
			all = append(all, row)
		}
	}
	return all
}

// Text writes one row for each variant of each scenario, and what did not pass.
func (s Suite) Text(out io.Writer) error {
	w := &strings.Builder{}
	rows := s.rows()
	wide := [3]int{len("scenario"), len("variant"), len("expected")}
	for _, r := range rows {
		wide = [3]int{max(wide[0], len(r.scenario)), max(wide[1], len(r.variant)), max(wide[2], len(r.expect))}
	}
	head := func(a, b, c, d string) string {
		return pad(d, 10) + pad(a, wide[0]+2) + pad(b, wide[1]+2) + pad(c, wide[2]+2)
	}
	fmt.Fprintf(w, "\n%s%s\n", head("scenario", "variant", "expected", "outcome"), "had")
	last := ""
	for _, r := range rows {
		name := r.scenario
		if name == last {
			name = ""
		}
		last = r.scenario
		hanging(w, head(name, r.variant, r.expect, r.outcome), r.got)
	}
	fmt.Fprintln(w)
	hanging(w, fmt.Sprintf("%-8s  ", strings.ToUpper(string(s.Outcome()))), s.Sentence())
	for _, one := range s.Series {
		for _, u := range one.Unstable() {
			hanging(w, "UNSTABLE  ", one.Scenario+": "+u)
		}
		for _, why := range one.why() {
			hanging(w, "          ", one.Scenario+": "+why)
		}
	}
	_, err := io.WriteString(out, w.String())
	return err
}

// why says what kept a series from passing, that which several runs have in common once.
func (s Series) why() []string {
	var all []string
	for _, r := range s.Reports {
		for _, why := range r.Verdict.Why {
			if !slices.Contains(all, why) {
				all = append(all, why)
			}
		}
	}
	return all
}

// Sentence says in one line what the suite came to.
func (s Suite) Sentence() string {
	count := map[verdict.Outcome]int{}
	for _, one := range s.Series {
		count[one.Outcome()]++
	}
	text := fmt.Sprintf("%d of %s behaved as expected", count[verdict.Pass], words.Count(s.Planned, "scenario"))
	if n := count[verdict.Fail]; n > 0 {
		text += fmt.Sprintf(", %d did not", n)
	}
	if n := count[verdict.Unknown]; n > 0 {
		text += fmt.Sprintf(", of %d nothing can be said", n)
	}
	if n := s.Planned - len(s.Series); n > 0 {
		text += fmt.Sprintf(", %d not run", n)
	}
	if s.Interrupted != "" {
		text += "; interrupted by " + s.Interrupted
	}
	return text
}

// Markdown writes the same as a table.
func (s Suite) Markdown(out io.Writer) error {
	w := &strings.Builder{}
	sign := map[verdict.Outcome]string{verdict.Pass: "✅", verdict.Fail: "❌", verdict.Unknown: "❔"}
	fmt.Fprintf(w, "## %s hangtime: %s\n\n%s\n\n| scenario | variant | expected | had | outcome | took |\n| --- | --- | --- | --- | --- | --: |\n", sign[s.Outcome()], tableCell(string(s.Outcome())), tableCell(s.Sentence()))
	for _, r := range s.rows() {
		mark, ok := sign[verdict.Outcome(r.outcome)]
		if !ok {
			mark = "❔"
		}
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s %s | %.0f s |\n", tableCell(r.scenario), tableCell(r.variant), tableCell(r.expect),
			tableCell(r.got), mark, tableCell(r.outcome), r.took.Seconds())
	}
	for _, one := range s.Series {
		for _, u := range one.Unstable() {
			fmt.Fprintf(w, "\n**unstable** %s: %s\n", tableCell(one.Scenario), tableCell(u))
		}
	}
	_, err := io.WriteString(out, w.String())
	return err
}

// JUnit writes all runs as one junit.xml; the suites of repeated runs are numbered.
func (s Suite) JUnit(out io.Writer) error {
	suites := junit.Testsuites{Name: "hangtime"}
	for _, one := range s.Series {
		for i, r := range one.Reports {
			suffix := ""
			if len(one.Reports) > 1 {
				suffix = fmt.Sprintf("#%d", i+1)
			}
			for _, suite := range r.suites(suffix) {
				suite.ID = len(suites.Suites)
				suites.AddSuite(suite)
			}
		}
		if one.Trouble != "" {
			suite := junit.Testsuite{Name: words.Printable(one.Scenario), ID: len(suites.Suites), Time: "0.000"}
			suite.AddTestcase(junit.Testcase{Name: "it could be run", Classname: words.Printable(one.Scenario),
				Time: "0.000", Error: &junit.Result{Type: "unknown", Message: "could not be run: " +
					words.Printable(one.Trouble)}})
			suites.AddSuite(suite)
		}
	}
	return writeXML(out, suites)
}

// A SuiteResult is result.json of several scenarios.
type SuiteResult struct {
	Version     int             `json:"version"`
	Outcome     verdict.Outcome `json:"outcome"`
	Sentence    string          `json:"sentence"`
	Interrupted string          `json:"interrupted,omitempty"`
	Scenarios   []SeriesResult  `json:"scenarios"`
}

// A SeriesResult is one scenario of a SuiteResult.
type SeriesResult struct {
	Scenario string          `json:"scenario"`
	Outcome  verdict.Outcome `json:"outcome"`
	Trouble  string          `json:"trouble,omitempty"`
	Unstable []string        `json:"unstable,omitempty"`
	Runs     []Result        `json:"runs"`
}

// Result is the suite for programs; each run is as in its own result.json.
func (s Suite) Result() SuiteResult {
	out := SuiteResult{Version: ResultVersion, Outcome: s.Outcome(), Sentence: s.Sentence(), Interrupted: s.Interrupted,
		Scenarios: []SeriesResult{}}
	for _, one := range s.Series {
		series := SeriesResult{Scenario: one.Scenario, Outcome: one.Outcome(), Trouble: one.Trouble,
			Unstable: one.Unstable(), Runs: []Result{}}
		for _, r := range one.Reports {
			series.Runs = append(series.Runs, r.Result())
		}
		out.Scenarios = append(out.Scenarios, series)
	}
	return out
}

// JSON writes the SuiteResult, indented.
func (s Suite) JSON(out io.Writer) error { return writeJSON(out, s.Result()) }

func writeXML(out io.Writer, suites junit.Testsuites) error {
	if _, err := io.WriteString(out, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(out)
	enc.Indent("", "  ")
	if err := enc.Encode(suites); err != nil {
		return err
	}
	_, err := io.WriteString(out, "\n")
	return err
}
