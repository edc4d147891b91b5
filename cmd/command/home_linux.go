package command

import (
	"context"
	"errors"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/probe/discovery"
	"github.com/hangtime-dev/hangtime/run"
	"github.com/hangtime-dev/hangtime/scenarios"
	"github.com/hangtime-dev/hangtime/tui"
	"github.com/hangtime-dev/hangtime/verdict"
	"github.com/hangtime-dev/hangtime/words"
)

// firstScenario is selected for someone who has picked nothing yet: the hang that most people come for.
const firstScenario = "log-contention"

// home is hangtime without a command: on a terminal the picker, from which scenarios are run until a person leaves.
func home(cmd *cobra.Command) error {
	options, err := screenFor(cmd)
	if err != nil {
		return err
	}
	if options == nil {
		return cmd.Help()
	}
	// A terminal that is gone must end the loop, not only the screen that is on.
	ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGHUP, syscall.SIGTERM)
	defer stop()
	selected := firstScenario
	for {
		choice, err := tui.Home(ctx, listed(time.Now()), selected, *options)
		switch {
		case ctx.Err() != nil:
			return &exit{exitInterrupted, nil}
		case err != nil:
			return &exit{exitUnknown, err}
		case choice.Name == "":
			return nil
		}
		options.Notice = ""
		switch {
		case choice.Server != 0:
			selected, err = choice.Name, watchFromHome(cmd, choice.Server)
		case choice.Edit:
			selected, err = edit(ctx, choice.Name)
		default:
			selected, err = choice.Name, runFromHome(cmd, choice)
		}
		if ctx.Err() != nil {
			return &exit{exitInterrupted, nil}
		}
		var coded *exit
		if errors.As(err, &coded) {
			err = coded.err
		}
		if err != nil {
			options.Notice, _, _ = strings.Cut(err.Error(), "\n")
		}
	}
}

func runFromHome(cmd *cobra.Command, choice tui.Choice) error {
	out, err := run.KeptFolder(choice.Name, time.Now())
	if err != nil {
		return err
	}
	return (&runFlags{quick: choice.Quick, variant: choice.Variant, out: out, repeat: 1}).run(cmd, []string{choice.Name})
}

func watchFromHome(cmd *cobra.Command, pid int) error {
	f := watchFlags{every: time.Minute, target: targetFlags{pid: pid, hangAfter: diagnose.DefaultHangAfter, cmd: cmd}}
	return f.watch(cmd)
}

// listed are the servers of this machine that can be watched, the built-in scenarios and one's own, with what became of them
// last.
func listed(now time.Time) []tui.Scenario {
	var all []tui.Scenario
	servers, _, _ := discovery.Here() // where they cannot be seen there is none to be offered
	for _, c := range servers[:min(len(servers), mostOffered)] {
		all = append(all, tui.ToWatch(c.Arbiter, discovery.Command(c.Arbiter), c.Address, c.Children))
	}
	last := run.LastVerdicts()
	for _, l := range scenarios.List() {
		s := tui.Scenario{Group: l.Group, Name: l.Name, File: l.File, Text: l.Text, Title: l.Title, Watch: l.Watch, Guide: l.Guide,
			Variants: l.Variants, Takes: l.Takes, Quick: l.Quick, Problem: l.Problem}
		if one, ok := last[l.Name]; ok {
			s.Last, s.LastAt = verdict.Outcome(one.Outcome), words.Ago(now.Sub(one.At))
		}
		all = append(all, s)
	}
	return all
}

// edit opens a copy of a built-in scenario, or one's own file, in the editor, and says which scenario that is.
func edit(ctx context.Context, name string) (selected string, err error) {
	file := name
	if filepath.Ext(name) != ".yaml" {
		if file, err = scenarios.Copy(name); err != nil {
			return name, err
		}
	}
	selected = strings.TrimSuffix(filepath.Base(file), ".yaml")
	return selected, tui.Edit(ctx, file)
}
