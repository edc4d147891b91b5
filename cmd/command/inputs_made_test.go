package command

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"unicode/utf16"
)

// soundScenario is one that says as little as a scenario can; %s are its server, its target and what stands below.
const soundScenario = `name: base
title: t
server: {%s}
load:
  rate: 20/s
  targets: [{%s}]
phases: {before: 1s, during: 1s, after: 1s}
variants:
  - {name: v, expect: healthy}
%s`

func scenarioText(server, target, below string) string {
	if server == "" {
		server = "workers: 1"
	}
	if target == "" {
		target = "path: /health, tag: h"
	}
	return fmt.Sprintf(soundScenario, server, target, below)
}

// checkFile is a scenario file that is judged, and not run.
func checkFile(text string, codes ...int) badInput {
	return badInput{files: map[string]string{"s.yaml": text}, args: []string{"scenarios", "check", "./s.yaml"}, codes: codes}
}

// loads is a load with these flags of a port where nobody listens: what is refused is refused before that is seen.
func loads(files map[string]string, codes []int, flags ...string) badInput {
	return badInput{files: files, args: append([]string{"load", "http://127.0.0.1:1/", "--headless", "-d", "50ms"}, flags...), codes: codes}
}

func one[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

// quoted is a text as YAML and JSON read it.
func quoted(text string) string {
	out, _ := json.Marshal(text) // of a string there is no error
	return string(out)
}

var badByte = []string{"\x00", "\r\n", "\n", "\x1b[31m", "\x7f", "\u202e", "\t"}

// inputKinds make inputs, by what is odd about them.
func inputKinds() map[string]func(*rand.Rand) badInput {
	return map[string]func(*rand.Rand) badInput{
		"access log": func(r *rand.Rand) badInput {
			line := one(r, "no log", "1.1.1.1 - - [99/Foo/2026:15:04:05 +0000] \"GET / HTTP/1.1\" 200 1", `{"path":"/a"}`, `{"ts":1e400,"path":"/"}`,
				`1.1.1.1 - - [01/Jan/0001:00:00:00 +0000] "GET / HTTP/1.1" 200 1`, `{"ts":`+strings.Repeat("[", 50_000), strings.Repeat("a", 2<<20),
				`1.1.1.1 - - [01/Jan/9999:00:00:00 +0000] "GET / HTTP/1.1" 200 1`, "", "\x1f\x8b\x08\x00")
			return loads(map[string]string{"a.log": strings.Repeat("\n", r.IntN(3)) + line + "\n"}, []int{exitUsage}, "--shape", "replay", "--log", "a.log")
		},
		"aliases": func(r *rand.Rand) badInput {
			var b strings.Builder
			b.WriteString("  a0: &a0 [lol, lol]\n")
			for i := 1; i < 5+r.IntN(30); i++ {
				fmt.Fprintf(&b, "  a%d: &a%d [%s*a%d]\n", i, i, strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 1+r.IntN(9)), i-1)
			}
			return checkFile(scenarioText("", "", one(r, "quick:\n"+b.String(), "quick: &q {server.workers: *q}\n",
				"quick: {server.workers: !!int \"2\"}\n", "quick:\n  <<: {server.workers: 2}\n")), exitUsage)
		},
		"body": func(r *rand.Rand) badInput {
			return loads(map[string]string{"big": strings.Repeat("x", 33<<20)}, []int{exitUsage}, "--body-file",
				one(r, "/dev/zero", "/", "missing", "big", "/dev/urandom"))
		},
		"bytes": func(r *rand.Rand) badInput { // some are still sound
			text := []byte(scenarioText("", "", ""))
			for range 1 + r.IntN(4) {
				text[r.IntN(len(text))] = byte(r.Uint32())
			}
			return checkFile(string(text), exitPass, exitUsage)
		},
		"check, odd": func(r *rand.Rand) badInput {
			that := one(r, "[ok][-5] > 1", "ok = 1", "", " ", "$env == 1 and ok > 1", `$env["ok"] > 1`, "any(1..10, # > ok)", "{\"a\": ok}[\"b\"] > 1",
				"let x = ok; x > 1", "ok > 1 ? true : 5", "ok > 9 ? true : nil", "nil > ok", "true", "p(ok) < 1", "p(0/0) > 1", "ok in 1..1000000000",
				`repeat("a", 1000000000) == "" or ok > 1`, `"a" matches "(((a{1000}){1000}){1000})" and ok > 1`, "ok\x00 > 1", "\x1b[31m > 1",
				strings.Repeat("(", 5000)+"ok > 1", strings.Repeat("not ", 2000)+"ok > 1", "ok | abs() > ", "before == before and ok > 1", "p(99)(1) > 2",
				"ok > 1 // or not", "\"abc", "incidents_of() == 0", "abs > 1", "ok.x > 1", "map([1], ok) == 1")
			if strings.HasSuffix(that, "not") { // a comment is none of ours
				return checkFile(scenarioText("", "", "checks:\n  - that: "+quoted(that)+"\n"), exitPass)
			}
			return checkFile(scenarioText("", "", "checks:\n  - that: "+quoted(that)+"\n"), exitUsage)
		},
		"check, sound": func(r *rand.Rand) badInput {
			that := fmt.Sprintf("%s %s %d", one(r, "ok", "p99", "failed / requests", "requests % 7", "p(99, during)", "abs(p99 - p50)", "ok ** 2", "error_rate(after)"),
				one(r, "<", "<=", ">", ">=", "==", "!="), r.IntN(1000))
			return checkFile(scenarioText("", "", "checks:\n  - that: "+quoted(that+one(r, "", " or hangs == 0", " and not (crashes > 0)"))+"\n"), exitPass)
		},
		"configuration": func(r *rand.Rand) badInput {
			text := one(r, "theme: [dark]", "theme: {dark: 1}", "theme: ~", "theme: purple", "mouse: {x: 1}", "THEME: dark", "hello", "- theme", "keys: {nope: K}",
				"keys: {kill: ~}", "keys: {kill: [~]}", "keys: {kill: {a: b}}", "keys: x", "theme: dark\ntheme: light", "config: /etc/passwd", "refresh: .nan",
				"ascii: maybe", "ascii: [true]", "\"\\x1b[31m\": red", "a: "+strings.Repeat("[", 100_000), "theme: &a dark\nplain: *a", strings.Repeat("#", 2<<20))
			return badInput{files: map[string]string{"c.yaml": text + "\n"}, args: []string{"scenarios", "list", "--config", "c.yaml"}, codes: []int{exitUsage}}
		},
		"depth": func(r *rand.Rand) badInput {
			n := 65 + r.IntN(100_000)
			text := one(r, strings.Repeat("[", n), strings.Repeat("{a: ", n), "quick: "+strings.Repeat("[", n)+strings.Repeat("]", n), strings.Repeat("- ", n)+"x",
				scenarioText("", "", "quick: {server.x: "+strings.Repeat("[", n)+strings.Repeat("]", n)+"}\n"), strings.Repeat("? ", n)+"x",
				strings.Repeat("&a ", n)+"x", strings.Repeat("!!str ", n)+"x", "name: "+strings.Repeat("[ # ]\n", n), "name: "+strings.Repeat(`["]", `, n))
			if r.IntN(8) == 0 {
				var b strings.Builder
				for i := range 200 {
					b.WriteString(strings.Repeat(" ", i) + "a:\n")
				}
				text = b.String()
			}
			return checkFile(text, exitUsage)
		},
		"device": func(r *rand.Rand) badInput {
			path := one(r, "/dev/zero", "/dev/urandom", "/", "./fifo", "./missing.yaml", "/dev/null", "/proc/self/mem")
			args := one(r, []string{"scenarios", "check", path}, []string{"run", "./" + strings.TrimPrefix(path, "./") + ".yaml", path, "--headless"},
				[]string{"scenarios", "list", "--config", path}, []string{"load", "http://127.0.0.1:1/", "--targets", path}, []string{"report", path},
				[]string{"load", "http://127.0.0.1:1/", "--shape", "replay", "--log", path}, []string{"serve", "--config", path, "--check-config"},
				[]string{"reproduce", path, "--cause", "file-lock"}, []string{"replay", "--headless", path}, []string{"compare", path, path})
			codes := []int{exitUsage}
			if path == "/dev/null" && args[0] == "scenarios" && args[1] == "list" {
				codes = []int{exitPass} // a file that sets nothing
			}
			return badInput{args: args, codes: codes, setup: func(t *testing.T, dir string) {
				if err := syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o600); err != nil {
					t.Fatal(err)
				}
			}}
		},
		"duration": func(r *rand.Rand) badInput {
			d := one(r, "-5s", "5sec", ".inf", "1e400s", "292471209h", "9999999h", "2562047h", "5", "[5s]", "NaNs", "~", "5µs5", "''")
			return checkFile(one(r, strings.Replace(scenarioText("", "", ""), "before: 1s", "before: "+d, 1), scenarioText("workers: 1, timeout: "+d, "", ""),
				scenarioText("", "", "faults: [{kind: stop, for: "+d+"}]\n"), scenarioText("", "path: /, timeout: "+d, "")), exitUsage)
		},
		"encoding, odd": func(r *rand.Rand) badInput {
			sound := scenarioText("", "", "")
			utf := utf16.Encode([]rune(sound))
			wide := []byte{0xff, 0xfe}
			for _, u := range utf {
				wide = append(wide, byte(u), byte(u>>8))
			}
			return checkFile(one(r, string(wide), strings.Replace(sound, "title: t", "title: caf\xe9", 1), strings.Replace(sound, "title: t", "title: a\x00b", 1),
				strings.Replace(sound, "load:\n  ", "load:\n\t", 1), "\xef\xbb", sound+"---\n"+sound), exitUsage)
		},
		"encoding, sound": func(r *rand.Rand) badInput {
			sound := scenarioText("", "", "")
			return checkFile(one(r, "\ufeff"+sound, strings.ReplaceAll(sound, "\n", "\r\n"), "\ufeff"+strings.ReplaceAll(sound, "\n", "\r\n"),
				"# "+strings.Repeat("é", r.IntN(1000))+"\n"+sound), exitPass)
		},
		"flags": func(r *rand.Rand) badInput {
			flags := one(r, []string{"--speed", "0", "--shape", "replay", "--log", "x"}, []string{"--rate", "1e9"}, []string{"--rate", "1e-300"}, []string{"--rate", "NaN"},
				[]string{"--connections", "-1"}, []string{"--connections", "0"}, []string{"--users", "-5", "--shape", "closed"}, []string{"--duration", "-1s"},
				[]string{"--duration", "9999999h"}, []string{"--timeout", "0s"}, []string{"--timeout", "9999999h"}, []string{"--header", "A B: x"},
				[]string{"--header", "A: b\r\nC: d"}, []string{"--method", "GET /x HTTP/1.1"}, []string{"--expect", "999999"}, []string{"--steps", "1s@5/x", "--shape", "step"},
				[]string{"--think", "-1s", "--users", "1", "--shape", "closed"}, []string{"--template", "--body", "{{exec id}}"}, []string{"--template", "--body", "{{random}}"})
			return loads(nil, []int{exitUsage}, flags...)
		},
		"host": func(r *rand.Rand) badInput {
			return badInput{args: []string{"load", one(r, "http://no-such-host.invalid/", "no-such-host.invalid:80", "http://192.0.2.1/", "https://192.0.2.7:8443/x",
				"http://[2001:db8::1]/", "http://a b/", "http://\x1b[31m/", "http://"+strings.Repeat("a", 300)+".invalid/"), "-d", "50ms", "--headless"}, codes: []int{exitUsage}}
		},
		"incident": func(r *rand.Rand) badInput {
			text := one(r, "{\n\"incidents\":null}", `{"cause":{"kind":"nope"},"kind":"hang","id":1}`, `{"cause":"file-lock","kind":"hang","id":1}`, "{\n", `{"variants":[null]}`,
				`{"variants":[{"incidents":[null]}],"version":99}`, `{"cause":`+strings.Repeat("[", 100_000), "{\n\"cause\": "+strings.Repeat(`{"a":`, 100_000))
			return badInput{files: map[string]string{"i.json": text}, args: []string{"reproduce", "i.json", "--incident", one(r, "0", "-1", "7")}, codes: []int{exitUsage}}
		},
		"key": func(r *rand.Rand) badInput {
			key := one(r, "serverr", "Server", "\"\\x1b[31m\"", "title2", "\"a\\nb\"", "[a, b]", "? x", strings.Repeat("k", 2000))
			return checkFile(scenarioText("", "", key+": 1\n"), exitUsage)
		},
		"name": func(r *rand.Rand) badInput {
			name := one(r, "..", ".", "../../x", "/etc", "a/b", "a\\b", "a"+one(r, badByte...)+"b", strings.Repeat("n", 300), "")
			return checkFile(strings.Replace(scenarioText("", "", ""), "name: v,", "name: "+quoted(name)+",", 1), exitUsage)
		},
		"number": func(r *rand.Rand) badInput {
			n := one(r, "0", "-5", "1.5", "1e9", "9223372036854775807", "99999999999999999999999", "yes", "~", "[1]", "'x'", "0x0", ".nan")
			return checkFile(scenarioText("workers: "+n, "", ""), exitUsage)
		},
		"port": func(r *rand.Rand) badInput {
			port := one(r, "65536", "99999", "0", "-1", "x", "999999999999999999999", "1e3")
			return one(r, badInput{args: []string{"load", "http://127.0.0.1:" + port + "/"}, codes: []int{exitUsage}},
				checkFile(scenarioText("kind: url, url: 'http://127.0.0.1:"+port+"'", "", ""), exitUsage),
				checkFile(scenarioText("kind: attach, pid: 5, address: '127.0.0.1:"+port+"'", "", ""), exitUsage),
				checkFile(scenarioText("upstream: '127.0.0.1:"+port+"'", "", ""), exitUsage),
				badInput{args: []string{"serve", "--bind", "127.0.0.1:" + port + "x"}, codes: []int{exitUsage}},
				badInput{args: []string{"diagnose", "--port=" + port}, codes: []int{exitUsage}})
		},
		"rate": func(r *rand.Rand) badInput {
			rate := one(r, "0", "-5/s", "NaN", "inf/s", "1e309", "1e9/s", "5/s/s", "5/x", "1e-300/s", "[5]", "~", "1e7")
			return checkFile(strings.Replace(scenarioText("", "", ""), "rate: 20/s", "rate: "+rate, 1), exitUsage)
		},
		"recording": badRecording,
		"replay": func(r *rand.Rand) badInput {
			log := fmt.Sprintf("{\"ts\":%d,\"path\":\"/\"}\n{\"ts\":%d,\"path\":\"/\"}\n", r.IntN(1000), 1_000_000_000+r.IntN(1_000_000_000))
			return loads(map[string]string{"a.log": log}, []int{exitUsage}, "--shape", "replay", "--log", "a.log", "--speed", one(r, "1", "2", "0.001", "NaN", "-1", "5000"))
		},
		"request": func(r *rand.Rand) badInput {
			bad := one(r, badByte[:5]...) // other letters are escaped
			return checkFile(scenarioText("", one(r, "path: "+quoted("/a"+bad+"b"), "path: /a b", "path: //10.0.0.1/x", "path: x", "path: '/%zz'",
				"path: /, method: "+quoted("GET"+bad), "path: /, method: GET /x", "path: /, header: {\"X Y\": a}", "path: /, header: {"+quoted("A"+bad)+": a}",
				"path: /, header: {A: "+quoted("b\r\nX: y")+"}", "path: /, expect: [999999]", "path: /, weight: .nan", "path: /, weight: -1"), ""), exitUsage)
		},
		"serve": func(r *rand.Rand) badInput {
			text := one(r, "workers: [1]", "workers: -1", "nope: 1", "hello", "bind: '127.0.0.1:70000'", "workers: "+strings.Repeat("[", 100_000), "a: &a [1]\nb: *a",
				"workers: 1\nworkers: 2", "threads: 0", "bind: {a: b}", strings.Repeat("#", 2<<20))
			return badInput{files: map[string]string{"c.yaml": text}, args: []string{"serve", "--config", "c.yaml", "--check-config"}, codes: []int{exitUsage}}
		},
		"set": func(r *rand.Rand) badInput {
			set := one(r, "server.workers=0", "server.workers", "=1", "server.workers=[1, 2", "server.workers=*a", "server.workers=&a [*a]", "server.workers=!!int 3",
				strings.Repeat("a.", 10_000)+"a=1", "load.rate=1e9", "variants[0].name=..", "variants[9].name=x", "faults[0]=1", "server.workers="+strings.Repeat("[", 20_000),
				"phases.before=9999h", "server.workers=\"a\x1b[31m\"", "load.targets="+strings.Repeat("[", 70), "server={workers: 0}")
			return badInput{files: map[string]string{"s.yaml": scenarioText("", "", "")}, args: []string{"run", "./s.yaml", "--headless", "--set", set}, codes: []int{exitUsage}}
		},
		"size": func(r *rand.Rand) badInput {
			n := (1 << 20) + 1 + r.IntN(8<<20)
			return checkFile(one(r, strings.Repeat("#", n), scenarioText("", "", "quick: ["+strings.Repeat("x, ", n/3)+"]\n"), strings.Repeat("\n", n), "title: "+strings.Repeat("t", n)), exitUsage)
		},
		"many": func(r *rand.Rand) badInput { // as much as may be, and all of it wrong
			line := one(r, "variants%d: 1\n", "- {name: v%d, expect: any, set: {server.workers: 2}}\n", "k%d: 1\n", "- %d\n", "? %d\n", "%d: [1, 2]\n", "\"%d\": {a: b}\n", "# %d\n")
			var b strings.Builder
			for i := 0; b.Len() < 1<<20-100; i++ {
				fmt.Fprintf(&b, line, i)
			}
			return checkFile(b.String(), exitUsage)
		},
		"targets": func(r *rand.Rand) badInput {
			text := one(r, "", "\n\n\n", "GET ftp://127.0.0.1/\n", "GET /x\nA:\n", "GET /a b\n", "POST /x\n@/etc\n", "POST /x\n@/dev/zero\n", "GET /x\nA B: c\n",
				`{"method":"GET","url":"/x","header":{"A\r\nB":["c"]}}`, `{"method":"GET /y HTTP/1.1\r\nX: y","url":"/x"}`, `{"method":"GET","url":"/x\r\nX: y"}`,
				`{"method":`, "GET http://192.0.2.1/\n", "GET http://127.0.0.1:99999/\n", strings.Repeat("G", 100_000), "GET /x\x00\n", strings.Repeat("[", 100_000))
			return loads(map[string]string{"t": text}, []int{exitUsage}, "--targets", "t")
		},
		"template": func(r *rand.Rand) badInput {
			place := one(r, "{{exec id}}", "{{random}}", "{{random 9 1}}", "{{random 1}}", "{{hex}}", "{{hex 0}}", "{{hex 99999999}}", "{{", "{{}}", "{{seq 1}}", "{{random a b}}",
				"{{random -9223372036854775808 9223372036854775807}}")
			where := one(r, "path: "+quoted("/"+place), "path: /, body: "+quoted(place), "path: /, header: {A: "+quoted(place)+"}")
			return checkFile(scenarioText("", where+", template: true", ""), exitUsage)
		},
		"wrong kind": func(r *rand.Rand) badInput {
			return checkFile(one(r, "[]", "x", "5", "~", "{}", "name: [a]\n", "name: base\nload: x\n", "name: base\nvariants: {a: b}\n", "name: base\nphases: []\n", "# hi\n", "",
				"name: base\nload: {rate: 1, targets: {path: /}}\n", "name: base\nserver: {hook: x}\n", "name: base\nserver: {env: [a]}\n", "'name': 'base\n"), exitUsage)
		},
	}
}

