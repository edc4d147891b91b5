package loadgen

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"math/rand/v2"

	"github.com/google/go-cmp/cmp"
	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/loadgen/accesslog"
	"github.com/hangtime-dev/hangtime/loadgen/schedule"
	"github.com/hangtime-dev/hangtime/scenarios"
)

func TestAReplayKeepsTheMomentsOfTheLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "access.log")
	text := ""
	for _, at := range []string{"15:04:06", "15:04:05", "15:04:05", "15:04:08"} { // not in order: long requests are logged late
		text += `127.0.0.1 - - [02/Jan/2026:` + at + ` +0000] "GET /` + at + ` HTTP/1.1" 200 1` + "\n"
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	w, err := prepare(scenarios.Load{Shape: "replay", Log: path, Speed: 2, Timeout: time.Second}, localhost, 0)
	if err != nil {
		t.Fatal(err)
	}
	table := schedule.NewTimetable(w.schedule, w.rotation)
	var got []string
	for n := uint64(0); table.Due(n) != schedule.Never; n++ {
		got = append(got, table.Due(n).String()+" "+w.targets[table.Target(n)].url)
	}
	// Two hits of one second are spread over it; at double speed all comes in half the time.
	want := []string{"0s http://127.0.0.1:80/15:04:05", "250ms http://127.0.0.1:80/15:04:05", "500ms http://127.0.0.1:80/15:04:06", "1.5s http://127.0.0.1:80/15:04:08"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func FuzzReplay(f *testing.F) {
	f.Add([]byte(`127.0.0.1 - - [02/Jan/2026:15:04:05 +0000] "GET /a?b=c HTTP/1.1" 200 12`))
	f.Add([]byte(`{"msec":1767366245.125,"request_method":"GET","uri":"/u"}`))
	f.Add([]byte(`{"ts":1e300,"path":"/"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		b := &replayBuilder{base: localhost, limit: time.Second, known: map[string]uint32{}}
		skipped, err := accesslog.Read(bytes.NewReader(text), b.add)
		if err != nil {
			return
		}
		if len(b.moments) == 0 {
			return
		}
		w := b.work(1, skipped)
		last := time.Duration(0)
		for n := range uint64(len(b.moments)) {
			if due := w.schedule.Due(n); due < last {
				t.Fatalf("hit %d is due before the one before it", n)
			} else {
				last = due
			}
		}
		// What was read can be sent, as one request and no more.
		for i := range w.targets {
			oneRequest(t, &w.targets[i])
		}
	})
}

// oneRequest holds that a target becomes exactly one request that a server reads as what was meant.
func oneRequest(t *testing.T, target *target) {
	t.Helper()
	r, err := target.render(1)
	if err != nil {
		return
	}
	text, _ := r.append(nil, 7)
	head, rest, ok := bytes.Cut(text, []byte("\r\n\r\n"))
	if !ok || !target.template && !bytes.Equal(rest, target.body) {
		t.Fatalf("%q: the body is not %q", text, target.body)
	}
	first, _, _ := bytes.Cut(head, []byte("\r\n"))
	if n := bytes.Count(first, []byte(" ")); n != 2 {
		t.Fatalf("request line %q", first)
	}
	for line := range bytes.SplitSeq(head, []byte("\r\n")) {
		if bytes.ContainsAny(line, "\r\n\x00") {
			t.Fatalf("a line break in %q", line)
		}
	}
}

// targetFiles are files of targets in vegeta's formats.
var targetFiles = []string{
	"GET http://127.0.0.1:8000/\n",
	"# comment\nPOST http://127.0.0.1:8000/task\nContent-Type: application/json\nX-A: 1\nX-A: 2\n\nGET http://127.0.0.1:8000/b\n",
	"GET http://127.0.0.1:8000/a\nGET http://127.0.0.1:8000/b",
	`{"method":"POST","url":"http://127.0.0.1:8000/task","body":"aGVsbG8=","header":{"X-A":["1"]}}` + "\n" + `{"method":"GET","url":"http://127.0.0.1:8000/"}`,
	"GET /below/base\n",
}

func TestVegetasTargetFilesAreReadAsVegetaReadsThem(t *testing.T) {
	for i, text := range targetFiles[:4] {
		got, err := readTargets([]byte(text), localhost, time.Second)
		if err != nil {
			t.Fatal(err)
		}
		targeter := vegeta.NewHTTPTargeter(strings.NewReader(text), nil, nil)
		if i == 3 {
			targeter = vegeta.NewJSONTargeter(strings.NewReader(text+"\n"), nil, nil)
		}
		want, err := vegeta.ReadAllTargets(targeter)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != len(want) {
			t.Errorf("%q: %d targets, want %d", text, len(got), len(want))
			continue
		}
		for k := range got {
			got[k].header.Del("User-Agent")
			if want[k].Header == nil {
				want[k].Header = http.Header{}
			}
			if got[k].method != want[k].Method || got[k].url != want[k].URL || !bytes.Equal(got[k].body, want[k].Body) || !cmp.Equal(got[k].header, want[k].Header) {
				t.Errorf("%q: got %+v, want %+v", text, got[k], want[k])
			}
		}
	}
}

func TestAWrongTargetFileIsTold(t *testing.T) {
	for text, want := range map[string]string{
		"":                                    "has no target; want lines such as GET http://127.0.0.1:8000/",
		"get http://127.0.0.1/\n":             "target 1: bad method: get",
		"GET http://127.0.0.1/\n\nGET :::\n":  "target 2: bad URL",
		"GET ftp://127.0.0.1/\n":              `target 1: "ftp://127.0.0.1/": want a URL`,
		`{"method":"GET"}`:                    "target 1: ",
		"GET http://127.0.0.1/\n@missing.txt": "target 1: bad body: open missing.txt",
		"GET http://127.0.0.1/\n" + strings.Repeat("x", 70_000): "line 2 has 70000 bytes",
	} {
		_, err := readTargets([]byte(text), localhost, time.Second)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want %q", cutDetail(text), err, want)
		}
	}
}

func FuzzTargets(f *testing.F) {
	for _, text := range targetFiles {
		f.Add([]byte(text))
	}
	f.Add([]byte(`{"method":"GET","url":"http://127.0.0.1/","header":{"A\r\nB":["x"]}}`))
	f.Add([]byte(`{"method":"A B","url":"http://127.0.0.1/","body":"` + base64.StdEncoding.EncodeToString([]byte("x")) + `"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if bytes.Contains(text, []byte("@")) {
			return // names a file of this machine
		}
		targets, err := readTargets(text, localhost, time.Second)
		if err != nil {
			return
		}
		for i := range targets {
			oneRequest(t, &targets[i])
		}
	})
}

func TestTemplatesAreFilledAnewForEachHit(t *testing.T) {
	fill := func(text string, seq uint64) string {
		var counter atomic.Uint64
		tmpl, err := parseTemplate(text, &counter)
		if err != nil {
			t.Fatal(err)
		}
		return string(tmpl.append(nil, seq, counter.Add(1), rand.NewPCG(1, seq)))
	}
	for text, want := range map[string]string{
		"plain":                 `^plain$`,
		"{{seq}}-{{ counter }}": `^42-1$`,
		"a{{random 5 7}}b":      `^a[567]b$`,
		"{{random -3 -3}}":      `^-3$`,
		"{{hex 5}}{{hex 20}}":   `^[0-9a-f]{25}$`,
		"{{uuid}}":              `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`,
	} {
		if got := fill(text, 42); !regexp.MustCompile(want).MatchString(got) {
			t.Errorf("%q becomes %q, want %s", text, got, want)
		}
	}
	first, again, other := fill("{{uuid}}", 1), fill("{{uuid}}", 1), fill("{{uuid}}", 2)
	if first == other || first != again {
		t.Error("want another UUID for each hit, and the same for the same hit and seed")
	}
	for _, wrong := range []string{"{{", "{{}}", "{{seq 1}}", "{{random 1}}", "{{random 2 1}}", "{{random 1 x}}", "{{hex 0}}", "{{dice 6}}", "{{random -9223372036854775808 9223372036854775807}}"} {
		if _, err := parseTemplate(wrong, nil); err == nil {
			t.Errorf("%q was read without a word", wrong)
		}
	}
}

func FuzzTemplate(f *testing.F) {
	for _, text := range []string{"plain", "{{seq}}-{{counter}}", "{{random 5 7}}{{hex 3}}{{uuid}}", "{{", "}}", "{{random -1 1}}"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var counter atomic.Uint64
		tmpl, err := parseTemplate(text, &counter)
		if err != nil {
			if err.Error() == "" {
				t.Error("an error without words")
			}
			return
		}
		if len(text) < 100 && !strings.Contains(text, "hex") {
			if got := tmpl.append(nil, 1, 1, rand.NewPCG(1, 1)); !strings.Contains(text, "{{") && string(got) != text {
				t.Errorf("%q becomes %q", text, got)
			}
		}
	})
}

// Both engines fill templates alike.
func TestATemplateReachesTheServer(t *testing.T) {
	for _, name := range engines {
		t.Run(name, func(t *testing.T) {
			bodies := make(chan string, 100)
			l := listen(t, "tcp", "127.0.0.1:0")
			byHandServer(t, l, func(x *exchange) bool {
				b := new(bytes.Buffer)
				_, _ = b.ReadFrom(x.request.Body)
				bodies <- fmt.Sprintf("%s %s %s %d", x.request.RequestURI, x.request.Header.Get("X-N"), b, x.request.ContentLength)
				x.say(plainAnswer)
				return true
			})
			target := scenarios.Target{Method: "POST", Path: "/item/{{counter}}?r={{random 3 3}}", Body: `{"n":{{counter}}}`, Header: map[string]string{"X-N": "n{{counter}}", "X-Unread": "1"}, Template: true}
			_, sum := attackBy(t, name, plan(100, target), "http://"+l.Addr().String(), 100*time.Millisecond)
			if sum.OK != 10 || sum.BytesOut != 10*7+1 {
				t.Errorf("%d ok, %d bytes out", sum.OK, sum.BytesOut)
			}
			seen := map[string]bool{}
			for range sum.OK {
				seen[<-bodies] = true
			}
			for n := 1; n <= 10; n++ {
				body := fmt.Sprintf(`{"n":%d}`, n)
				if want := fmt.Sprintf("/item/%d?r=3 n%d %s %d", n, n, body, len(body)); !seen[want] {
					t.Errorf("no request %q in %v", want, seen)
				}
			}
		})
	}
}

func TestOnlyThisMachineIsLoadedUnlessANotherIsNamed(t *testing.T) {
	for _, c := range []struct {
		base    string
		options Options
		refused string
	}{
		{"http://127.0.0.1:1/", Options{}, ""},
		{"http://127.9.9.9:1/", Options{}, ""},
		{"http://[::1]:1/", Options{}, ""},
		{"http://192.0.2.1/", Options{}, "--allow 192.0.2.1"},
		{"http://192.0.2.1/", Options{Allow: []string{"192.0.2.1"}}, ""},
		{"http://192.0.2.1/", Options{Allow: []string{"192.0.2.2"}}, "--allow 192.0.2.1"},
		{"http://0.0.0.0:1/", Options{}, "--allow 0.0.0.0"},
		{"http://mixed.test/", Options{Resolver: resolverOf(t, [4]byte{127, 0, 0, 1}, [4]byte{192, 0, 2, 1})}, "--allow mixed.test"},
		{"http://mine.test/", Options{Resolver: resolverOf(t, [4]byte{127, 0, 0, 1})}, ""},
	} {
		for _, template := range []bool{false, true} {
			_, err := New(plan(1, scenarios.Target{Path: "/", Template: template}), c.base, history.NewRecorder(time.Now()), c.options)
			if c.refused == "" && err != nil || c.refused != "" && (err == nil || !strings.Contains(err.Error(), c.refused)) {
				t.Errorf("%s allowing %v: %v; want %q", c.base, c.options.Allow, err, c.refused)
			}
		}
	}
}
