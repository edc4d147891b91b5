package scenarios

import (
	"errors"
	"strings"
	"testing"
)

// sound is a scenario with %-marks in place of what a row puts there.
const sound = `name: base
server: {SERVER}
load:
  rate: RATE
  targets: [{TARGET}]
phases: {before: BEFORE, during: 5s, after: 1s}
variants:
  - {name: VARIANT, expect: healthy}
BELOW
`

func withParts(parts map[string]string) []byte {
	text := sound
	for mark, plain := range map[string]string{"SERVER": "workers: 1", "RATE": "20/s", "TARGET": "path: /health", "BEFORE": "1s",
		"VARIANT": "v", "BELOW": ""} {
		if part, ok := parts[mark]; ok {
			plain = part
		}
		text = strings.Replace(text, mark, plain, 1)
	}
	return []byte(text)
}

func TestWhatCannotBeDoneIsToldWhenTheFileIsRead(t *testing.T) {
	for _, row := range []struct{ mark, part, want string }{
		{"SERVER", "workers: 1", ""},
		{"SERVER", "workers: &n 1", ""},
		{"SERVER", "workers: 0", "server.workers: 0 is out of range; want 1 to 256"},
		{"SERVER", "workers: 1000000000", "want 1 to 256"},
		{"SERVER", "backlog: 0", "server.backlog: 0 is out of range; want at least 1"},
		{"SERVER", "timeout: 2562047h", "want at most 24h0m0s"},
		{"SERVER", "kind: url, url: 'http://127.0.0.1:65536'", `"65536" is no port; want 1 to 65535`},
		{"SERVER", "kind: attach, pid: 4, address: '127.0.0.1:99999'", `"99999" is no port`},
		{"SERVER", "upstream: '10.0.0.1:80'", "of this machine's loopback"},
		{"RATE", "1e9", `"1e9" is out of range; want 0.0001/s to 1000000/s`},
		{"RATE", "1e-300/s", "want 0.0001/s to 1000000/s"},
		{"RATE", "1/h", ""},
		{"BEFORE", "2562047h", "phases.before: 2562047h0m0s is out of range; want at most 1h0m0s"},
		{"TARGET", "path: '/%41?b=ü'", ""},
		{"TARGET", "path: '/a b'", "want it as %XX"},
		{"TARGET", `path: "/a\r\nX: y"`, "want it as %XX"},
		{"TARGET", "path: //10.0.0.1/x", "begins with two slashes, which name another host"},
		{"TARGET", "path: /%zz", "is no path of a URL"},
		{"TARGET", "path: /, method: GET /x", "want a word such as GET or POST"},
		{"TARGET", "path: /, header: {X Y: a}", `"X Y" is no header's name`},
		{"TARGET", `path: /, header: {A: "b\r\nX: y"}`, "a line break or a control character"},
		{"TARGET", "path: /, weight: -1", "want 0 to 1000000000"},
		{"TARGET", "path: '/{{seq}}', template: true", ""},
		{"TARGET", "path: '/{{exec id}}', template: true", "want seq, counter, random MIN MAX, hex DIGITS or uuid"},
		{"TARGET", "path: /, body: '{{random}}', template: true", "want seq, counter, random MIN MAX"},
		{"TARGET", "path: /, header: {A: '{{hex 0}}'}, template: true", "want 1 to 1048576 digits"},
		{"TARGET", "path: '/{{random 9 1}}', template: true", "want the smaller number first"},
		{"VARIANT", "..", "want a plain word of at most 100 bytes"},
		{"VARIANT", "../../x", "want a plain word"},
		{"VARIANT", `"a\x1b[31m"`, "want a plain word"},
		{"VARIANT", `"a\nb"`, "want a plain word"},
		{"VARIANT", strings.Repeat("n", 101), "want a plain word"},
		{"VARIANT", "größe 2", ""},
		{"BELOW", "faults: [{kind: kill, every: 1ns}]", "want at least 10ms"},
		{"BELOW", "faults: [{kind: stop, at: 2562047h, for: 2562047h}]", "does not lie in the phase during"},
		{"BELOW", "quick: {server.workers: 2}", ""},
		{"BELOW", "quick: {server.workers: 0}", "0 is out of range"},
		{"BELOW", "quick: {server.workers: !!int \"2\"}", "aliases and tags are not read"},
		{"BELOW", "quick: &q {server.workers: *q}", "aliases and tags are not read"},
		{"BELOW", "quick:\n  <<: {server.workers: 2}", "a key that is no plain word"},
		{"BELOW", "quick: {" + strings.Repeat("a.", 100) + "b: 1}", "the key has 101 levels; want at most 64"},
	} {
		_, err := Read("s.yaml", withParts(map[string]string{row.mark: row.part}))
		if (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v; want %q", row.part, err, row.want)
		}
	}
}

