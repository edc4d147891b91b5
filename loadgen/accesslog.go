package loadgen

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
)

// mostLogLine bounds a line of an access log, in bytes.
const mostLogLine = 1 << 20

// A logged is a request as an access log has it.
type logged struct {
	at     time.Time
	fine   bool // at is finer than a second
	method string
	path   string // with its query
}

// errNoRequest is a line of an access log that is about no request that could be sent: a client that sent no HTTP ("-" in place of the request).
var errNoRequest = errors.New("no request")

// readLog reads an access log line by line: Common or Combined format (gunicorn's, nginx's and Apache's default), or one JSON object a line.
// It returns how many lines had no request in them. A line that is neither is an error with its number.
func readLog(from io.Reader, each func(logged) error) (skipped int, err error) {
	lines := bufio.NewScanner(from)
	lines.Buffer(make([]byte, 64<<10), mostLogLine)
	n := 0
	for lines.Scan() {
		n++
		line := strings.TrimSpace(lines.Text())
		if line == "" {
			continue
		}
		one, err := parseLogLine(line)
		if errors.Is(err, errNoRequest) {
			skipped++
			continue
		}
		if err == nil {
			err = each(one)
		}
		if err != nil {
			return skipped, fmt.Errorf("line %d: %w", n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return skipped, fmt.Errorf("line %d: %w", n+1, err)
	}
	return skipped, nil
}

func parseLogLine(line string) (logged, error) {
	if strings.HasPrefix(line, "{") {
		return parseJSONLine(line)
	}
	return parseCommonLine(line)
}

// commonTime is how the Common Log Format writes a moment.
const commonTime = "02/Jan/2006:15:04:05 -0700"

// parseCommonLine reads `host ident user [time] "GET /path HTTP/1.1" status bytes …`; what comes after the request is not needed.
func parseCommonLine(line string) (logged, error) {
	const want = `want the Common or Combined format, such as 127.0.0.1 - - [02/Jan/2026:15:04:05 +0000] "GET / HTTP/1.1" 200 12`
	_, rest, ok := strings.Cut(line, "[")
	stamp, rest, ok2 := strings.Cut(rest, "]")
	_, rest, ok3 := strings.Cut(rest, `"`)
	if !ok || !ok2 || !ok3 {
		return logged{}, fmt.Errorf("%q: %s", cutDetail(line), want)
	}
	at, err := time.Parse(commonTime, stamp)
	if err != nil {
		return logged{}, fmt.Errorf("time %q: %s", cutDetail(stamp), want)
	}
	one, err := requestLine(untilQuote(rest))
	one.at = at
	return one, err
}

// untilQuote is the text up to the quote that ends it. A backslash keeps the next character from that: nginx and Apache write \x22 or \".
func untilQuote(text string) string {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return text[:i]
		}
	}
	return text
}

// requestLine reads "GET /path HTTP/1.1".
func requestLine(text string) (logged, error) {
	method, rest, ok := strings.Cut(text, " ")
	path, _, _ := strings.Cut(rest, " ")
	if !ok {
		return logged{}, errNoRequest
	}
	return checkedRequest(method, path)
}

// checkedRequest refuses what could not be sent as it stands: what a server logged may have been no HTTP at all.
func checkedRequest(method, path string) (logged, error) {
	if i := strings.Index(path, "://"); i > 0 && !strings.Contains(path[:i], "/") {
		if _, rest, ok := strings.Cut(path[i+3:], "/"); ok { // a proxy's absolute form
			path = "/" + rest
		} else {
			path = "/"
		}
	}
	if !isToken(method) || method == "CONNECT" || !strings.HasPrefix(path, "/") {
		return logged{}, errNoRequest
	}
	for _, c := range []byte(path) {
		if c <= ' ' || c >= 0x7f || c == '\\' || c == '#' {
			return logged{}, errNoRequest
		}
	}
	return logged{method: method, path: path}, nil
}

// The names under which JSON logs keep a moment, a method and a path; the first that is there counts.
var (
	timeNames    = []string{"time_iso8601", "@timestamp", "timestamp", "time", "ts", "msec", "time_local", "date"}
	methodNames  = []string{"request_method", "method", "verb"}
	pathNames    = []string{"request_uri", "uri", "url", "path"}
	requestNames = []string{"request", "request_line"}
)

func parseJSONLine(line string) (logged, error) {
	var fields map[string]any
	reader := json.NewDecoder(strings.NewReader(line))
	reader.UseNumber()
	if err := reader.Decode(&fields); err != nil {
		return logged{}, fmt.Errorf("%q is no JSON object: %w", cutDetail(line), err)
	}
	at, fine, err := momentIn(fields)
	if err != nil {
		return logged{}, err
	}
	var one logged
	if path := textIn(fields, pathNames); path != "" {
		method := textIn(fields, methodNames)
		if method == "" {
			method = "GET"
		}
		one, err = checkedRequest(method, path)
	} else if request := textIn(fields, requestNames); request != "" {
		one, err = requestLine(request)
	} else {
		return logged{}, fmt.Errorf("no field says what was asked for; want one of %s or %s", strings.Join(pathNames, ", "), strings.Join(requestNames, ", "))
	}
	one.at, one.fine = at, fine
	return one, err
}

func textIn(fields map[string]any, names []string) string {
	for _, name := range names {
		if text, ok := fields[name].(string); ok && text != "" {
			return text
		}
	}
	return ""
}

func momentIn(fields map[string]any) (at time.Time, fine bool, err error) {
	for _, name := range timeNames {
		var text string
		switch v := fields[name].(type) {
		case string:
			text = v
		case json.Number:
			text = v.String()
		default:
			continue
		}
		at, fine, ok := parseMoment(text)
		if !ok {
			return time.Time{}, false, fmt.Errorf("%s %q: want a time such as 2026-01-02T15:04:05.123Z, or seconds since 1970", name, cutDetail(text))
		}
		return at, fine, nil
	}
	return time.Time{}, false, fmt.Errorf("no field says when; want one of %s", strings.Join(timeNames, ", "))
}

// parseMoment reads RFC 3339 and its like, the Common format's time, or a number of seconds, milli-, micro- or nanoseconds since 1970.
func parseMoment(text string) (at time.Time, fine, ok bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999", commonTime} {
		if at, err := time.Parse(layout, strings.Replace(text, ",", ".", 1)); err == nil {
			return at, at.Nanosecond() != 0, true
		}
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(n) || n < 0 || n > 4e18 {
		return time.Time{}, false, false
	}
	scale := 1.0
	for n/scale > 1e11 { // seconds end at 1e11 in the year 5138
		scale *= 1000
	}
	whole, part := math.Modf(n / scale)
	return time.Unix(int64(whole), int64(part*1e9)), part != 0, true
}
