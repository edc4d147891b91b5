package command

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/input"
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

// mostJSON bounds a result.json, in bytes: the largest that are written have some MiB.
const mostJSON = 32 << 20

func (f *reproduceFlags) reproduce(path string) ([]byte, error) {
	if f.incident < 0 {
		return nil, fmt.Errorf("--incident %d: want 1 or more, or 0 for the first", f.incident)
	}
	if f.cause != "" && f.url != "" {
		return nil, errors.New("--cause breaks the reference server and --url is one of your own; want one of the two")
	}
	name := cmp.Or(f.name, scenarios.NameFor(path)+"-again")
	kind, err := kindOf(path)
	if err != nil {
		return nil, err
	}
	var seen report.Seen
	switch kind {
	case aRecording:
		var r *report.Report
		if r, err = report.ReadRecording(path, report.NewLive(nil)); err != nil {
			return nil, err
		}
		seen, err = r.Observed(f.variant, f.incident, filepath.Base(path))
	case someJSON:
		var text []byte
		if text, err = input.ReadFile(path, mostJSON); err != nil {
			return nil, err
		}
		seen, err = report.SeenInJSON(text, f.variant, f.incident, filepath.Base(path))
	default:
		return f.fromAccessLog(path, name)
	}
	if err == nil && f.accessLog != "" {
		var requests *report.Requests
		if requests, err = readAccessLog(f.accessLog); err == nil {
			seen.Load, seen.Span = requests.Load()
		}
	}
	if err != nil {
		return nil, err
	}
	s, notes, err := seen.Reproduce(name)
	if err != nil {
		return nil, err
	}
	return scenarios.Write(s, notes)
}

// A fileKind is what a file that is to be reproduced holds.
type fileKind int

const (
	aRecording fileKind = iota
	someJSON
	anAccessLog
)

// kindOf tells them apart by how the file begins.
func kindOf(path string) (fileKind, error) {
	in, err := history.OpenRecording(path)
	if err == nil {
		return aRecording, in.Close()
	}
	if strings.HasSuffix(path, history.Extension) {
		return 0, err
	}
	f, err := input.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	begin := make([]byte, 4096)
	n, err := io.ReadFull(f, begin)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return 0, fmt.Errorf("%s: %w; want a recording, a result.json or an access log", path, err)
	}
	if report.IsIncidentJSON(begin[:n]) {
		return someJSON, nil
	}
	return anAccessLog, nil
}

// fromAccessLog makes a scenario of arrivals and endpoints alone, or with a cause that the user names.
func (f *reproduceFlags) fromAccessLog(path, name string) ([]byte, error) {
	requests, err := readAccessLog(path)
	if err != nil {
		return nil, err
	}
	base := filepath.Base(path)
	notes := []string{"Made by `hangtime reproduce` from the access log " + base + "."}
	switch {
	case f.url != "":
		whole, err := filepath.Abs(path)
		if err != nil {
			return nil, err
		}
		s, more := requests.SendAgain(name, "sends what "+base+" has again", f.url, whole)
		return scenarios.Write(s, append(notes, more...))
	case f.cause == "":
		return nil, errors.New("an access log does not say what was the matter: --cause names it, or --url sends the same requests to your own server")
	}
	seen, err := requests.Assumed(f.cause, "the access log "+base)
	if err != nil {
		return nil, fmt.Errorf("--cause %s: %w", f.cause, err)
	}
	s, more, err := seen.Reproduce(name)
	if err != nil {
		return nil, err
	}
	return scenarios.Write(s, append(notes, more[2:]...)) // without what was observed: nobody did
}

func readAccessLog(path string) (*report.Requests, error) {
	requests := report.NewRequests()
	_, err := accesslog.ReadFile(path, func(r accesslog.Request) error {
		requests.Add(r.At, r.Method, r.Path)
		return nil
	})
	if err == nil && requests.Empty() {
		err = fmt.Errorf("%s has no request", path)
	}
	return requests, err
}
