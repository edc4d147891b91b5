package accesslog

import (
	"bytes"
	"strings"
	"testing"
)

// logLines are lines of access logs as servers write them, and what they say; empty: there is no request in them.
var logLines = []struct{ name, line, want string }{
	{"Common", `127.0.0.1 - - [02/Jan/2026:15:04:05 +0000] "GET /a?b=c HTTP/1.1" 200 12`, "15:04:05.000 GET /a?b=c"},
	{"Combined, nginx", `10.1.2.3 - bob [02/Jan/2026:16:04:05 +0100] "POST /t HTTP/2.0" 202 31 "https://x/" "curl/8.5 \"q\""`, "15:04:05.000 POST /t"},
	{"gunicorn", `127.0.0.1 - - [02/Jan/2026:15:04:05 +0000] "GET / HTTP/1.1" 200 2 "-" "-"`, "15:04:05.000 GET /"},
	{"virtual host before it", `example.com:80 127.0.0.1 - - [02/Jan/2026:15:04:05 +0000] "HEAD / HTTP/1.0" 200 0`,
		"15:04:05.000 HEAD /"},
	{"an absolute URL", `127.0.0.1 - - [02/Jan/2026:15:04:05 +0000] "GET http://x.example/a HTTP/1.1" 200 0`,
		"15:04:05.000 GET /a"},
	{"no request", `127.0.0.1 - - [02/Jan/2026:15:04:05 +0000] "-" 408 0`, ""},
	{"no HTTP", `127.0.0.1 - - [02/Jan/2026:15:04:05 +0000] "\x16\x03\x01\x02" 400 150`, ""},
	{"a quote in the path", `127.0.0.1 - - [02/Jan/2026:15:04:05 +0000] "GET /\"x HTTP/1.1" 404 0`, ""},
	{"JSON with request", `{"time_iso8601":"2026-01-02T15:04:05+00:00","request":"GET /a HTTP/1.1","status":200}`,
		"15:04:05.000 GET /a"},
	{"JSON with method and path", `{"@timestamp":"2026-01-02T15:04:05.250Z","method":"PUT","path":"/a"}`,
		"15:04:05.250 PUT /a"},
	{"JSON with seconds", `{"msec":1767366245.125,"request_method":"GET","uri":"/u"}`, "15:04:05.125 GET /u"},
	{"JSON with milliseconds", `{"ts":1767366245125,"url":"http://h/u?x"}`, "15:04:05.125 GET /u?x"},
	{"JSON as Python logs it", `{"time":"2026-01-02 15:04:05,500","request":"GET /p HTTP/1.1"}`, "15:04:05.500 GET /p"},
}

func TestAccessLogsAreReadAsServersWriteThem(t *testing.T) {
	for _, c := range logLines {
		t.Run(c.name, func(t *testing.T) {
			got := ""
			skipped, err := Read(strings.NewReader(c.line+"\n\n"), func(l Request) error {
				got += l.At.UTC().Format("15:04:05.000") + " " + l.Method + " " + l.Path
				return nil
			})
			if err != nil || got != c.want || (skipped == 1) != (c.want == "") {
				t.Errorf("%q, %d skipped, %v; want %q", got, skipped, err, c.want)
			}
		})
	}
}

func TestAWrongAccessLogIsToldWithItsLine(t *testing.T) {
	good := logLines[0].line + "\n"
	for text, want := range map[string]string{
		good + "what is this":            `line 2: "what is this": want the Common or Combined format`,
		good + `{"a":1}`:                 "line 2: no field says when; want one of time_iso8601, @timestamp",
		good + `{"time":"yesterday"}`:    `line 2: time "yesterday": want a time such as`,
		good + `{"ts":1.5,"status":200}`: "line 2: no field says what was asked for",
		good + `{"ts":`:                  "line 2: ",
		good + `- - - [32/Jan/2026:00:00:00 +0000] "GET / HTTP/1.1"`: `line 2: time "32/Jan/2026:00:00:00 +0000": want`,
	} {
		_, err := Read(strings.NewReader(text), func(Request) error { return nil })
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want %q", text, err, want)
		}
	}
}

func FuzzAccessLog(f *testing.F) {
	for _, c := range logLines {
		f.Add([]byte(c.line))
	}
	f.Add([]byte("what is this"))
	f.Add([]byte(`{"ts":1e300,"path":"/"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		_, err := Read(bytes.NewReader(text), func(r Request) error {
			if r.Method == "" || !strings.HasPrefix(r.Path, "/") || strings.ContainsAny(r.Method+r.Path, " \r\n") {
				t.Errorf("%+v", r)
			}
			return nil
		})
		if err != nil && !strings.HasPrefix(err.Error(), "line ") {
			t.Errorf("an error without a line: %v", err)
		}
	})
}

func TestALogOfAnotherToolIsRefusedInOneSentence(t *testing.T) {
	const line = `127.0.0.1 - - [02/Jan/2026:15:04:06 +0000] "GET /ok HTTP/1.1" 200 12`
	for _, row := range []struct{ what, text, want string }{
		{"a byte order mark", "\ufeff" + line + "\n", ""},
		{"CRLF", line + "\r\n" + line + "\r\n", ""},
		{"gzip", "\x1f\x8b\x08\x00\x00", "it is packed with gzip; want it unpacked"},
		{"a year before all computers", strings.Replace(line, "2026", "0001", 1), "line 1: a moment in the year 1; want 1970 to 2261"},
		{"a year after all nanoseconds", line + "\n" + strings.Replace(line, "2026", "9999", 1), "line 2: a moment in the year 9999"},
	} {
		n := 0
		_, err := Read(strings.NewReader(row.text), func(Request) error { n++; return nil })
		if (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) || err == nil && n == 0 {
			t.Errorf("%s: %d requests, %v; want %q", row.what, n, err, row.want)
		}
	}
}
