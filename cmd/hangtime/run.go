package main

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
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
	headless, json, quick, allowFaults, all bool
	out, metricsListen                      string
	set, allow                              []string
	seed                                    uint64
	repeat                                  int
}

func runCommand() *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "run SCENARIO|FILE.yaml...",
		Short: "run a scenario: start a server, load it, break it, watch it, judge it",
		Long: `run starts the reference server of a scenario, sends load to it, injects the scenario's faults, and judges what was seen, one variant after the other.

On a terminal it shows everything live; without one, or with --headless, it prints one line of progress a second and the same verdict as text.
Several scenarios, --all or --repeat run one after the other, without the live screen, and end in a table; the exit code is that of the worst.
Ctrl-C ends it in order at any moment: faults are healed, the server is stopped, what is known so far is printed.`,
		Example: `  hangtime run log-contention
  hangtime run worker-kill --quick --headless --out /tmp/kill
  hangtime run ./my.yaml --set server.workers=8 --set load.rate=400/s
  hangtime run log-contention worker-timeout --repeat 5 --out /tmp/five
  hangtime run --all --quick --headless`,
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case f.all && len(args) > 0:
				return &exit{exitUsage, errors.New("--all runs every built-in scenario; want either it or names")}
			case !f.all && len(args) == 0:
				return &exit{exitUsage, errors.New("run what? want a scenario's name, a file, or --all; `hangtime scenarios list` shows the names")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	flags := cmd.Flags()
	flags.BoolVar(&f.headless, "headless", false, "plain lines instead of the live screen (chosen by itself without a terminal)")
	flags.BoolVar(&f.json, "json", false, "only result.json on standard output; progress on standard error; implies --headless")
	flags.BoolVar(&f.quick, "quick", false, "the shorter form of the scenario")
	flags.BoolVar(&f.all, "all", false, "every built-in scenario, one after the other")
	flags.IntVar(&f.repeat, "repeat", 1, "run each scenario so often; medians, spreads and verdicts that differ are told at the end")
	flags.StringVar(&f.out, "out", "", "folder for the recording, result.json, junit.xml, report.html, summary.md and metrics.om; made if it is missing")
	flags.StringArrayVar(&f.set, "set", nil, "change a key of the scenario, such as server.workers=8; may be given again")
	flags.BoolVar(&f.allowFaults, "allow-faults", false, "break a server that hangtime did not start (server.kind attach)")
	flags.StringArrayVar(&f.allow, "allow", nil,
		"a host other than this machine that may be loaded (server.kind url); may be given again")
	flags.StringVar(&f.metricsListen, "metrics-listen", "",
		"serve live OpenMetrics at http://ADDRESS/metrics while it runs, such as 127.0.0.1:9464")
	flags.Uint64Var(&f.seed, "seed", 0, "of every random choice (0: the scenario's, or a new one); each repeat takes the next")
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

// run reads everything that was named before anything is started.
func (f *runFlags) run(cmd *cobra.Command, args []string) error {
	if f.repeat < 1 || f.repeat > 1000 {
		return &exit{exitUsage, fmt.Errorf("--repeat %d: want 1 to 1000", f.repeat)}
	}
	self, err := os.Executable()
	if err != nil {
		return &exit{exitUnknown, fmt.Errorf("find hangtime's own binary: %w", err)}
	}
	if f.all {
		args = scenarios.Names()
	}
	plans := make([]plan, 0, len(args))
	for _, arg := range args {
		doc, err := f.open(arg)
		if err != nil {
			return err
		}
		plans = append(plans, plan{arg: arg, doc: doc, seed: f.pickSeed(doc)})
	}
	exposed, err := run.Expose(f.metricsListen)
	if err != nil {
		return &exit{exitUsage, err}
	}
	if exposed != nil {
		defer exposed.Close()
		fmt.Fprintf(cmd.ErrOrStderr(), "metrics are at %s while it runs\n", exposed.URL())
	}
	r := &runner{flags: f, self: self, exposed: exposed, stdout: cmd.OutOrStdout(), stderr: cmd.ErrOrStderr()}
	if len(plans) > 1 || f.repeat > 1 {
		return r.suite(plans)
	}
	var screen *tui.Options
	if !f.headless && !f.json {
		if screen, err = screenFor(cmd); err != nil {
			return err
		}
	}
	return r.single(plans[0], screen)
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
	options := run.Options{Document: p.doc, Name: name, Self: r.self, Tool: version(), Seed: seed,
		AllowFaults: r.flags.allowFaults, Allow: r.flags.allow}
	var recording *history.Writer
	if out != "" {
		var err error
		if recording, err = run.CreateRecording(out, name); err != nil {
			return nil, &exit{exitUsage, fmt.Errorf("--out: %w", err)}
		}
		options.Sinks = append(options.Sinks, recording.Append)
	}
	options.Sinks = append(options.Sinks, live.Sink) // after the recording: what is shown is on the disk
	now := run.New(options)
	live.Abort = now.Abort
	r.exposed.Show(live.OpenMetrics)
	var err error
	if screen != nil {
		err = conductOnScreen(now, live, r.flags.screenOptions(*screen, recording != nil, name))
	} else {
		err = conduct(now)
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

func (f *runFlags) pickSeed(doc *scenarios.Document) uint64 {
	switch {
	case f.seed != 0:
		return f.seed
	case doc.Scenario.Seed != 0:
		return doc.Scenario.Seed
	}
	return newSeed()
}

// newSeed is short enough to be typed again.
func newSeed() uint64 { return rand.Uint64N(1_000_000) + 1 }

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

// A conductor is what can be run and stopped: a scenario, or a load alone.
type conductor interface {
	Conduct() error
	Stop(by string)
}

// conduct runs without a screen; SIGINT, SIGTERM and SIGHUP end it in order, a second one at once: the guardian mends
// what is left.
func conduct(r conductor) error {
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
