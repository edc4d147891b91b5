package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"

	"github.com/hangtime-dev/hangtime/scenarios"
)

// loadName is what a load alone is called, as scenario and as variant.
const loadName = "load"

// defaultUsers is how many connections --max has where nobody says it.
const defaultUsers = 64

// length is how long hits are due; 0: as long as the plan has any.
func (f *loadFlags) length(cmd *cobra.Command) time.Duration {
	if f.shape == "replay" && !cmd.Flags().Changed("duration") {
		return 0
	}
	return f.duration
}

func (f *loadFlags) pickSeed() uint64 {
	if f.seed != 0 {
		return f.seed
	}
	return rand.Uint64N(1_000_000) + 1
}

// document is the scenario that the flags describe: it is judged as a file would be, and travels in the recording.
func (f *loadFlags) document(cmd *cobra.Command, u *url.URL, address string) (*scenarios.Document, error) {
	if f.duration <= 0 {
		return nil, fmt.Errorf("--duration %v: want above 0", f.duration)
	}
	plan, err := f.plan(cmd, u)
	if err != nil {
		return nil, err
	}
	s := scenarios.Scenario{
		Name: loadName, Title: "load on " + address,
		Server:   scenarios.Server{Kind: scenarios.URL, URL: u.Scheme + "://" + u.Host},
		Load:     plan,
		Phases:   scenarios.Phases{Before: f.duration},
		Variants: []scenarios.Variant{{Name: loadName, Expect: scenarios.Any, Says: address}},
	}
	d := scenarios.Default().Server
	s.Server.Workers, s.Server.Timeout = d.Workers, d.Timeout
	text, err := yaml.Marshal(s)
	if err != nil {
		return nil, err
	}
	doc, err := scenarios.Read("load", text)
	if err != nil {
		return nil, asFlags(err)
	}
	return doc, nil
}

// asFlags says what is wrong with a plan in the words of the command line: there is no file with lines here.
func asFlags(err error) error {
	problems := scenarios.Problems(err)
	lines := make([]string, len(problems))
	for i, p := range problems {
		key := strings.ReplaceAll(strings.TrimPrefix(p.Key, "load."), "_", "-")
		lines[i] = "--" + key + ": " + p.Text
		if p.Hint != "" {
			lines[i] += "; " + p.Hint
		}
	}
	return fmt.Errorf("%s", strings.Join(lines, "\n"))
}

func (f *loadFlags) plan(cmd *cobra.Command, u *url.URL) (scenarios.Load, error) {
	l := scenarios.Default().Load
	l.Ledger, l.Timeout, l.UnixSocket = &f.ledger, f.timeout, f.socket
	l.Shape, l.Arrivals, l.From, l.Over, l.Think, l.Users = f.shape, f.arrivals, f.from, f.over, f.think, f.users
	var err error
	if l.Rate, err = scenarios.ParseRate(f.rate); err != nil {
		return l, fmt.Errorf("--%w", err)
	}
	if f.to != "" {
		if l.To, err = scenarios.ParseRate(f.to); err != nil {
			return l, fmt.Errorf("--to: %w", err)
		}
	}
	if l.Steps, err = parseSteps(f.steps); err != nil {
		return l, err
	}
	if f.connections != 0 {
		l.Senders = f.connections
	}
	if f.max {
		if cmd.Flags().Changed("rate") || cmd.Flags().Changed("shape") || f.users != 0 || f.think != 0 {
			return l, fmt.Errorf("--max stands beside --rate, --shape, --users or --think; it is as fast as the server answers")
		}
		l.Shape, l.Users = "closed", defaultUsers
		if f.connections != 0 {
			l.Users = f.connections
		}
	}
	if l.Shape == "ramp" && l.Over == 0 {
		l.Over = f.duration - f.from
	}
	switch {
	case l.Shape == "replay":
		l.Log, l.Speed = f.log, f.speed
	case f.log != "":
		l.Log = f.log // told by the judgement of the plan
	}
	return l, f.target(cmd, &l, u)
}

// target says what is hit: the URL, or a file of targets. A log to replay says it by itself.
func (f *loadFlags) target(cmd *cobra.Command, l *scenarios.Load, u *url.URL) error {
	if f.targets != "" || l.Shape == "replay" {
		for _, name := range []string{"method", "header", "body", "body-file", "template", "expect"} {
			if cmd.Flags().Changed(name) {
				return fmt.Errorf("--%s: want it without --targets and --shape replay, whose file says it for each request", name)
			}
		}
	}
	if f.targets != "" {
		l.TargetsFile = f.targets
		return nil
	}
	if l.Shape == "replay" {
		return nil
	}
	t := scenarios.Target{Method: f.method, Path: u.RequestURI(), Body: f.body, BodyFile: f.bodyFile, Template: f.template, Expect: f.expect, Header: map[string]string{}}
	if f.template {
		t.Path = templatePath(u)
	}
	if t.Method == "" && (f.body != "" || f.bodyFile != "") {
		t.Method = http.MethodPost
	}
	for _, line := range f.header {
		name, value, ok := strings.Cut(line, ":")
		if !ok || strings.TrimSpace(name) == "" {
			return fmt.Errorf("--header %q: want 'Name: value'", line)
		}
		t.Header[http.CanonicalHeaderKey(strings.TrimSpace(name))] = strings.TrimSpace(value)
	}
	l.Targets = []scenarios.Target{t}
	return nil
}

// templatePath is the path as it was typed: braces and spaces are a template's, not to be escaped.
func templatePath(u *url.URL) string {
	path := u.Path
	if path == "" {
		path = "/"
	}
	if u.RawQuery != "" {
		query, err := url.PathUnescape(u.RawQuery)
		if err != nil {
			query = u.RawQuery
		}
		path += "?" + query
	}
	return path
}

// parseSteps reads "30s@50/s,1m@200/s".
func parseSteps(text string) ([]scenarios.Step, error) {
	if text == "" {
		return nil, nil
	}
	var steps []scenarios.Step
	for one := range strings.SplitSeq(text, ",") {
		long, rate, ok := strings.Cut(strings.TrimSpace(one), "@")
		if !ok {
			return nil, fmt.Errorf("--steps %q: want TIME@RATE, such as 30s@50/s", one)
		}
		d, err := time.ParseDuration(long)
		if err != nil || d <= 0 {
			return nil, fmt.Errorf("--steps %q: want a time above 0 before the @, such as 30s", one)
		}
		r, err := scenarios.ParseRate(rate)
		if err != nil {
			return nil, fmt.Errorf("--steps %q: %w", one, err)
		}
		steps = append(steps, scenarios.Step{Rate: r, For: d})
	}
	return steps, nil
}
