package request

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"

	"github.com/hangtime-dev/hangtime/input"
	"github.com/hangtime-dev/hangtime/scenarios"
)

// Bounds of targets.
const (
	Most     = 1 << 18  // different targets of one attack: each costs some hundred bytes
	mostBody = 32 << 20 // bytes of a body
)

// A Target is one kind of hit, ready to be sent.
type Target struct {
	Tag      string
	Method   string
	URL      string
	Header   http.Header
	Body     []byte
	Template bool
	Expect   []int
	Timeout  time.Duration // from sent
}

// Expects says whether a status counts as ok.
func (t *Target) Expects(status int) bool { return scenarios.StatusExpected(t.Expect, status) }

// All makes those of a plan ready. A path is one below base; limit is the time limit of those that have none of their
// own.
func All(all []scenarios.Target, base *url.URL, limit time.Duration) ([]Target, error) {
	if len(all) == 0 {
		return nil, fmt.Errorf("there is no target; want at least one, such as {method: POST, path: /task}")
	}
	targets := make([]Target, 0, len(all))
	for i, one := range all {
		t, err := New(one, base, limit)
		if err != nil {
			return nil, fmt.Errorf("targets[%d]: %w", i, err)
		}
		targets = append(targets, t)
	}
	return targets, nil
}

// New makes one ready; files that it names are read now.
func New(one scenarios.Target, base *url.URL, limit time.Duration) (Target, error) {
	at, err := resolvePath(base, one.Path, one.Template)
	if err != nil {
		return Target{}, err
	}
	t := Target{
		Tag: one.Tag, Method: one.Method, URL: at, Header: http.Header{}, Body: []byte(one.Body),
		Template: one.Template, Expect: one.Expect, Timeout: limit,
	}
	if one.Timeout > 0 {
		t.Timeout = one.Timeout
	}
	if one.BodyFile != "" {
		if t.Body, err = readBody(one.BodyFile); err != nil {
			return Target{}, err
		}
	}
	for name, value := range one.Header {
		t.Header.Set(name, value)
	}
	return t, t.complete()
}

// resolvePath is the address of a path below base. A template's path is joined as it stands, for its braces are no part
// of a URL.
func resolvePath(base *url.URL, path string, template bool) (string, error) {
	if template {
		return strings.TrimSuffix(base.Scheme+"://"+base.Host, "/") + path, nil
	}
	if strings.HasPrefix(path, "//") { // as a reference it would name another host, and a log has what clients sent
		path = base.Scheme + "://" + base.Host + path
	}
	ref, err := url.Parse(path)
	if err != nil {
		return "", fmt.Errorf("path %q: %w", path, err)
	}
	return base.ResolveReference(ref).String(), nil
}

// Address is where a target is sent to: its URL without a path, for the braces of a template's path are no URL.
func (t *Target) Address() (*url.URL, error) {
	scheme, rest, _ := strings.Cut(t.URL, "://")
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		rest = rest[:end]
	}
	return scenarios.ParseURL(scheme + "://" + rest)
}

// complete fills in what every request has, and refuses what cannot be sent.
func (t *Target) complete() error {
	if t.Method == "" {
		t.Method = http.MethodGet
	}
	if !httpguts.ValidHeaderFieldName(t.Method) {
		return fmt.Errorf("method %q: want a word such as GET or POST", t.Method)
	}
	for name, values := range t.Header {
		if !httpguts.ValidHeaderFieldName(name) {
			return fmt.Errorf("header %q is no header's name", name)
		}
		for _, value := range values {
			if !httpguts.ValidHeaderFieldValue(value) {
				return fmt.Errorf("header %s: a line break or a control character in %q", name, value)
			}
		}
	}
	if t.Header.Get("User-Agent") == "" {
		t.Header.Set("User-Agent", "hangtime")
	}
	return nil
}

func readBody(path string) ([]byte, error) {
	body, err := input.ReadFile(path, mostBody)
	if err != nil {
		return nil, fmt.Errorf("the body: %w", err)
	}
	return body, nil
}