// badRecording is one that no run wrote.
func badRecording(r *rand.Rand) badInput {
	header := `{"seq":1,"at":0,"kind":"header","event":{"format":2,"tool":"x","scenario":"s","text":"","seed":1,"host":"h","kernel":"k","cores":1,"started":"2026-01-01T00:00:00Z"}}`
	tick := `{"seq":2,"at":5,"kind":"tick","event":{"late":0}}`
	lines := one(r, []string{}, []string{tick}, []string{header, header}, []string{header, tick, tick}, []string{header, strings.Replace(tick, `{"late":0}`, "null", 1)},
		[]string{header, strings.Replace(tick, `,"event":{"late":0}`, "", 1)}, []string{header, strings.Replace(tick, `"tick"`, `"nope"`, 1)}, []string{header, "null"},
		[]string{header, `{"seq":2,"at":-5,"kind":"tick","event":{"late":0}}`}, []string{header, `{"seq":2,"at":9000000000000000000,"kind":"tick","event":{"late":0}}`},
		[]string{strings.Replace(header, `"format":2`, `"format":99`, 1)}, []string{header, strings.Repeat("[", 9<<20)}, []string{strings.Replace(header, `"text":""`, `"text":`+quoted(strings.Repeat("[", 100_000)), 1)},
		[]string{header, strings.Repeat(" ", 64<<20)})
	codes := []int{exitUsage, exitUnknown}
	var packed bytes.Buffer
	gz := gzip.NewWriter(&packed)
	for _, line := range lines {
		_, _ = gz.Write([]byte(line + "\n")) // to memory
	}
	_ = gz.Close()
	text := packed.Bytes()
	switch r.IntN(4) {
	case 0:
		text = text[:r.IntN(len(text))]
	case 1:
		text[r.IntN(len(text))] ^= 1 << r.IntN(8)
	}
	args := one(r, []string{"report", "r.hangtime"}, []string{"replay", "--headless", "r.hangtime"}, []string{"compare", "r.hangtime", "r.hangtime"}, []string{"reproduce", "r.hangtime"})
	return badInput{files: map[string]string{"r.hangtime": string(text)}, args: args, codes: codes}
}
