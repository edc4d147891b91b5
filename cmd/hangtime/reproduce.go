package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/loadgen/accesslog"
	"github.com/hangtime-dev/hangtime/report"
	"github.com/hangtime-dev/hangtime/scenarios"
)

type reproduceFlags struct {
	out, name, variant, cause, accessLog, url string
	incident                                  int
}

func reproduceCommand() *cobra.Command {
	var f reproduceFlags
	cmd := &cobra.Command{
		Use:   "reproduce RECORDING|INCIDENT.json|ACCESS_LOG",
		Short: "write a scenario that brings an observed incident about again",
		Long: `reproduce writes a scenario file with the observed arrivals, endpoints and worker settings, and with the observed cause as a fault. Running it shows the same incident:
that is what its own checks ask for.

From a recording (of run or watch) it takes the first hang, else the first crash, or the one of --incident; from result.json or an incident as JSON the cause, and the arrivals
from --access-log. An access log alone (Common or Combined format, or JSON lines) has arrivals and endpoints: --cause says what to break, and each endpoint becomes a task of the
reference server; with --url the same requests go to your own server, as they came.`,
		Example: `  hangtime reproduce log-contention.hangtime -o again.yaml && hangtime run ./again.yaml
  hangtime reproduce result.json --access-log access.log -o again.yaml
  hangtime reproduce access.log --cause file-lock -o again.yaml
  hangtime reproduce access.log --url http://127.0.0.1:8000 -o again.yaml`,
		Args: exactly(1, "one recording, result.json, incident or access log"),
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := f.reproduce(args[0])
			if err != nil {
				return &exit{exitUsage, err}
			}
			return writeTo(cmd.OutOrStdout(), f.out, func(w io.Writer) error {
				_, err := w.Write(text)
				return err
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&f.out, "output", "o", "", "file to write to (empty: standard output)")
	flags.StringVar(&f.name, "name", "", "of the scenario (empty: made from the file's)")
	flags.StringVar(&f.variant, "variant", "", "of the recording, in which the incident was (empty: any)")
	flags.IntVar(&f.incident, "incident", 0, "its number in its variant (0: the first hang, else the first crash)")
	flags.StringVar(&f.accessLog, "access-log", "", "take arrivals and endpoints from this access log")
	flags.StringVar(&f.cause, "cause", "", "what to break, for an access log alone: "+strings.Join(scenarios.Causes(), ", "))
	flags.StringVar(&f.url, "url", "", "send the access log's requests to this server instead of the reference server")
	return cmd
}

func (f *reproduceFlags) reproduce(path string) ([]byte, error) {
	if f.cause != "" && f.url != "" {
		return nil, errors.New("--cause breaks the reference server and --url is one of your own; want one of the two")
	}
	name := f.name
	if name == "" {
		base := filepath.Base(path)
		name = strings.Trim(regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(strings.ToLower(strings.TrimSuffix(base, filepath.Ext(base))), "-"), "-") + "-again"
	}
	kind, err := kindOf(path)
	if err != nil {
		return nil, err
	}
	switch kind {
	case "recording":
		r, err := readRecording(path, newLiveReport(nil))
		if err != nil {
			return nil, errors.Unwrap(err)
		}
		seen, err := r.Observed(f.variant, f.incident, filepath.Base(path))
		if err != nil {
			return nil, err
		}
		return f.write(seen, name)
	case "json":
		seen, err := f.fromJSON(path)
		if err != nil {
			return nil, err
		}
		return f.write(seen, name)
	}
	return f.fromAccessLog(path, name)
}

func (f *reproduceFlags) write(seen report.Seen, name string) ([]byte, error) {
	if f.accessLog != "" {
		load, span, err := readAccessLog(f.accessLog)
		if err != nil {
			return nil, err
		}
		seen.Load, seen.Span = load, span
	}
	s, notes, err := seen.Reproduce(name)
	if err != nil {
		return nil, err
	}
	return scenarios.Write(s, notes)
}

// kindOf tells a recording, JSON and an access log apart by how the file begins.
func kindOf(path string) (string, error) {
	in, err := history.Open(path)
	if err == nil {
		return "recording", in.Close()
	}
	if strings.HasSuffix(path, history.Extension) {
		return "", err
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	// JSON lines, too, begin with a brace: what is one object over several lines, or names an incident, is no access log.
	begin := make([]byte, 4096)
	n, err := io.ReadFull(f, begin)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return "", fmt.Errorf("%s: %w; want a recording, a result.json or an access log", path, err)
	}
	text := strings.TrimSpace(string(begin[:n]))
	first, _, _ := strings.Cut(text, "\n")
	if strings.HasPrefix(text, "{") && (strings.TrimSpace(first) == "{" || strings.Contains(first, `"cause"`) || strings.Contains(first, `"variants"`) || strings.Contains(first, `"incidents"`)) {
		return "json", nil
	}
	return "log", nil
}

// fromJSON reads a result.json, what `hangtime diagnose --json` prints, or a single incident, as --on-hang of `hangtime watch` is given it.
func (f *reproduceFlags) fromJSON(path string) (report.Seen, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return report.Seen{}, err
	}
	var whole struct {
		Cause     json.RawMessage        `json:"cause"`
		Incidents []json.RawMessage      `json:"incidents"`
		Workers   []json.RawMessage      `json:"workers"`
		Variants  []report.ResultVariant `json:"variants"`
	}
	if err := json.Unmarshal(text, &whole); err != nil {
		return report.Seen{}, fmt.Errorf("%s: %w; want a result.json of hangtime, or an incident of it", path, err)
	}
	type candidate struct {
		variant string
		report.ResultIncident
	}
	var all []candidate
	for _, v := range whole.Variants {
		for _, in := range v.Incidents {
			all = append(all, candidate{v.Name, in})
		}
	}
	if whole.Cause != nil {
		whole.Incidents = append(whole.Incidents, text)
	}
	for _, raw := range whole.Incidents {
		one, err := incidentFromJSON(raw)
		if err != nil {
			return report.Seen{}, fmt.Errorf("%s: %w; want an incident as hangtime writes it", path, err)
		}
		all = append(all, candidate{"", one})
	}
	have := ""
	var chosen *report.ResultIncident
	for i := range all {
		in := &all[i].ResultIncident
		where := ""
		if all[i].variant != "" {
			where = "variant " + all[i].variant + " has "
		}
		have += fmt.Sprintf("; %s%s #%d (%s)", where, in.Kind, in.ID, in.Cause)
		right := (f.variant == "" || f.variant == all[i].variant) && (f.incident == 0 || f.incident == in.ID)
		if right && (chosen == nil || f.incident == 0 && chosen.Kind != diagnose.KindHang && in.Kind == diagnose.KindHang) {
			chosen = in
		}
	}
	if chosen == nil {
		return report.Seen{}, fmt.Errorf("%s has no such incident%s", path, have)
	}
	longest := time.Duration(chosen.LongestMS * float64(time.Millisecond))
	seen := report.Seen{
		Source: fmt.Sprintf("%s #%d in %s", chosen.Kind, chosen.ID, filepath.Base(path)), Kind: chosen.Kind, Cause: chosen.Cause, Said: chosen.Sentence,
		Lasted: longest, Longest: longest, Workers: len(whole.Workers),
	}
	if chosen.EndedMS != nil {
		seen.Lasted = time.Duration((*chosen.EndedMS - chosen.BeganMS) * float64(time.Millisecond))
	}
	return seen, nil
}

// incidentFromJSON reads an incident of result.json, whose cause is a word, or one of watch and diagnose, whose cause is told in full.
func incidentFromJSON(text []byte) (report.ResultIncident, error) {
	var of struct{ Cause json.RawMessage }
	if err := json.Unmarshal(text, &of); err != nil {
		return report.ResultIncident{}, err
	}
	if strings.HasPrefix(string(of.Cause), `"`) {
		var one report.ResultIncident
		err := json.Unmarshal(text, &one)
		return one, err
	}
	var one incidentJSON
	if err := json.Unmarshal(text, &one); err != nil {
		return report.ResultIncident{}, err
	}
	return report.ResultIncident{ID: one.ID, Kind: one.Kind, Cause: one.Cause.Kind, Sentence: one.Cause.Sentence, LongestMS: one.Longest * 1000}, nil
}

// fromAccessLog makes a scenario of arrivals and endpoints alone, or with a cause that the user names.
func (f *reproduceFlags) fromAccessLog(path, name string) ([]byte, error) {
	load, span, err := readAccessLog(path)
	if err != nil {
		return nil, err
	}
	notes := []string{"Made by `hangtime reproduce` from the access log " + filepath.Base(path) + "."}
	if f.url != "" {
		whole, err := filepath.Abs(path)
		if err != nil {
			return nil, err
		}
		length := max(min(span, time.Hour-time.Minute).Round(time.Second), 2*time.Second)
		s := scenarios.Default()
		s.Name, s.Title = name, "sends what "+filepath.Base(path)+" has again"
		s.Server.Kind, s.Server.URL = "url", f.url
		s.Load.Shape, s.Load.Log, s.Load.Rate, s.Load.Targets = "replay", whole, load.Rate, nil
		s.Phases = scenarios.Phases{Before: length / 2, During: length - length/2}
		s.Variants = []scenarios.Variant{{Name: "again", Says: "the same requests at the same moments", Expect: scenarios.Any}}
		return scenarios.Write(s, append(notes, "The requests are sent as they came; `speed: 10` under load sends them ten times as fast."))
	}
	if f.cause == "" {
		return nil, errors.New("an access log does not say what was the matter: --cause names it, or --url sends the same requests to your own server")
	}
	kind := broughtAbout(f.cause)
	if kind == "" {
		can := slices.DeleteFunc(scenarios.Causes(), func(cause string) bool { return broughtAbout(cause) == "" })
		return nil, fmt.Errorf("--cause %s: no built-in scenario brings that about; want one of %s", f.cause, strings.Join(can, ", "))
	}
	seen := report.Seen{Source: "the access log " + filepath.Base(path), Kind: kind, Cause: f.cause, Said: "a " + kind + " with cause " + f.cause + ", as the command line says", Lasted: 5 * time.Second, Load: load, Assumed: true, Span: span}
	s, more, err := seen.Reproduce(name)
	if err != nil {
		return nil, err
	}
	return scenarios.Write(s, append(notes, more[2:]...))
}

// mostEndpoints is how many of an access log become targets; the rest are put under the last.
const mostEndpoints = 20

// readAccessLog is an access log as a load for the reference server: its arrivals, and for each endpoint a task with its share.
func readAccessLog(path string) (scenarios.Load, time.Duration, error) {
	file, err := os.Open(path)
	if err != nil {
		return scenarios.Load{}, 0, err
	}
	defer file.Close()
	tally, err := accesslog.Count(file)
	if err != nil {
		return scenarios.Load{}, 0, fmt.Errorf("%s: %w", path, err)
	}
	load := report.Arrivals{Step: time.Second, Counts: tally.Seconds}.Load()
	load.Targets = targetsOf(tally.Endpoints)
	return load, tally.Span, nil
}

func targetsOf(endpoints map[string]int) []scenarios.Target {
	names := slices.SortedFunc(maps.Keys(endpoints), func(a, b string) int {
		return cmp.Or(cmp.Compare(endpoints[b], endpoints[a]), cmp.Compare(a, b))
	})
	var targets []scenarios.Target
	for i, name := range names {
		if i >= mostEndpoints {
			targets[mostEndpoints-1].Weight += endpoints[name]
			targets[mostEndpoints-1].Tag = strconv.Itoa(len(names)-mostEndpoints+1) + " others"
			continue
		}
		targets = append(targets, scenarios.Target{
			Tag: name, Method: "POST", Path: "/task", Header: map[string]string{"Content-Type": "application/json"}, Body: `{"work":"sleep","duration":"20ms"}`, Expect: []int{202}, Weight: endpoints[name],
		})
	}
	return targets
}

// broughtAbout says what the built-in scenarios know to do with a cause: a hang, else a crash, else nothing.
func broughtAbout(cause string) string {
	if _, ok := scenarios.Recipe(scenarios.Hang, cause); ok {
		return "hang"
	}
	if _, ok := scenarios.Recipe(scenarios.Crash, cause); ok {
		return "crash"
	}
	return ""
}
