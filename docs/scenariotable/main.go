// Command scenariotable writes the table of all scenarios into a page, between two comments, from the result.json of
// `hangtime run --all --out DIR`. It runs nothing and judges nothing.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hangtime-dev/hangtime/report"
	"github.com/hangtime-dev/hangtime/scenarios"
	"github.com/hangtime-dev/hangtime/verdict"
)

// The table stands between these lines of the page.
const (
	begin = "<!-- all scenarios: make scenario-table -->\n"
	end   = "<!-- end of all scenarios -->\n"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: scenariotable DIR|result.json PAGE.md")
		os.Exit(2)
	}
	if err := put(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "scenariotable:", err)
		os.Exit(1)
	}
}

// put writes the table of a result into a page.
func put(result, page string) error {
	if info, err := os.Stat(result); err == nil && info.IsDir() {
		result = filepath.Join(result, "result.json")
	}
	text, err := os.ReadFile(result)
	if err != nil {
		return err
	}
	var suite report.SuiteResult
	if err := json.Unmarshal(text, &suite); err != nil {
		return fmt.Errorf("%s: %w", result, err)
	}
	var have []string
	for _, s := range suite.Scenarios {
		have = append(have, s.Scenario)
	}
	// A table of some would look like one of all.
	if missing := slices.DeleteFunc(scenarios.Names(),
		func(name string) bool { return slices.Contains(have, name) }); len(missing) > 0 {
		return fmt.Errorf("%s has nothing of %s: want the result of `hangtime run --all --quick --headless --out DIR`",
			result, strings.Join(missing, ", "))
	}
	old, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	before, rest, ok := bytes.Cut(old, []byte(begin))
	_, after, ok2 := bytes.Cut(rest, []byte(end))
	if !ok || !ok2 {
		return fmt.Errorf("%s: want the lines %q and %q, between which the table goes", page, strings.TrimSpace(begin),
			strings.TrimSpace(end))
	}
	return os.WriteFile(page, slices.Concat(before, []byte(begin+table(suite)+end), after), 0o644)
}

// table is the section: a sentence on the whole, a row for each scenario.
func table(suite report.SuiteResult) string {
	w := &strings.Builder{}
	fmt.Fprintf(w, "\n## All of it at once\n\n%s\n\n| scenario | what happened | as expected |\n| --- | --- | --- |\n",
		summary(suite))
	for _, s := range suite.Scenarios {
		fmt.Fprintf(w, "| `%s` | %s | %s |\n", s.Scenario, happened(s), judged(s))
	}
	return w.String() + "\n"
}

// summary says what ran, where, and how it came out.
func summary(suite report.SuiteResult) string {
	runs, variants, as := 0, 0, 0
	var first report.Result
	for _, s := range suite.Scenarios {
		runs = max(runs, len(s.Runs))
		for _, r := range s.Runs {
			if first.Tool == "" {
				first = r
			}
			for _, v := range r.Variants {
				variants++
				if v.Outcome == verdict.Pass {
					as++
				}
			}
		}
	}
	command := "hangtime run --all --quick --headless"
	if runs > 1 {
		command += fmt.Sprintf(" --repeat %d", runs)
	}
	meaning := "."
	if as == variants {
		meaning = ": what should hang did, with the cause that is named; what should stay well did."
	}
	return fmt.Sprintf("`%s` on %s, hangtime %s, Linux %s, %d cores: %d scenarios, %d variants run, %d as expected%s",
		command, first.Started.UTC().Format("2006-01-02"), first.Tool, first.Kernel, first.Cores, len(suite.Scenarios),
		variants, as, meaning)
}

// happened is what each variant had, of its first run; where it is no pass it is that of a run that was none.
func happened(s report.SeriesResult) string {
	if len(s.Runs) == 0 {
		return cell(s.Trouble)
	}
	var parts []string
	for i, v := range s.Runs[0].Variants {
		for _, r := range s.Runs[1:] {
			if i < len(r.Variants) && v.Outcome == verdict.Pass && r.Variants[i].Outcome != verdict.Pass {
				v = r.Variants[i]
			}
		}
		had := "nothing was judged"
		if len(v.Checks) > 0 {
			had = v.Checks[0].Got
		}
		parts = append(parts, fmt.Sprintf("%s: %s", v.Name, had))
	}
	return cell(strings.Join(parts, "; "))
}

// judged is the outcome, with how often where the runs were several.
func judged(s report.SeriesResult) string {
	words := map[verdict.Outcome]string{verdict.Pass: "yes", verdict.Fail: "**no**", verdict.Unknown: "unknown"}
	if len(s.Runs) < 2 {
		return words[s.Outcome]
	}
	passed := 0
	for _, r := range s.Runs {
		if r.Outcome == verdict.Pass {
			passed++
		}
	}
	return fmt.Sprintf("%s (%d of %d)", words[s.Outcome], passed, len(s.Runs))
}

// cell keeps a text inside its cell of a table.
func cell(text string) string { return strings.NewReplacer("|", `\|`, "\n", " ").Replace(text) }
