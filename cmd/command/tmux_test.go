package command

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// tmux is a terminal that many have between hangtime and their own: it passes keys, colours and sizes on in its own way.
func TestKeysInTmux(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "tmux")
	tmux := func(args ...string) string {
		t.Helper()
		cmd := exec.Command("tmux", append([]string{"-S", socket, "-f", "/dev/null"}, args...)...)
		cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "TERM=xterm-256color")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("tmux %s: %v: %s", strings.Join(args, " "), err, out)
		}
		return string(out)
	}
	tmux("new-session", "-d", "-x", "120", "-y", "35",
		fmt.Sprintf("'%s' replay '%s'; sleep 600", binary,
			filepath.Join("..", "..", "tui", "testdata", "log-contention.hangtime")))
	t.Cleanup(func() { _ = exec.Command("tmux", "-S", socket, "kill-server").Run() })
	see := func(text string) {
		t.Helper()
		screen := ""
		for deadline := time.Now().Add(60 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
			if screen = tmux("capture-pane", "-p"); strings.Contains(screen, text) {
				return
			}
		}
		t.Fatalf("%q never came; the screen:\n%s", text, screen)
	}
	see("q end")
	for _, step := range []struct{ keys, see string }{
		{"Space", "■ 1x"}, {": a t Space 4 . 9 Enter", "HANG 4 of 4"}, {"Down", "▸ 2 "}, {"Up", "▸ 1 "},
		{"Enter", "waits for"}, {"Escape", "story"}, {"i", "incident 1"}, {"Escape", "story"},
		{"Right Right", "■ 1x  00:06"}, {"Left Left Left Left", "■ 1x  00:02"}, {"n", "■ 1x  00:03"}, {"] ]", "■ 4x"},
		{"[", "■ 2x"}, {"?", "any other key goes back"}, {"x", "story"},
		{"/ 2 Enter", "of 4)"}, {"Escape", "1 7593"}, {"End", "▸ 4 "}, {"Home", "▸ 1 "}, {"PPage", "story"},
		{"NPage", "story"}, {"v", "longest stall"}, {"Tab", "story"},
	} {
		tmux(append([]string{"send-keys"}, strings.Fields(step.keys)...)...)
		see(step.see)
	}
	tmux("resize-window", "-x", "80", "-y", "24")
	see("? help  q end")
}
