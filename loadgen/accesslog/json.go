package accesslog

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// The names under which JSON logs keep a moment, a method and a path; the first that is there counts.
var (
	timeNames    = []string{"time_iso8601", "@timestamp", "timestamp", "time", "ts", "msec", "time_local", "date"}
	methodNames  = []string{"request_method", "method", "verb"}
	pathNames    = []string{"request_uri", "uri", "url", "path"}
	requestNames = []string{"request", "request_line"}
)

// parseJSONLine reads one object; fields that it does not know are passed over.
func parseJSONLine(line string) (Request, error) {
	var fields map[string]any
	reader := json.NewDecoder(strings.NewReader(line))
	reader.UseNumber()
	if err := reader.Decode(&fields); err != nil {
		return Request{}, fmt.Errorf("%.200q is no JSON object: %w", line, err)
	}
	at, fine, err := momentIn(fields)
	if err != nil {
		return Request{}, err
	}
	var one Request
	if path := textIn(fields, pathNames); path != "" {
		method := textIn(fields, methodNames)
		if method == "" {
			method = "GET"
		}
		one, err = checked(method, path)
	} else if request := textIn(fields, requestNames); request != "" {
		one, err = requestLine(request)
	} else {
		return Request{}, fmt.Errorf("no field says what was asked for; want one of %s or %s",
			strings.Join(pathNames, ", "), strings.Join(requestNames, ", "))
	}
	one.At, one.Fine = at, fine
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
			return time.Time{}, false, fmt.Errorf("%s %.200q: want a time such as 2026-01-02T15:04:05.123Z, or seconds since 1970", name, text)
		}
		return at, fine, nil
	}
	return time.Time{}, false, fmt.Errorf("no field says when; want one of %s", strings.Join(timeNames, ", "))
}
