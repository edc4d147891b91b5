package command

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hangtime-dev/hangtime/scenarios"
)

// A first-time user comes from nothing to a running hang with two keys: one that moves, one that runs. What it came
// to is there on the way back.
func TestHomeToAHangWithTwoKeys(t *testing.T) {
	config := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", config)
	writeLongHang(t, filepath.Join(config, "hangtime", "scenarios"))
	term := startOnTerminal(t, 120, 35)
	term.waitFor("the scenarios", func(s string) bool { return strings.Contains(s, "▸ -") })
	term.press("\x1b[F") // to the last, which is one's own
	term.waitFor("the scenario", func(s string) bool { return strings.Contains(s, "▸ -         long-hang") })
	term.press("\r")
	term.waitFor("a hang", func(s string) bool {
		return strings.Contains(s, "HANG") && strings.Contains(s, "async_tasks.log")
	})
	term.waitFor("the verdict", func(s string) bool { return verdictOn(s) != "" })
	term.press("q")
	term.waitFor("the home screen with the verdict", func(s string) bool { return strings.Contains(s, "last verdict") })
	term.press("q")
	if err := term.cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// writeLongHang makes a scenario of one's own in which the workers stand still for long, as in longHang.
func writeLongHang(t *testing.T, dir string) {
	t.Helper()
	text, err := scenarios.Text("log-contention")
	if err != nil {
		t.Fatal(err)
	}
	own := string(text)
	for old, now := range map[string]string{
		"name: log-contention\n": "name: long-hang\n", "timeout: 4s\n": "timeout: 60s\n",
		"phases: {before: 5s, during: 8s, after: 8s}": "phases: {before: 1s, during: 6s, after: 1s}",
		"    for: 8s\n": "    for: 6s\n",
	} {
		if !strings.Contains(own, old) {
			t.Fatalf("%q is not in the scenario any more", old)
		}
		own = strings.Replace(own, old, now, 1)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "long-hang.yaml"), []byte(own), 0o644); err != nil {
		t.Fatal(err)
	}
}

// e edits a copy, which is a scenario of one's own from then on; a broken one says why.
func TestHomeEditsACopy(t *testing.T) {
	config := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", config)
	t.Setenv("EDITOR", "sed -i s/rate:.*/rate:\\ fast/")
	t.Setenv("VISUAL", "")
	term := startOnTerminal(t, 120, 35)
	term.waitFor("the scenarios", func(s string) bool { return strings.Contains(s, "scenarios") })
	term.press("/log-cont\r")
	term.waitFor("the scenario", func(s string) bool { return strings.Contains(s, "▸ -         log-contention") })
	term.press("e")
	term.waitFor("the broken copy", func(s string) bool { return strings.Contains(s, "▸ ✗ broken  log-contention-1") })
	term.press("\r")
	term.waitFor("why it is broken", func(s string) bool { return strings.Contains(s, `"fast" is not a rate`) })
	term.press("q")
	if err := term.cmd.Wait(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(config, "hangtime", "scenarios", "log-contention-1.yaml")); err != nil {
		t.Error(err)
	}
}
