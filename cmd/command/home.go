package command

import (
	"context"
	"errors"
	"fmt"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/hangtime-dev/hangtime/input"
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
		if choice.Edit {
			selected, err = edit(ctx, choice.Name)
		} else {
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
	return (&runFlags{quick: choice.Quick, out: out, repeat: 1}).run(cmd, []string{choice.Name})
}

// listed are the built-in scenarios and then one's own, with what became of them last.
func listed(now time.Time) []tui.Scenario {
	last := run.LastVerdicts()
	var all []tui.Scenario
	for _, name := range scenarios.Names() {
		text, err := scenarios.Text(name)
		all = append(all, listing(name, "", string(text), err, last, now))
	}
	for _, file := range scenarios.OwnFiles() {
		text, err := input.ReadFile(file, input.MostYAML)
		all = append(all, listing(strings.TrimSuffix(filepath.Base(file), ".yaml"), file, string(text), err, last, now))
	}
	return all
}

func listing(name, file, text string, err error, last map[string]run.LastVerdict, now time.Time) tui.Scenario {
	s := tui.Scenario{Name: name, File: file, Text: text}
	var doc *scenarios.Document
	if err == nil {
		doc, err = scenarios.Read(name+".yaml", []byte(text))
	}
	if err != nil {
		s.Problem, _, _ = strings.Cut(err.Error(), "\n")
		return s
	}
	plan := doc.Scenario
	s.Title, s.Watch, s.Guide = plan.Title, plan.Watch, plan.Guide
	for _, v := range plan.Variants {
		line := fmt.Sprintf("%s: expect %s", v.Name, v.Expect)
		if v.Says != "" {
			line += "; " + v.Says
		}
		s.Variants = append(s.Variants, line)
	}
	s.Takes = plan.Phases.Total() * time.Duration(max(len(plan.Variants), 1))
	if len(plan.Quick) > 0 {
		if quick, err := doc.Quick(); err == nil {
			s.Quick = quick.Scenario.Phases.Total() * time.Duration(max(len(plan.Variants), 1))
		}
	}
	if one, ok := last[plan.Name]; ok {
		s.Last, s.LastAt = verdict.Outcome(one.Outcome), words.Ago(now.Sub(one.At))
	}
	return s
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
