package loadgen

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/hangtime-dev/hangtime/scenarios"
)

const (
	mostTargets = 1 << 18 // different hits of one attack: each costs some hundred bytes
	mostBody    = 64 << 20
)

// A target is one kind of hit, ready to be sent.
type target struct {
	tag      string
	method   string
	url      string
	header   http.Header
	body     []byte
	template bool
	expect   []int
	timeout  time.Duration // from sent
}

// expects says whether a status counts as ok.
func (t *target) expects(status int) bool { return scenarios.StatusExpected(t.expect, status) }

func newTargets(all []scenarios.Target, base *url.URL, limit time.Duration) ([]target, error) {
	if len(all) == 0 {
		return nil, fmt.Errorf("there is no target; want at least one, such as {method: POST, path: /task}")
	}
	targets := make([]target, 0, len(all))
	for i, one := range all {
		t, err := newTarget(one, base, limit)
		if err != nil {
			return nil, fmt.Errorf("targets[%d]: %w", i, err)
		}
		targets = append(targets, t)
	}
	return targets, nil
}

func newTarget(one scenarios.Target, base *url.URL, limit time.Duration) (target, error) {
	at, err := resolvePath(base, one.Path, one.Template)
	if err != nil {
		return target{}, err
	}
	t := target{tag: one.Tag, method: one.Method, url: at, header: http.Header{}, body: []byte(one.Body), template: one.Template, expect: one.Expect, timeout: limit}
	if one.Timeout > 0 {
		t.timeout = one.Timeout
	}
	if one.BodyFile != "" {
		if t.body, err = readBody(one.BodyFile); err != nil {
			return target{}, err
		}
	}
	for name, value := range one.Header {
		t.header.Set(name, value)
	}
	return t, t.complete()
}

// resolvePath is the address of a path below base. A template's path is joined as it stands, for its braces are no part of a URL.
func resolvePath(base *url.URL, path string, template bool) (string, error) {
	if template {
		return strings.TrimSuffix(base.Scheme+"://"+base.Host, "/") + path, nil
	}
	ref, err := url.Parse(path)
	if err != nil {
		return "", fmt.Errorf("path %q: %w", path, err)
	}
	return base.ResolveReference(ref).String(), nil
}

// complete fills in what every request has, and refuses what cannot be sent.
func (t *target) complete() error {
	if t.method == "" {
		t.method = http.MethodGet
	}
	if !isToken(t.method) {
		return fmt.Errorf("method %q: want a word such as GET or POST", t.method)
	}
	for name, values := range t.header {
		if !isToken(name) {
			return fmt.Errorf("header %q is no header's name", name)
		}
		for _, value := range values {
			if strings.ContainsAny(value, "\r\n\x00") {
				return fmt.Errorf("header %s: a line break in %q", name, value)
			}
		}
	}
	if t.header.Get("User-Agent") == "" {
		t.header.Set("User-Agent", "hangtime")
	}
	return nil
}

// isToken says whether a text may be a method or a header's name (RFC 9110, 5.6.2).
func isToken(text string) bool {
	for _, c := range []byte(text) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("!#$%&'*+-.^_`|~", rune(c)) {
			return false
		}
	}
	return text != ""
}

func readBody(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err == nil && (info.IsDir() || info.Size() > mostBody) {
		return nil, fmt.Errorf("body_file %s: want a file of at most %d MiB", path, mostBody>>20)
	}
	body, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("body_file: %w", err)
	}
	return body, nil
}
