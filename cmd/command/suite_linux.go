package command

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/hangtime-dev/hangtime/report"
	"github.com/hangtime-dev/hangtime/run"
	"github.com/hangtime-dev/hangtime/verdict"
)

// suite runs several scenarios, or one several times, one after the other. What a run said in full is printed where
// it did not pass; of all there is a line, and a table at the end.
func (r *runner) suite(plans []plan) error {
	f := r.flags
	folders, err := r.folders(plans)
	if err != nil {
		return &exit{exitUsage, err}
	}
	progress := r.stdout
	if f.json {
		progress = r.stderr
	}
	all := report.Suite{Planned: len(plans)}
	var wrong error
	for i, p := range plans {
		series := report.Series{Scenario: p.doc.Scenario.Name}
		for n := range f.repeat {
			again := ""
			if f.repeat > 1 {
				again = fmt.Sprintf(", run %d of %d", n+1, f.repeat)
			}
			fmt.Fprintf(progress, "[%d/%d] %s%s: %s\n", i+1, len(plans), p.doc.Scenario.Name, again, p.doc.Scenario.Title)
			live := report.NewLive(report.NewVariantConsole(progress).Show)
			final, err := r.conduct(p, p.seed+uint64(n), folders[i][n], live, nil)
			if final != nil {
				series.Reports = append(series.Reports, final)
				all.Interrupted = final.Interrupted
			}
			if all.Interrupted != "" || errors.Is(err, run.ErrInterrupted) {
				break
			}
			if err != nil {
				series.Trouble = err.Error()
				fmt.Fprintf(progress, "        could not be run: %v\n", err)
			}
			if final != nil && final.Verdict.Outcome != verdict.Pass {
				wrong = errors.Join(wrong, final.Text(progress), tellCI(r.stderr, p.arg, final))
				fmt.Fprintln(progress)
			}
			if err != nil {
				break // it would not be otherwise the next time
			}
		}
		if len(series.Reports) > 0 || series.Trouble != "" {
			all.Series = append(all.Series, series)
		}
		if all.Interrupted != "" {
			break
		}
		if f.repeat > 1 {
			wrong = errors.Join(wrong, series.SpreadText(progress))
		}
	}
	wrong = errors.Join(wrong, r.tellSuite(all))
	return suiteOutcome(all, wrong)
}

// folders are where each run of each plan is written; that none of them is taken is seen before the first begins.
func (r *runner) folders(plans []plan) ([][]string, error) {
	all := make([][]string, len(plans))
	seen := map[string]string{}
	for i, p := range plans {
		name := p.doc.Scenario.Name
		if before, ok := seen[name]; ok {
			return nil, fmt.Errorf("%s and %s are both named %s; want each scenario once (--repeat runs one several times)", before, p.arg, name)
		}
		seen[name] = p.arg
		for n := range r.flags.repeat {
			dir := ""
			if r.flags.out != "" {
				dir = filepath.Join(r.flags.out, name)
				if r.flags.repeat > 1 {
					dir = filepath.Join(dir, fmt.Sprintf("%03d", n+1))
				}
				if _, err := os.Stat(run.RecordingIn(dir, name)); err == nil {
					return nil, fmt.Errorf("--out: %w", run.AlreadyThere(run.RecordingIn(dir, name)))
				}
			}
			all[i] = append(all[i], dir)
		}
	}
	return all, nil
}

// tellSuite prints the table, and writes what --out and GitHub Actions want of the whole.
func (r *runner) tellSuite(all report.Suite) error {
	var wrong error
	if r.flags.out != "" {
		if wrong = os.MkdirAll(r.flags.out, 0o755); wrong == nil {
			for name, write := range map[string]func(io.Writer) error{"junit.xml": all.JUnit, "summary.md": all.Markdown,
				"summary.txt": all.Text, "result.json": all.JSON} {
				wrong = errors.Join(wrong, writeForm(r.flags.out, name, write))
			}
		}
	}
	wrong = errors.Join(wrong, appendSummary(all.Markdown))
	if r.flags.json {
		return errors.Join(wrong, all.JSON(r.stdout))
	}
	return errors.Join(wrong, all.Text(r.stdout))
}

// suiteOutcome is the exit code of the worst.
func suiteOutcome(all report.Suite, err error) error {
	switch {
	case all.Interrupted != "":
		return &exit{exitInterrupted, err}
	case err != nil:
		return &exit{exitUnknown, err}
	case all.Outcome() == verdict.Fail:
		return &exit{exitFail, nil}
	case all.Outcome() == verdict.Unknown:
		return &exit{exitUnknown, nil}
	}
	return nil
}
