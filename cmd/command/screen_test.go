package command

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
)

// A terminal is the real binary on a pseudo-terminal and the screen that it draws.
type terminal struct {
	t     *testing.T
	tty   *os.File
	cmd   *exec.Cmd
	ended chan struct{}

	mu     sync.Mutex // over screen, whose own safe form leaves String out, and raw
	screen *vt.Emulator
	raw    bytes.Buffer
}

func startOnTerminal(t *testing.T, columns, rows int, args ...string) *terminal {
	t.Helper()
	cmd := exec.Command(binary, args...)
	cmd.Env = append(os.Environ(), "TERM=xterm-256color", "TMPDIR="+t.TempDir(), "XDG_STATE_HOME="+t.TempDir())
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Cols: uint16(columns), Rows: uint16(rows)})
	if err != nil {
		t.Fatal(err)
	}
	term := &terminal{t: t, tty: tty, cmd: cmd, screen: vt.NewEmulator(columns, rows), ended: make(chan struct{})}
	var copying sync.WaitGroup
	copying.Go(func() {
		buf := make([]byte, 32<<10)
		for {
			n, err := tty.Read(buf)
			term.mu.Lock()
			_, _ = term.screen.Write(buf[:n])
			term.raw.Write(buf[:n])
			term.mu.Unlock()
			if err != nil {
				close(term.ended)
				return
			}
		}
	})
	// What a terminal answers when it is asked who it is.
	copying.Go(func() {
		buf := make([]byte, 256)
		for {
			n, err := term.screen.Read(buf)
			if err != nil {
				return
			}
			if _, err := tty.Write(buf[:n]); err != nil {
				return
			}
		}
	})
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = tty.Close()
		_ = term.screen.InputPipe().(io.Closer).Close() // ends the answers' reader; Close itself races with it
		copying.Wait()
		_ = term.screen.Close()
	})
	return term
}

// waitFor waits until the screen shows what is looked for; the limit is only there so that a broken program ends the test.
func (term *terminal) waitFor(what string, seen func(screen string) bool) string {
	term.t.Helper()
	deadline := time.After(90 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		term.mu.Lock()
		screen := term.screen.String()
		term.mu.Unlock()
		if seen(screen) {
			return screen
		}
		select {
		case <-tick.C:
		case <-term.ended:
			term.t.Fatalf("the program ended before %s; its last screen:\n%s", what, screen)
		case <-deadline:
			term.t.Fatalf("%s never came; the last screen:\n%s", what, screen)
		}
	}
}

func (term *terminal) press(keys string) {
	term.t.Helper()
	if _, err := term.tty.Write([]byte(keys)); err != nil {
		term.t.Fatal(err)
	}
}

// workerRows are the lines of the worker table.
var workerRow = regexp.MustCompile(`(?m)^\W*\d+ +\d+ +(\S+)`)

func states(screen string) []string {
	var all []string
	for _, m := range workerRow.FindAllStringSubmatch(screen, -1) {
		all = append(all, strings.ToLower(m[1]))
	}
	return all
}

// longHang is a run in which the workers stand still for many seconds. In the scenario as it is built in the arbiter
// kills them soon after hangtime can be certain, and on a machine so busy that hangtime itself is late (which counts
// as not having looked) it may come first.
func longHang(out string) []string {
	return []string{"run", "log-contention", "--set", "server.timeout=60s", "--set", "phases.before=2s", "--set",
		"phases.during=6s", "--set", "phases.after=2s",
		"--set", "faults[0].for=6s", "--out", out}
}

func TestAStalledWorkerIsSeenAndSeenToRecover(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	term := startOnTerminal(t, 80, 24, longHang(out)...)
	seenToHangAndRecover(term)
	outcome := verdictOn(term.waitFor("the verdict", func(s string) bool { return verdictOn(s) != "" }))
	term.press("q")
	code := map[string]int{"pass": exitPass, "fail": exitFail, "unknown": exitUnknown}[outcome]
	if got := exitCode(t, term.cmd.Wait()); got != code {
		t.Errorf("after q: exit code %d, but the screen said %q", got, outcome)
	}
	if _, err := os.Stat(filepath.Join(out, "result.json")); err != nil {
		t.Error(err)
	}
}

// On a large screen the same; leaving in the middle ends the run in order.
func TestLeavingEndsTheRun(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	term := startOnTerminal(t, 160, 50, longHang(out)...)
	seenToHangAndRecover(term)
	term.press("q")
	if got := exitCode(t, term.cmd.Wait()); got != exitInterrupted {
		t.Errorf("exit code %d, want %d", got, exitInterrupted)
	}
	if _, err := os.Stat(filepath.Join(out, "result.json")); err != nil {
		t.Error(err)
	}
}

func seenToHangAndRecover(term *terminal) {
	term.t.Helper()
	term.waitFor("four workers at work", func(s string) bool { return len(states(s)) == 4 })
	hung := term.waitFor("a hung worker", func(s string) bool {
		return countOf(states(s), "hung") > 0 && strings.Contains(s, "async_tasks.log")
	})
	for line := range strings.SplitSeq(hung, "\n") {
		if m := workerRow.FindStringSubmatch(line); m != nil && strings.EqualFold(m[1], "hung") &&
			!strings.Contains(line, "async_tas") {
			term.t.Errorf("a hung worker's row does not name the lock: %q", line)
		}
	}
	term.waitFor("all of them at work again", func(s string) bool {
		all := states(s)
		return len(all) == 4 && countOf(all, "hung") == 0 && countOf(all, "suspect") == 0 && strings.Contains(s, "shared")
	})
}

var verdictWords = regexp.MustCompile(`over: (pass|fail|unknown)`)

// verdictOn is the outcome that the first line of a screen says; empty: the run goes on.
func verdictOn(screen string) string {
	if m := verdictWords.FindStringSubmatch(screen); m != nil {
		return m[1]
	}
	return ""
}

func exitCode(t *testing.T, err error) int {
	t.Helper()
	var ended *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &ended):
		return ended.ExitCode()
	}
	t.Fatal(err)
	return 0
}

func countOf(all []string, one string) int {
	n := 0
	for _, s := range all {
		if strings.HasPrefix(s, one) {
			n++
		}
	}
	return n
}
