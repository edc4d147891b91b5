package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/report"
	"github.com/hangtime-dev/hangtime/scenarios"
	"github.com/hangtime-dev/hangtime/verdict"
)

// suite has all scenarios, of which the first failed once.
func suite(names []string) report.SuiteResult {
	one := func(outcome verdict.Outcome, got string) report.Result {
		return report.Result{
			Tool: "v1", Kernel: "6.18", Cores: 2, Started: time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC), Outcome: outcome,
			Variants: []report.ResultVariant{{Name: "bad", Outcome: outcome, Checks: []verdict.Check{{Got: got}}},
				{Name: "good", Outcome: verdict.Pass, Checks: []verdict.Check{{Got: "no incident"}}}},
		}
	}
	var s report.SuiteResult
	for i, name := range names {
		series := report.SeriesResult{Scenario: name, Outcome: verdict.Pass,
			Runs: []report.Result{one(verdict.Pass, "1 hang (file-lock)"), one(verdict.Pass, "1 hang (file-lock)")}}
		if i == 0 {
			series.Outcome, series.Runs[1] = verdict.Fail, one(verdict.Fail, "no | incident")
		}
		s.Scenarios = append(s.Scenarios, series)
	}
	return s
}

func files(t *testing.T, s report.SuiteResult, page string) (result, path string) {
	dir := t.TempDir()
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	result, path = filepath.Join(dir, "result.json"), filepath.Join(dir, "README.md")
	for name, content := range map[string]string{result: string(text), path: page} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return result, path
}

func TestTheTableGoesBetweenItsLines(t *testing.T) {
	names := scenarios.Names()
	result, page := files(t, suite(names), "# Top\n"+begin+"old\n"+end+"bottom\n")
	for range 2 { // a second time changes nothing
		if err := put(filepath.Dir(result), page); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"# Top\n" + begin, end + "bottom\n",
		"--repeat 2` on 2026-11-26, hangtime v1, Linux 6.18, 2 cores:",
		"| `" + names[0] + "` | bad: no \\| incident; good: no incident | **no** (1 of 2) |\n",
		"| `" + names[1] + "` | bad: 1 hang (file-lock); good: no incident | yes (2 of 2) |\n",
	} {
		if strings.Count(string(text), want) != 1 {
			t.Errorf("want once: %q\n%s", want, text)
		}
	}
	if strings.Contains(string(text), "old") {
		t.Error("the old table is still there")
	}
}

func TestWhatIsNoTableOfAllIsRefused(t *testing.T) {
	names := scenarios.Names()
	result, page := files(t, suite(names[1:]), begin+end)
	if err := put(result, page); err == nil || !strings.Contains(err.Error(), names[0]) {
		t.Errorf("%v: want the missing scenario named", err)
	}
	result, page = files(t, suite(names), "no lines\n")
	if err := put(result, page); err == nil || !strings.Contains(err.Error(), strings.TrimSpace(begin)) {
		t.Errorf("%v: want the missing line named", err)
	}
}