func TestASettingIsAsStrictAsAFile(t *testing.T) {
	doc, err := Read("s.yaml", withParts(nil))
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ set, want string }{
		{"server.workers=2", ""},
		{"server.workers=0", "0 is out of range; want 1 to 256"},
		{"server.workers=*a", "aliases and tags are not read"},
		{"load.targets=[&a {path: /}, *a]", "aliases and tags are not read"},
		{"server.workers=!!int 3", "aliases and tags are not read"},
		{"server.workers=" + strings.Repeat("[", 1000), "more than 64 levels deep"},
		{strings.Repeat("a.", 10_000) + "a=1", "the key has 10001 levels; want at most 64"},
		{"variants[0].name=..", "want a plain word"},
	} {
		s, err := ParseSetting(row.set)
		if err == nil {
			_, err = doc.With(s)
		}
		if (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) {
			t.Errorf("%.100s: %.300v; want %q", row.set, err, row.want)
		}
	}
}

// What could fail, or come to something else than true or false, only when a run is over, is refused when it is read.
func TestACheckIsTypedWhenItIsRead(t *testing.T) {
	for that, want := range map[string]string{
		"[ok][-5] > 1":                "lists, tables, texts and functions",
		"any(1..10, # > ok)":          "has no meaning in a check",
		"ok in 1..1000000000":         "has no meaning in a check",
		`{"a": ok}["b"] > 1`:          "lists, tables, texts and functions",
		"$env == 1 and ok > 1":        "$env has no meaning in a check",
		`$env["nope"] > 1 or ok > 0`:  "has no meaning in a check",
		"let x = ok; x > 1":           "lists, tables, texts and functions",
		"ok > 1 ? true : 5":           "must be both numbers, or both true or false",
		"ok > 9 ? true : nil":         "lists, tables, texts and functions",
		"(ok > 1 ? 1 : true) > 0":     "must be both numbers, or both true or false",
		`"a" matches "b" and ok > 1`:  "has no meaning in a check",
		"before == before and ok > 1": "a text or a phase stands in",
		"abs > 1 and ok > 1":          "abs is called, such as p(99)",
		"p(0/0) > 1":                  "no calculation",
		strings.Repeat("(", 5000):     "want at most 4096",
	} {
		if _, err := (Check{That: that}).Compile(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.80s: %v; want %q", that, err, want)
		}
	}
}

func TestADivisionByNothingSaysNothing(t *testing.T) {
	for _, that := range []string{"ok / failed > 1", "not (ok / failed > 1)", "ok % failed == 0", "1 / 0 > ok", "ok > 1 and failed / 0 == 1"} {
		c, err := (Check{That: that}).Compile()
		if err != nil {
			t.Fatalf("%s: %v", that, err)
		}
		if got, err := c.Holds(map[string]float64{"ok": 5, "failed": 0}); !errors.Is(err, errByNothing) {
			t.Errorf("%s: %v, %v; want that it comes to no number", that, got, err)
		}
	}
	for that, want := range map[string]bool{"ok / 2 == 2.5": true, "ok % 2 == 1": true, "failed == 0 or ok / failed > 1": true, "7 % 4 > ok": false,
		"(ok + 1) / (1 + 1) == 3": true} {
		c, err := (Check{That: that}).Compile()
		if err != nil {
			t.Fatalf("%s: %v", that, err)
		}
		if got, err := c.Holds(map[string]float64{"ok": 5, "failed": 0}); err != nil || got != want {
			t.Errorf("%s: %v, %v; want %v", that, got, err, want)
		}
	}
}

func TestAServersAddressIsReadAsAPersonWritesIt(t *testing.T) {
	for text, want := range map[string]string{
		"localhost:8000":          "http://localhost:8000",
		"127.0.0.1":               "http://127.0.0.1",
		"http://127.0.0.1:8000/x": "http://127.0.0.1:8000/x",
		"https://[::1]:8443/":     "https://[::1]:8443/",
		"http://127.0.0.1:65536/": "",
		"http://127.0.0.1:0/":     "",
		"ftp://127.0.0.1/":        "",
		"http:///x":               "",
		"http://a b/":             "",
		"":                        "",
	} {
		u, err := ParseURL(text)
		if (err == nil) != (want != "") || err == nil && u.String() != want {
			t.Errorf("ParseURL(%q) = %v, %v; want %q", text, u, err, want)
		}
	}
}
