package command

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/report"
)

// A terminal that vanishes in the middle of a hang ends the run in order: the fault is lifted, the recording is
// whole, nothing is left.
func TestATerminalThatVanishesEndsTheRunInOrder(t *testing.T) {
	mark := fmt.Sprintf("HANGTIME_TEST_MARK=hup-%d", os.Getpid())
	t.Setenv("HANGTIME_TEST_MARK", strings.TrimPrefix(mark, "HANGTIME_TEST_MARK="))
	out := filepath.Join(t.TempDir(), "out")
	term := startOnTerminal(t, 80, 24, longHang(out)...)
	term.waitFor("a hung worker", func(s string) bool { return countOf(states(s), "hung") > 0 })
	if err := term.tty.Close(); err != nil { // the kernel sends SIGHUP to whoever is on the terminal
		t.Fatal(err)
	}
	if got := exitCode(t, term.cmd.Wait()); got != exitInterrupted {
		t.Errorf("exit code %d, want %d", got, exitInterrupted)
	}
	healed, whole, by := 0, false, ""
	for _, rec := range allRecords(t, filepath.Join(out, "log-contention"+history.Extension)) {
		switch ev := rec.Event.(type) {
		case history.FaultHealed:
			healed++
		case history.Interrupted:
			by = ev.By
		case history.RunEnded:
			whole = true
		}
	}
	if healed == 0 || !whole || by == "" {
		t.Errorf("%d faults healed, recording whole: %v, interrupted by %q", healed, whole, by)
	}
	for _, form := range report.Forms() {
		if form.File == "" {
			continue
		}
		if _, err := os.Stat(filepath.Join(out, form.File)); err != nil {
			t.Error(err)
		}
	}
	began := time.Now()
	for ; time.Since(began) < 5*time.Second && len(marked(t, mark)) > 0; time.Sleep(10 * time.Millisecond) {
	}
	if left := marked(t, mark); len(left) > 0 {
		t.Errorf("still there: %v", left)
		for pid := range left {
			_ = killPID(pid)
		}
	}
}

func allRecords(t *testing.T, path string) []history.Record {
	t.Helper()
	in, err := history.OpenRecording(path)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	var all []history.Record
	for {
		rec, err := in.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, rec)
	}
}
