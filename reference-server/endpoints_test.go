package refserver

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

func TestTaskIsKnownToEveryWorkerAlsoAfterItsOwnDied(t *testing.T) {
	t.Parallel()
	s := serve(t, func(c *Config) { c.Workers = 2 })
	_, text, err := s.ask("POST", "/task", `{"work":"sleep","duration":"1h"}`)
	if err != nil {
		t.Fatal(err)
	}
	var v struct {
		ID  string
		PID int
	}
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	s.becomes(v.ID, "running")
	if err := syscall.Kill(v.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	s.becomes(v.ID, "lost")
	for _, id := range []string{"x", "0-1", v.ID + "1"} {
		if status, _ := s.get("/task/" + id); status != 404 && status != 400 {
			t.Errorf("GET /task/%s: status %d, want 400 or 404", id, status)
		}
	}
}

func TestMetricsInEveryFormat(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	s.becomes(s.task(202, aTask), "done")
	get := func(accept string) (string, string) {
		r, err := http.NewRequest("GET", "http://"+s.address+"/metrics", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept", accept)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = answer.Body.Close() }()
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer.Header.Get("Content-Type"), string(text)
	}
	if kind, text := get("application/openmetrics-text; version=1.0.0"); !strings.HasPrefix(kind,
		"application/openmetrics-text") || !strings.HasSuffix(text, "# EOF\n") ||
		!strings.Contains(text, "hangtime_tasks_done_total{") {
		t.Errorf("OpenMetrics: %s %q", kind, text)
	}
	kind, text := get("text/plain;version=0.0.4")
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader([]byte(text)))
	if err != nil || !strings.HasPrefix(kind, "text/plain") {
		t.Fatalf("Prometheus's text: %s, %v", kind, err)
	}
	if n := families["hangtime_task_duration_seconds"].GetMetric()[0].GetHistogram().GetSampleCount(); n != 1 {
		t.Errorf("%d tasks in the histogram, want 1", n)
	}
	for _, accept := range []string{"*/*", "application/json"} {
		if kind, text := get(accept); kind != "application/json" || !strings.Contains(text, `"event_loop_running":true`) {
			t.Errorf("Accept %s: %s %q", accept, kind, text)
		}
	}
}

func TestWorkersShowsTheArbitersTable(t *testing.T) {
	t.Parallel()
	s := serve(t, func(c *Config) { c.Workers = 3 })
	_, v := s.get("/workers")
	rows, _ := v["workers"].([]any)
	if len(rows) != 3 || number(v["wanted"]) != 3 || number(v["arbiter"]) != s.cmd.Process.Pid {
		t.Errorf("workers: %v", v)
	}
	for _, row := range rows {
		if r, _ := row.(map[string]any); r["state"] != "ready" || !running(number(r["pid"])) {
			t.Errorf("row %v", r)
		}
	}
}

// Whatever comes, the answer is a 4xx with a reason in JSON, and the server goes on.
func TestBadRequestsGetAReason(t *testing.T) {
	t.Parallel()
	for _, class := range []string{"sync", "gthread", "async"} {
		t.Run(class, func(t *testing.T) {
			s := serve(t, func(c *Config) { c.WorkerClass = class })
			for name, c := range map[string]struct {
				request string
				want    string
			}{
				"no HTTP":             {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03aaaaaaaa", "400"},
				"no target":           {"GET\r\n\r\n", "400"},
				"no host":             {"GET /health HTTP/1.1\r\n\r\n", "400"},
				"another protocol":    {"GET /health HTTP/3.0\r\nHost: a\r\n\r\n", "400"},
				"headers without end": {"GET /health HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", 20000), "431"},
				"too many headers": {"GET /health HTTP/1.1\r\nHost: a\r\n" + strings.Repeat("X: y\r\n", 200) +
					"\r\n", "431"},
				"body too large":          {"POST /task HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n", "413"},
				"two lengths":             {"POST /task HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "400"},
				"length and chunks":       {"POST /task HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"},
				"chunk of no size":        {"POST /task HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "400"},
				"chunks too large":        {"POST /task HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n7fffffff\r\n", "413"},
				"a coding of its own":     {"POST /task HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", "400"},
				"an expectation":          {"POST /task HTTP/1.1\r\nHost: a\r\nExpect: wonders\r\n\r\n", "417"},
				"nowhere":                 {"GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n", "404"},
				"method":                  {"DELETE /task HTTP/1.1\r\nHost: a\r\n\r\n", "405"},
				"no JSON":                 {"POST /task HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n{", "400"},
				"a duration out of range": {"POST /task HTTP/1.1\r\nHost: a\r\nContent-Length: 21\r\n\r\n{\"duration\":\"10000h\"}", "400"},
				"a size out of range":     {"POST /task HTTP/1.1\r\nHost: a\r\nContent-Length: 21\r\n\r\n{\"size\": 99999999999}", "400"},
			} {
				conn, err := net.Dial("tcp", s.address)
				if err != nil {
					t.Fatal(err)
				}
				go func() { _, _ = conn.Write([]byte(c.request)) }() // the server may answer and close before all is sent
				text := readAnswer(t, conn)
				_ = conn.Close()
				head, body, _ := strings.Cut(text, "\r\n\r\n")
				var v struct{ Error string }
				if !strings.HasPrefix(head, "HTTP/1.1 "+c.want+" ") || json.Unmarshal([]byte(body), &v) != nil ||
					v.Error == "" {
					t.Errorf("%s: %q, want status %s with a reason in JSON", name, text, c.want)
				}
			}
			if status, _ := s.get("/health"); status != 200 {
				t.Error("after all this the server does not answer")
			}
		})
	}
}
