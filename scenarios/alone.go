package scenarios

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
)

// AloneName is what a load alone is called, as scenario and as variant.
const AloneName = "load"

// defaultUsers is how many connections Max has where nobody says it.
const defaultUsers = 64

// AloneFlags are a load alone as the command line of `hangtime load` asks for it; what is wrong is told in the words of
// that command line.
type AloneFlags struct {
	AloneRequest

	Rate, To, Shape, Arrivals, Steps     string
	Duration, From, Over, Think, Timeout time.Duration
	Users, Connections                   int
	Max, Ledger                          bool
	Log, Targets, Socket                 string
	Speed                                float64
	// Whether a person gave it, rather than that it has its default.
	Given func(flag string) bool
}

// An AloneRequest is what is sent where neither a file of targets nor a log says it.
type AloneRequest struct {
	Method, Body, BodyFile string
	Header                 []string
	Expect                 []int
	Template               bool
}

// Length is how long hits are due; 0: as long as the plan has any.
func (f *AloneFlags) Length() time.Duration {
	if f.Shape == "replay" && !f.Given("duration") {
		return 0
	}
	return f.Duration
}

// Document is the scenario that the flags describe: it is judged as a file would be, and travels in the recording.
func (f *AloneFlags) Document(u *url.URL, address string) (*Document, error) {
	if f.Duration <= 0 || f.Duration > longest {
		return nil, fmt.Errorf("--duration %v: want above 0 and at most %v", f.Duration, longest)
	}
	if f.Timeout <= 0 && f.Given("timeout") {
		return nil, fmt.Errorf("--timeout %v: want above 0; a hit without a limit would never be counted", f.Timeout)
	}
	plan, err := f.plan(u)
	if err != nil {
		return nil, err
	}
	s := Scenario{
		Name: AloneName, Title: "load on " + address,
		Server:   Server{Kind: URL, OwnServer: OwnServer{URL: u.Scheme + "://" + u.Host}},
		Load:     plan,
		Phases:   Phases{Before: f.Duration},
		Variants: []Variant{{Name: AloneName, Expect: Any, Says: address}},
	}
	d := Default().Server
	s.Server.Workers, s.Server.Timeout = d.Workers, d.Timeout
	text, err := yaml.Marshal(s)
	if err != nil {
		return nil, err
	}
	doc, err := Read("load", text)
	if err != nil {
		return nil, asFlags(err)
	}
	return doc, nil
}

// asFlags says what is wrong with a plan in the words of the command line: there is no file with lines here.
func asFlags(err error) error {
	problems := Problems(err)
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

func (f *AloneFlags) plan(u *url.URL) (Load, error) {
	l := Default().Load
	l.Ledger, l.Timeout, l.UnixSocket = &f.Ledger, f.Timeout, f.Socket
	l.Shape, l.Arrivals, l.From, l.Over, l.Think, l.Users = f.Shape, f.Arrivals, f.From, f.Over, f.Think, f.Users
	var err error
	if l.Rate, err = ParseRate(f.Rate); err != nil {
		return l, fmt.Errorf("--%w", err)
	}
	if f.To != "" {
		if l.To, err = ParseRate(f.To); err != nil {
			return l, fmt.Errorf("--to: %w", err)
		}
	}
	if l.Steps, err = parseSteps(f.Steps); err != nil {
		return l, err
	}
	for flag, n := range map[string]int{"connections": f.Connections, "users": f.Users} {
		if f.Given(flag) && n < 1 {
			return l, fmt.Errorf("--%s %d: want at least 1", flag, n)
		}
	}
	if f.Connections != 0 {
		l.Senders = f.Connections
	}
	if f.Max {
		if f.Given("rate") || f.Given("shape") || f.Users != 0 || f.Think != 0 {
			return l, fmt.Errorf("--max stands beside --rate, --shape, --users or --think; it is as fast as the server answers")
		}
		l.Shape, l.Users = "closed", defaultUsers
		if f.Connections != 0 {
			l.Users = f.Connections
		}
	}
	if l.Shape == "ramp" && l.Over == 0 {
		l.Over = f.Duration - f.From
	}
	switch {
	case l.Shape == "replay":
		if !(f.Speed > 0) {
			return l, fmt.Errorf("--speed %v: want above 0 and at most 1000", f.Speed)
		}
		l.Log, l.Speed = f.Log, f.Speed
	case f.Log != "":
		l.Log = f.Log // told by the judgement of the plan
	}
	return l, f.target(&l, u)
}

// target says what is hit: the URL, or a file of targets. A log to replay says it by itself.
func (f *AloneFlags) target(l *Load, u *url.URL) error {
	if f.Targets != "" || l.Shape == "replay" {
		for _, name := range []string{"method", "header", "body", "body-file", "template", "expect"} {
			if f.Given(name) {
				return fmt.Errorf("--%s: want it without --targets and --shape replay, whose file says it for each request", name)
			}
		}
	}
	if f.Targets != "" {
		l.TargetsFile = f.Targets
		return nil
	}
	if l.Shape == "replay" {
		return nil
	}
	t := Target{Method: f.Method, Path: u.RequestURI(), Body: f.Body, BodyFile: f.BodyFile, Template: f.Template,
		Expect: f.Expect, Header: map[string]string{}}
	if f.Template {
		t.Path = templatePath(u)
	}
	if t.Method == "" && (f.Body != "" || f.BodyFile != "") {
		t.Method = http.MethodPost
	}
	for _, line := range f.Header {
		name, value, ok := strings.Cut(line, ":")
		if !ok || strings.TrimSpace(name) == "" {
			return fmt.Errorf("--header %q: want 'Name: value'", line)
		}
		t.Header[http.CanonicalHeaderKey(strings.TrimSpace(name))] = strings.TrimSpace(value)
	}
	l.Targets = []Target{t}
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
func parseSteps(text string) ([]Step, error) {
	if text == "" {
		return nil, nil
	}
	var steps []Step
	for one := range strings.SplitSeq(text, ",") {
		long, rate, ok := strings.Cut(strings.TrimSpace(one), "@")
		if !ok {
			return nil, fmt.Errorf("--steps %q: want TIME@RATE, such as 30s@50/s", one)
		}
		d, err := time.ParseDuration(long)
		if err != nil || d <= 0 {
			return nil, fmt.Errorf("--steps %q: want a time above 0 before the @, such as 30s", one)
		}
		r, err := ParseRate(rate)
		if err != nil {
			return nil, fmt.Errorf("--steps %q: %w", one, err)
		}
		steps = append(steps, Step{Rate: r, For: d})
	}
	return steps, nil
}
