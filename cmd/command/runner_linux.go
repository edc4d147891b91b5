package command

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/hangtime-dev/hangtime/databases"
	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/report"
	"github.com/hangtime-dev/hangtime/run"
	"github.com/hangtime-dev/hangtime/scenarios"
	"github.com/hangtime-dev/hangtime/tui"
)

// runFlags are the command line of `hangtime run`.
type runFlags struct {
	headless, json, quick, allowFaults, all bool
	out, metricsListen, variant             string
	set, allow                              []string
	seed                                    uint64
	repeat                                  int
}

// A plan is one scenario to be run.
type plan struct {
	arg  string // as it was named on the command line
	doc  *scenarios.Document
	seed uint64 // of its first run
}

// A runner conducts runs as the flags say.
type runner struct {
	flags          *runFlags
	self           string
	exposed        *run.Exposition // nil: nobody asks for metrics
	stdout, stderr io.Writer
}

// single runs one scenario once, on the live screen where there is one.
func (r *runner) single(p plan, screen *tui.Options) error {
	f := r.flags
	live := report.NewLive(nil)
	if screen == nil {
		progress := r.stdout
		if f.json {
			progress = r.stderr
		}
		live.Show = report.NewConsole(progress).Show
	}
	final, err := r.conduct(p, p.seed, f.out, live, screen)
	if final == nil {
		return err
	}
	if f.json {
		err = errors.Join(err, final.JSON(r.stdout))
	} else {
		err = errors.Join(err, final.Text(r.stdout))
	}
	if final.Over && final.Interrupted == "" {
		// Only the home screen misses it: no reason to fail a run.
		_ = run.RememberVerdict(final.Header.Scenario, string(final.Verdict.Outcome), time.Now())
	}
	err = errors.Join(err, tellCI(r.stderr, p.arg, final))
	return outcome(final, err)
}

// conduct runs one scenario once and writes what --out asks for into out. The report is nil where nothing was begun.
func (r *runner) conduct(p plan, seed uint64, out string, live *report.Live, screen *tui.Options) (*report.Report, error) {
	name := p.doc.Scenario.Name
	ask, err := run.Ask(databases.Where{})
	if err != nil {
		return nil, &exit{exitUsage, err}
	}
	options := run.Options{Document: p.doc, Databases: ask, Name: name, Self: r.self, Tool: run.Version(), Seed: seed,
		AllowFaults: r.flags.allowFaults, Allow: r.flags.allow}
	var recording *history.Writer
	if out != "" {
		if recording, err = run.CreateRecording(out, name); err != nil {
			return nil, &exit{exitUsage, fmt.Errorf("--out: %w", err)}
		}
		options.Sinks = append(options.Sinks, recording.Append)
	}
	options.Sinks = append(options.Sinks, live.Sink) // after the recording: what is shown is on the disk
	now := run.New(options)
	live.Abort = now.Abort
	r.exposed.Show(live.OpenMetrics)
	if screen != nil {
		err = conductOnScreen(now, live, *screen, out, name)
	} else {
		err = run.ConductUntilSignalled(now, exitInterrupted)
	}
	if errors.Is(err, run.ErrAborted) {
		err = nil // the verdict says so
	}
	final := live.Last()
	if recording != nil {
		err = errors.Join(err, recording.Close(), writeForms(out, final))
	}
	return final, err
}
