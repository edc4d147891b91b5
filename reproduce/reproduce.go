// Package reproduce makes a scenario that brings about again what was observed: from a recording, an incident as JSON or
// an access log.
package reproduce

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/input"
	"github.com/hangtime-dev/hangtime/loadgen/accesslog"
	"github.com/hangtime-dev/hangtime/report"
	"github.com/hangtime-dev/hangtime/scenarios"
)

// Options are what of a file is to be reproduced.
type Options struct {
	Name      string // of the scenario; empty: made from the file's
	Variant   string // of the recording, in which the incident was; empty: any
	Incident  int    // its number in its variant; 0: the first hang, else the first crash
	AccessLog string // file that arrivals and endpoints are taken from; empty: none
	Cause     string // what to break, where the file is an access log alone
	URL       string // server that gets an access log's requests; empty: the reference server gets tasks
}

// mostJSON bounds a result.json, in bytes: the largest that are written have some MiB.
const mostJSON = 32 << 20

// File makes a scenario file of a recording, a result.json, an incident as JSON or an access log. What is wrong is said
// by the names of the command line's flags.
func File(path string, of Options) ([]byte, error) {
	if of.Incident < 0 {
		return nil, fmt.Errorf("--incident %d: want 1 or more, or 0 for the first", of.Incident)
	}
	if of.Cause != "" && of.URL != "" {
		return nil, errors.New("--cause breaks the reference server and --url is one of your own; want one of the two")
	}
	name := cmp.Or(of.Name, scenarios.NameFor(path)+"-again")
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
		seen, err = r.Observed(of.Variant, of.Incident, filepath.Base(path))
	case someJSON:
		var text []byte
		if text, err = input.ReadFile(path, mostJSON); err != nil {
			return nil, err
		}
		seen, err = report.SeenInJSON(text, of.Variant, of.Incident, filepath.Base(path))
	default:
		return of.fromAccessLog(path, name)
	}
	if err == nil && of.AccessLog != "" {
		var requests *report.Requests
		if requests, err = readAccessLog(of.AccessLog); err == nil {
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
func (of Options) fromAccessLog(path, name string) ([]byte, error) {
	requests, err := readAccessLog(path)
	if err != nil {
		return nil, err
	}
	base := filepath.Base(path)
	notes := []string{"Made by `hangtime reproduce` from the access log " + base + "."}
	switch {
	case of.URL != "":
		whole, err := filepath.Abs(path)
		if err != nil {
			return nil, err
		}
		s, more := requests.SendAgain(name, "sends what "+base+" has again", of.URL, whole)
		return scenarios.Write(s, append(notes, more...))
	case of.Cause == "":
		return nil, errors.New("an access log does not say what was the matter: --cause names it, or --url sends the same requests to your own server")
	}
	seen, err := requests.Assumed(of.Cause, "the access log "+base)
	if err != nil {
		return nil, fmt.Errorf("--cause %s: %w", of.Cause, err)
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
