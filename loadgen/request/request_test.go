package request

import (
	"bytes"
	"encoding/base64"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/google/go-cmp/cmp"
)

var base = &url.URL{Scheme: "http", Host: "127.0.0.1:80"}

// oneRequest holds that a target becomes exactly one request that a server reads as what was meant.
func oneRequest(t *testing.T, target *Target) {
	t.Helper()
	r, err := target.Render(1)
	if err != nil {
		return
	}
	text, _ := r.Append(nil, 7)
	head, rest, ok := bytes.Cut(text, []byte("\r\n\r\n"))
	if !ok || !target.Template && !bytes.Equal(rest, target.Body) {
		t.Fatalf("%q: the body is not %q", text, target.Body)
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
	`{"method":"POST","url":"http://127.0.0.1:8000/task","body":"aGVsbG8=","header":{"X-A":["1"]}}` + "\n" +
		`{"method":"GET","url":"http://127.0.0.1:8000/"}`,
	"GET /below/base\n",
}

func TestVegetasTargetFilesAreReadAsVegetaReadsThem(t *testing.T) {
	for i, text := range targetFiles[:4] {
		got, err := read([]byte(text), base, time.Second)
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
			got[k].Header.Del("User-Agent")
			if want[k].Header == nil {
				want[k].Header = http.Header{}
			}
			if got[k].Method != want[k].Method || got[k].URL != want[k].URL ||
				!bytes.Equal(got[k].Body, want[k].Body) || !cmp.Equal(got[k].Header, want[k].Header) {
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
		"GET http://127.0.0.1/\n@missing.txt": "line 2: the body: open missing.txt",
		"GET http://127.0.0.1/\n" + strings.Repeat("x", 70_000): "line 2 has 70000 bytes",
	} {
		_, err := read([]byte(text), base, time.Second)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want %q", text[:min(len(text), 200)], err, want)
		}
	}
}

func FuzzTargets(f *testing.F) {
	for _, text := range targetFiles {
		f.Add([]byte(text))
	}
	f.Add([]byte(`{"method":"GET","url":"http://127.0.0.1/","header":{"A\r\nB":["x"]}}`))
	f.Add([]byte(`{"method":"A B","url":"http://127.0.0.1/","body":"` +
		base64.StdEncoding.EncodeToString([]byte("x")) + `"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if bytes.Contains(text, []byte("@")) {
			return // names a file of this machine
		}
		targets, err := read(text, base, time.Second)
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
		tmpl, err := newTemplate(text, &counter)
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
	for _, wrong := range []string{"{{", "{{}}", "{{seq 1}}", "{{random 1}}", "{{random 2 1}}", "{{random 1 x}}",
		"{{hex 0}}", "{{dice 6}}", "{{random -9223372036854775808 9223372036854775807}}"} {
		if _, err := newTemplate(wrong, nil); err == nil {
			t.Errorf("%q was read without a word", wrong)
		}
	}
}

func FuzzTemplate(f *testing.F) {
	for _, text := range []string{"plain", "{{seq}}-{{counter}}", "{{random 5 7}}{{hex 3}}{{uuid}}", "{{", "}}",
		"{{random -1 1}}"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var counter atomic.Uint64
		tmpl, err := newTemplate(text, &counter)
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
