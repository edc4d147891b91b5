package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/hangtime-dev/hangtime/faults"
	"github.com/hangtime-dev/hangtime/report"
	"github.com/hangtime-dev/hangtime/scenarios"
	"github.com/hangtime-dev/hangtime/tui"
	"github.com/hangtime-dev/hangtime/verdict"
)

// keptRuns is how many runs of one scenario the home screen keeps, with their recordings; older ones are deleted.
const keptRuns = 5

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
	out, err := folderForRun(choice.Name, time.Now())
	if err != nil {
		return err
	}
	return (&runFlags{quick: choice.Quick, out: out, repeat: 1}).run(cmd, []string{choice.Name})
}

// folderForRun is a new folder for the recording of a run, and makes room for it.
func folderForRun(scenario string, now time.Time) (string, error) {
	state, err := faults.StateDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(state, "runs", strings.TrimSuffix(filepath.Base(scenario), filepath.Ext(scenario)))
	older, err := filepath.Glob(filepath.Join(dir, "20*")) // sorted, and so by time
	if err != nil {
		return "", err
	}
	for _, old := range older[:max(len(older)-keptRuns+1, 0)] {
		if err := os.RemoveAll(old); err != nil {
			return "", fmt.Errorf("delete the recording of an old run: %w", err)
		}
	}
	return filepath.Join(dir, now.UTC().Format("20060102T150405.000")), nil
}

// listed are the built-in scenarios and then one's own, with what became of them last.
func listed(now time.Time) []tui.Scenario {
	last := readVerdicts()
	var all []tui.Scenario
	for _, name := range scenarios.Names() {
		text, err := scenarios.Text(name)
		all = append(all, listing(name, "", string(text), err, last, now))
	}
	dir, err := ownScenarios()
	if err != nil {
		return all
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*.yaml")) // an error is a malformed pattern
	for _, file := range files {
		text, err := os.ReadFile(file)
		all = append(all, listing(strings.TrimSuffix(filepath.Base(file), ".yaml"), file, string(text), err, last, now))
	}
	return all
}

func listing(name, file, text string, err error, last map[string]lastVerdict, now time.Time) tui.Scenario {
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
		s.Last, s.LastAt = verdict.Outcome(one.Outcome), ago(now.Sub(one.At))
	}
	return s
}

func ago(d time.Duration) string {
	switch {
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		return fmt.Sprintf("%d min ago", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h ago", int(d.Hours()))
	}
	return fmt.Sprintf("%d days ago", int(d.Hours()/24))
}

// edit opens a copy of a built-in scenario, or one's own file, in the editor, and says which scenario that is.
func edit(ctx context.Context, name string) (selected string, err error) {
	file := name
	if filepath.Ext(name) != ".yaml" {
		if file, err = copyScenario(name); err != nil {
			return name, err
		}
	}
	selected = strings.TrimSuffix(filepath.Base(file), ".yaml")
	editor := os.Getenv("VISUAL")
	if editor == "" {
		editor = os.Getenv("EDITOR")
	}
	if editor == "" {
		editor = "vi"
	}
	// Through a shell, because $EDITOR may hold options.
	run := exec.CommandContext(ctx, "sh", "-c", editor+` "$1"`, "sh", file)
	run.Stdin, run.Stdout, run.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := run.Run(); err != nil {
		return selected, fmt.Errorf("%s %s: %w; set EDITOR to the editor that you want", editor, file, err)
	}
	return selected, nil
}

// copyScenario makes a scenario of one's own from a built-in one, with a name that is free.
func copyScenario(name string) (string, error) {
	text, err := scenarios.Text(name)
	if err != nil {
		return "", err
	}
	dir, err := ownScenarios()
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("make the folder for scenarios of your own: %w", err)
	}
	for n := 1; ; n++ {
		own := fmt.Sprintf("%s-%d", name, n)
		file := filepath.Join(dir, own+".yaml")
		f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if errors.Is(err, os.ErrExist) {
			continue
		}
		if err != nil {
			return "", fmt.Errorf("copy the scenario: %w", err)
		}
		_, err = f.WriteString(strings.Replace(string(text), "\nname: "+name+"\n", "\nname: "+own+"\n", 1))
		return file, errors.Join(err, f.Close())
	}
}

// ownScenarios is where scenarios of one's own are.
func ownScenarios() (string, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("where to keep scenarios of your own: set XDG_CONFIG_HOME: %w", err)
	}
	return filepath.Join(dir, "hangtime", "scenarios"), nil
}

// A lastVerdict is what the last run of a scenario came to.
type lastVerdict struct {
	Outcome string    `json:"outcome"`
	At      time.Time `json:"at"`
}

const verdictsFile = "last-verdicts.json"

// readVerdicts has the last verdict by scenario. It is a convenience: a file that is missing or broken counts as empty.
func readVerdicts() map[string]lastVerdict {
	all := map[string]lastVerdict{}
	dir, err := faults.StateDir()
	if err != nil {
		return all
	}
	text, err := os.ReadFile(filepath.Join(dir, verdictsFile))
	if err != nil || json.Unmarshal(text, &all) != nil {
		return map[string]lastVerdict{}
	}
	return all
}

// rememberVerdict keeps what a run came to, for the home screen. The file is replaced as a whole, so that two runs cannot mix.
func rememberVerdict(r *report.Report, at time.Time) error {
	if r.Interrupted != "" || !r.Over {
		return nil
	}
	dir, err := faults.StateDir()
	if err != nil {
		return err
	}
	all := readVerdicts()
	all[r.Header.Scenario] = lastVerdict{string(r.Verdict.Outcome), at}
	text, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, verdictsFile+".*")
	if err != nil {
		return err
	}
	_, err = f.Write(append(text, '\n'))
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(dir, verdictsFile))
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

// ownNames are the files of one's own scenarios.
func ownNames() []string {
	dir, err := ownScenarios()
	if err != nil {
		return nil
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*.yaml")) // an error is a malformed pattern
	return slices.Clip(files)
}
