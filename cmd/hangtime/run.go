package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/report"
	"github.com/hangtime-dev/hangtime/run"
	"github.com/hangtime-dev/hangtime/scenarios"
	"github.com/hangtime-dev/hangtime/tui"
	"github.com/hangtime-dev/hangtime/verdict"
)

type runFlags struct {
	headless, json, quick, allowFaults bool
	out                                string
	set, allow                         []string
	seed                               uint64
}

func runCommand() *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "run SCENARIO|FILE.yaml",
		Short: "run a scenario: start a server, load it, break it, watch it, judge it",
		Long: `run starts the reference server of a scenario, sends load to it, injects the scenario's faults, and judges what was seen, one variant after the other.

On a terminal it shows everything live; without one, or with --headless, it prints one line of progress a second and the same verdict as text.
Ctrl-C ends it in order at any moment: faults are healed, the server is stopped, what is known so far is printed.`,
		Example: `  hangtime run log-contention
  hangtime run worker-kill --quick --headless --out /tmp/kill
  hangtime run ./my.yaml --set server.workers=8 --set load.rate=400/s`,
		Args: cobra.ExactArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return scenarios.Names(), cobra.ShellCompDirectiveDefault
		},
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args[0]) },
	}
	flags := cmd.Flags()
	flags.BoolVar(&f.headless, "headless", false, "plain lines instead of the live screen (chosen by itself without a terminal)")
	flags.BoolVar(&f.json, "json", false, "only result.json on standard output; progress on standard error; implies --headless")
	flags.BoolVar(&f.quick, "quick", false, "the shorter form of the scenario")
	flags.StringVar(&f.out, "out", "", "folder for the recording, result.json, junit.xml, report.html, summary.md and metrics.om; made if it is missing")
	flags.StringArrayVar(&f.set, "set", nil, "change a key of the scenario, such as server.workers=8; may be given again")
	flags.BoolVar(&f.allowFaults, "allow-faults", false, "break a server that hangtime did not start (server.kind attach)")
	flags.StringArrayVar(&f.allow, "allow", nil, "a host other than this machine that may be loaded (server.kind url); may be given again")
	flags.Uint64Var(&f.seed, "seed", 0, "of every random choice (0: the scenario's, or a new one)")
	return cmd
}

// open reads the scenario with --quick and --set applied; whatever is wrong with it is a usage error.
func (f *runFlags) open(arg string) (*scenarios.Document, error) {
	doc, err := scenarios.Open(arg)
	if err == nil && f.quick {
		doc, err = doc.Quick()
	}
	var all []scenarios.Setting
	for _, text := range f.set {
		one, wrong := scenarios.ParseSetting(text)
		err = errors.Join(err, wrong)
		all = append(all, one)
	}
	if err == nil {
		doc, err = doc.With(all...)
	}
	if err != nil {
		return nil, &exit{exitUsage, err}
	}
	return doc, nil
}

func (f *runFlags) run(cmd *cobra.Command, arg string) error {
	doc, err := f.open(arg)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return &exit{exitUnknown, fmt.Errorf("find hangtime's own binary: %w", err)}
	}
	options := run.Options{Document: doc, Name: doc.Scenario.Name, Self: self, Tool: version(), Seed: f.pickSeed(doc), AllowFaults: f.allowFaults, Allow: f.allow}
	live := newLiveReport(nil)
	stdout, stderr := cmd.OutOrStdout(), cmd.ErrOrStderr()
	var screen *tui.Options
	if !f.headless && !f.json {
		if screen, err = screenFor(cmd); err != nil {
			return err
		}
	}
	if screen == nil {
		progress := stdout
		if f.json {
			progress = stderr
		}
		console := report.NewConsole(progress)
		live.show = console.Show
	}
	var recording *history.Writer
	if f.out != "" {
		recording, err = f.create(doc.Scenario.Name)
		if err != nil {
			return &exit{exitUsage, err}
		}
		options.Sinks = append(options.Sinks, recording.Append)
	}
	options.Sinks = append(options.Sinks, live.sink) // after the recording: what is shown is on the disk
	if screen != nil {
		err = conductOnScreen(run.New(options), live, f.screenOptions(*screen, recording != nil, doc.Scenario.Name))
	} else {
		err = conduct(run.New(options))
	}
	final := live.builder.Report()
	if recording != nil {
		err = errors.Join(err, recording.Close(), writeForms(f.out, final))
	}
	if f.json {
		err = errors.Join(err, final.JSON(stdout))
	} else {
		err = errors.Join(err, final.Text(stdout))
	}
	_ = rememberVerdict(final, time.Now()) // only the home screen misses it: no reason to fail a run
	err = errors.Join(err, tellCI(stderr, arg, final))
	return outcome(final, err)
}

func (f *runFlags) pickSeed(doc *scenarios.Document) uint64 {
	switch {
	case f.seed != 0:
		return f.seed
	case doc.Scenario.Seed != 0:
		return doc.Scenario.Seed
	}
	return rand.Uint64N(1_000_000) + 1 // short enough to be typed again
}

func (f *runFlags) create(name string) (*history.Writer, error) {
	if err := os.MkdirAll(f.out, 0o755); err != nil {
		return nil, fmt.Errorf("--out: %w", err)
	}
	path := filepath.Join(f.out, name+history.Extension)
	w, err := history.Create(path)
	if errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("--out: %s is there already; want another folder: a recording is never overwritten", path)
	}
	return w, err
}

// outcome turns verdict and error into the exit code.
func outcome(r *report.Report, err error) error {
	code := exitPass
	switch {
	case errors.Is(err, run.ErrInterrupted) || r.Interrupted != "":
		return &exit{exitInterrupted, withoutInterrupt(err)}
	case err != nil:
		code = exitUnknown
	case r.Verdict.Outcome == verdict.Fail:
		code = exitFail
	case r.Verdict.Outcome == verdict.Unknown:
		code = exitUnknown
	}
	if code == exitPass {
		return nil
	}
	return &exit{code, err}
}

// withoutInterrupt leaves out an error that only repeats that the run was interrupted: the verdict has said so.
func withoutInterrupt(err error) error {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		var rest []error
		for _, one := range many.Unwrap() {
			rest = append(rest, withoutInterrupt(one))
		}
		return errors.Join(rest...)
	}
	if errors.Is(err, run.ErrInterrupted) {
		return nil
	}
	return err
}

// conduct runs without a screen; SIGINT, SIGTERM and SIGHUP end it in order, a second one at once: the guardian mends what is left.
func conduct(r *run.Run) error {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)
	done := make(chan struct{})
	defer close(done)
	go func() {
		for n := 0; ; n++ {
			select {
			case s := <-signals:
				if n > 0 {
					os.Exit(exitInterrupted)
				}
				r.Stop(signalName(s))
			case <-done:
				return
			}
		}
	}()
	return r.Conduct()
}

func signalName(s os.Signal) string {
	switch s {
	case syscall.SIGINT:
		return "Ctrl-C (SIGINT)"
	case syscall.SIGTERM:
		return "SIGTERM"
	case syscall.SIGHUP:
		return "SIGHUP"
	}
	return s.String()
}
