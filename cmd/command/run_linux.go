package command

import (
	"cmp"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/hangtime-dev/hangtime/run"
	"github.com/hangtime-dev/hangtime/scenarios"
	"github.com/hangtime-dev/hangtime/tui"
)

func runCommand() *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "run SCENARIO|FILE.yaml...",
		Short: "run a scenario: start a server, load it, break it, watch it, judge it",
		Long: `run starts the scenario's server, sends load to it, injects the scenario's faults, and judges what was seen, one variant after the other.

On a terminal it shows everything live; without one, or with --headless, it prints one line of progress a second and the same verdict as text.
Several scenarios, --all or --repeat run one after the other, without the live screen, and end with a table; the exit code is that of the worst.
Ctrl-C ends the run cleanly at any time: faults are healed, the server is stopped, and what is known so far is printed.`,
		Example: `  hangtime run log-contention
  hangtime run worker-kill --quick --headless --out /tmp/kill
  hangtime run log-contention --variant shared
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
	flags.BoolVar(&f.headless, "headless", false, "plain lines instead of the live screen (the default without a terminal)")
	flags.BoolVar(&f.json, "json", false, "only result.json on standard output; progress on standard error; implies --headless")
	flags.BoolVar(&f.quick, "quick", false, "the shorter form of the scenario")
	flags.StringVar(&f.variant, "variant", "", "name of the only variant to run (default: all)")
	flags.BoolVar(&f.all, "all", false, "every built-in scenario, one after the other")
	flags.IntVar(&f.repeat, "repeat", 1, "how often to run each scenario; the end shows medians, spreads, and verdicts that differ")
	flags.StringVar(&f.out, "out", "", "folder for the recording, result.json, junit.xml, report.html, summary.md and metrics.om; made if it is missing")
	flags.StringArrayVar(&f.set, "set", nil, "change a key of the scenario, such as server.workers=8; may be given again")
	flags.BoolVar(&f.allowFaults, "allow-faults", false, "break a server that hangtime did not start (server.kind attach)")
	flags.StringArrayVar(&f.allow, "allow", nil,
		"a host other than this machine that may be loaded (server.kind url); may be given again")
	flags.StringVar(&f.metricsListen, "metrics-listen", "",
		"serve live OpenMetrics at http://ADDRESS/metrics while it runs, such as 127.0.0.1:9464")
	flags.Uint64Var(&f.seed, "seed", 0, "seed of every random choice (0: the scenario's, or a new one); each repeat takes the next")
	return cmd
}

// open reads the scenario with --quick, --variant and --set applied; whatever is wrong with it is a usage error.
func (f *runFlags) open(arg string) (*scenarios.Document, error) {
	doc, err := scenarios.OpenAs(arg, scenarios.Choice{Quick: f.quick, Variant: f.variant, Set: f.set})
	if err == nil {
		err = hasTaskPlaces(doc)
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

func (f *runFlags) pickSeed(doc *scenarios.Document) uint64 {
	return cmp.Or(f.seed, doc.Scenario.Seed, newSeed())
}
