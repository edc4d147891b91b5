package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/hangtime-dev/hangtime/report"
	"github.com/hangtime-dev/hangtime/scenarios"
	"github.com/hangtime-dev/hangtime/verdict"
)

// python is the source that is no scenario: facts.py tries Python and gunicorn themselves.
const (
	python        = "python"
	pythonProgram = "docs/guide/facts.py"
	pythonBinary  = "/usr/bin/python3" // the one that has the distribution's gunicorn and Flask
)

// measurements are what was measured, by source.
type measurements map[string]measurement

// A measurement is one run of a scenario, or of facts.py.
type measurement struct {
	Tool     string          `json:"tool"`
	Kernel   string          `json:"kernel"`
	Cores    int             `json:"cores"`
	Started  time.Time       `json:"started"`
	Outcome  string          `json:"outcome"`
	Variants map[string]seen `json:"variants"`
}

// A seen is what one variant showed.
type seen struct {
	Outcome string `json:"outcome,omitempty"`
	// Figures are those of docs/metrics.md that were known, and answered_503 for each status.
	Figures map[string]float64 `json:"figures"`
	// AtLeast are the figures that are lower bounds.
	AtLeast []string `json:"at_least,omitempty"`
	Causes  []string `json:"causes,omitempty"` // of its incidents
	Victims int      `json:"victims"`          // places of workers that were part of an incident
	Why     string   `json:"why,omitempty"`    // the first incident's, in words
}

func readMeasurements(path string) (measurements, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	all := measurements{}
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return all, nil
}

func (m measurements) write(path string) error {
	text, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}

// runScenario runs the quick form of a scenario. A verdict that is no pass is a result, too: findings follow
// the figures.
func runScenario(ctx context.Context, binary, name string) (measurement, error) {
	dir, err := os.MkdirTemp("", "hangtime-guide-")
	if err != nil {
		return measurement{}, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if binary, err = filepath.Abs(binary); err != nil {
		return measurement{}, err
	}
	path := scenarioOf(name)
	cmd := exec.CommandContext(ctx, binary, "run", path, "--quick", "--headless", "--out", dir)
	if path != name {
		env, end, err := surroundings(ctx)
		if err != nil {
			return measurement{}, err
		}
		defer end()
		cmd.Args[2], cmd.Dir, cmd.Env = "./"+filepath.Base(path), filepath.Dir(path), env
	}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGINT) } // it heals what it broke
	cmd.WaitDelay = 10 * time.Second
	said, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1 && exit.ExitCode() != 3) {
		return measurement{}, fmt.Errorf("%w: %s", err, said[max(len(said)-500, 0):])
	}
	text, err := os.ReadFile(filepath.Join(dir, "result.json"))
	if err != nil {
		return measurement{}, err
	}
	var r report.Result
	if err := json.Unmarshal(text, &r); err != nil {
		return measurement{}, err
	}
	return fromResult(r), nil
}

func fromResult(r report.Result) measurement {
	m := measurement{Tool: "hangtime " + r.Tool, Kernel: r.Kernel, Cores: r.Cores,
		Started: r.Started.UTC().Truncate(time.Second), Outcome: string(r.Outcome), Variants: map[string]seen{}}
	for _, v := range r.Variants {
		s := seen{Outcome: string(v.Outcome), Figures: map[string]float64{}}
		for _, f := range v.Figures {
			if f.Known {
				s.Figures[f.Name] = f.Value
			}
			if f.AtLeast {
				s.AtLeast = append(s.AtLeast, f.Name)
			}
		}
		for status, n := range v.Status {
			s.Figures[answered+status] = float64(n)
		}
		places := map[int]bool{}
		for _, in := range v.Incidents {
			s.Causes = append(s.Causes, in.Cause.Kind)
			if s.Why == "" {
				s.Why = withoutFolder(in.Cause.Sentence)
			}
			for _, victim := range in.Victims {
				places[victim.Worker] = true
			}
		}
		s.Victims = len(places)
		m.Variants[v.Name] = s
	}
	return m
}

// answered begins the names of the counts of answers by status.
const answered = "answered_"

// runFolder is where a run keeps the server's files: nobody knows it after the run.
var runFolder = regexp.MustCompile(`/\S*/hangtime-run-[0-9a-f]+/[^/\s]+/`)

func withoutFolder(text string) string {
	return outFolder.ReplaceAllString(runFolder.ReplaceAllString(text, ""), "")
}

// outFolder is where a run of ours puts its results.
var outFolder = regexp.MustCompile(` --out /\S*hangtime-guide-[0-9]+`)

// tryPython runs facts.py.
func tryPython(ctx context.Context) (measurement, error) {
	began := time.Now()
	cmd := exec.CommandContext(ctx, pythonBinary, pythonProgram)
	var wrong bytes.Buffer
	cmd.Stderr = &wrong
	text, err := cmd.Output()
	if err != nil {
		return measurement{}, fmt.Errorf("%s %s: %w: %s", pythonBinary, pythonProgram, err,
			strings.TrimSpace(wrong.String()))
	}
	var said struct {
		Tool string
		Seen map[string]map[string]float64
	}
	if err := json.Unmarshal(text, &said); err != nil {
		return measurement{}, err
	}
	kernel, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return measurement{}, err
	}
	m := measurement{Tool: said.Tool, Kernel: strings.TrimSpace(string(kernel)), Cores: runtime.NumCPU(),
		Started: began.UTC().Truncate(time.Second), Outcome: "measured", Variants: map[string]seen{}}
	for name, figures := range said.Seen {
		m.Variants[name] = seen{Figures: figures}
	}
	return m, nil
}

// title and unit of a figure of hangtime's or of facts.py's, which says the unit at the end of the name.
func title(name string) (text, unit string) {
	for _, f := range scenarios.Figures() {
		if f.Name == name {
			return f.Title, f.Unit
		}
	}
	words := strings.ReplaceAll(name, "_", " ")
	if status, ok := strings.CutPrefix(name, answered); ok {
		return "requests answered " + status, ""
	}
	if bare, ok := strings.CutSuffix(words, " ms"); ok {
		return bare, "ms"
	}
	if bare, ok := strings.CutSuffix(words, " bytes"); ok {
		return strings.ToUpper(bare) + " of all of them", "bytes"
	}
	return words, ""
}

// text is a figure for people; ok is false where it was not measured.
func (s seen) text(name string) (text string, ok bool) {
	scenario := s.Outcome != "" // facts.py has figures alone
	switch name {
	case "causes":
		return orNone(strings.Join(s.Causes, ", ")), scenario
	case "why":
		return orNone(s.Why), scenario
	case "outcome":
		return s.Outcome, scenario
	}
	value, ok := s.number(name)
	_, unit := title(name)
	text = verdict.Text(value, unit, ok)
	for _, bound := range s.AtLeast {
		if bound == name {
			text = "> " + text
		}
	}
	return text, ok
}

func (s seen) number(name string) (float64, bool) {
	scenario := s.Outcome != ""
	if name == "victims" {
		return float64(s.Victims), scenario
	}
	value, ok := s.Figures[name]
	// A status that nobody was answered with was seen, too: none of them.
	return value, ok || scenario && strings.HasPrefix(name, answered)
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}
