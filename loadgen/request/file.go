package request

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/hangtime-dev/hangtime/input"
)

const (
	mostFile = 32 << 20     // bytes: with what is made of each target it is some times as much
	mostLine = 64<<10 - 512 // vegeta's http format is read by a scanner that ends without a word at a longer line
)

// ReadFile reads targets in vegeta's http or json format, whichever the file is in: json begins with a brace.
func ReadFile(path string, base *url.URL, limit time.Duration) ([]Target, error) {
	text, err := input.ReadFile(path, mostFile)
	if err != nil {
		return nil, fmt.Errorf("targets file: %w", err)
	}
	text = input.WithoutMark(text)
	targets, err := read(text, base, limit)
	if err != nil {
		return nil, fmt.Errorf("targets file %s: %w", path, err)
	}
	return targets, nil
}

// read reads vegeta's formats with vegeta's own readers. A path without a host, which vegeta refuses, is one below base.
func read(text []byte, base *url.URL, limit time.Duration) ([]Target, error) {
	reader := vegeta.NewHTTPTargeter
	if json := bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")); json {
		// Its reader drops a last line that does not end.
		text = append(bytes.Clone(text), '\n')
		reader = func(src io.Reader, body []byte, header http.Header) vegeta.Targeter {
			return vegeta.NewJSONTargeter(src, body, header)
		}
	} else if err := checkLines(text); err != nil {
		return nil, err
	}
	next := reader(bytes.NewReader(text), nil, nil)
	var targets []Target
	for {
		var one vegeta.Target
		err := next(&one)
		if errors.Is(err, vegeta.ErrNoTargets) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("target %d: %w", len(targets)+1, err)
		}
		t, err := fromVegeta(one, base, limit)
		if err != nil {
			return nil, fmt.Errorf("target %d: %w", len(targets)+1, err)
		}
		if targets = append(targets, t); len(targets) > Most {
			return nil, fmt.Errorf("more than %d targets", Most)
		}
	}
	if len(targets) == 0 {
		return nil, fmt.Errorf("has no target; want lines such as GET http://127.0.0.1:8000/")
	}
	return targets, nil
}

// mostBodies bounds the bodies that a file of targets names together, in bytes.
const mostBodies = 64 << 20

// checkBodies refuses bodies that vegeta's reader would read without a limit: it takes a line that begins with @ for a
// file's path.
func checkBodies(line string, sum int64) (int64, error) {
	path, ok := strings.CutPrefix(strings.TrimSpace(line), "@")
	if !ok {
		return sum, nil
	}
	body, err := readBody(path)
	if err != nil {
		return sum, err
	}
	if sum += int64(len(body)); sum > mostBodies {
		return sum, fmt.Errorf("bodies of more than %d MiB together", mostBodies>>20)
	}
	return sum, nil
}

// fromVegeta is a target of vegeta as one of ours; a URL without a host is one below base.
func fromVegeta(one vegeta.Target, base *url.URL, limit time.Duration) (Target, error) {
	u, err := url.Parse(one.URL)
	if err != nil || strings.ContainsFunc(one.URL, func(c rune) bool { return c <= ' ' || c == 0x7f }) {
		return Target{}, fmt.Errorf("%q: want a path or a URL, with %%20 for a space", one.URL)
	}
	if u = base.ResolveReference(u); u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return Target{}, fmt.Errorf("%q: want a URL such as http://127.0.0.1:8000/", one.URL)
	}
	t := Target{Method: one.Method, URL: u.String(), Header: one.Header.Clone(), Body: one.Body, Timeout: limit}
	if t.Header == nil {
		t.Header = http.Header{}
	}
	return t, t.complete()
}

// checkLines refuses lines at which vegeta's reader would end as if the file ended there.
func checkLines(text []byte) error {
	lines := bufio.NewReader(bytes.NewReader(text))
	bodies := int64(0)
	for n := 1; ; n++ {
		line, err := lines.ReadString('\n')
		if len(line) > mostLine {
			return fmt.Errorf("line %d has %d bytes; want at most %d: a long body goes into a file, named by @", n,
				len(line), mostLine)
		}
		if strings.ContainsRune(line, 0) {
			return fmt.Errorf("line %d is no text", n)
		}
		var wrong error
		if bodies, wrong = checkBodies(line, bodies); wrong != nil {
			return fmt.Errorf("line %d: %w", n, wrong)
		}
		if err != nil {
			return nil
		}
	}
}
