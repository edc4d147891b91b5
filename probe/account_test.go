package probe

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/kernel/proc"
	"github.com/hangtime-dev/hangtime/probe/threads"
)

// TestAStopIsSeenAtTheTickAfterTheLastTurn although the line of a process that runs all the time is not read at each.
func TestAStopIsSeenAtTheTickAfterTheLastTurn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "stat")
	is := func(state string) {
		line := "7 (python3) " + state + strings.Repeat(" 1", 49) + "\n"
		if err := os.WriteFile(path, []byte(line), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	is("S")
	file, err := proc.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	a, now, line := account{file: file}, time.Now(), make([]byte, maxLine)
	for tick, step := range []struct {
		ran   bool
		state string // that the line has by then
		want  byte
	}{
		{true, "R", 'R'}, {true, "S", 'R'}, {true, "S", 'R'}, {true, "D", 'D'}, // it is read every third tick
		{true, "T", 'D'}, {false, "T", 'T'}, // and at the first without a turn
		{false, "S", 'T'}, // where nothing runs, not: nothing can change
		{true, "S", 'T'}, {false, "S", 'S'},
	} {
		is(step.state)
		if !a.refresh(now.Add(time.Duration(tick)*sampleEvery), line, &threads.Process{Ran: step.ran}) {
			t.Fatal("it is said to end")
		}
		if a.last.State != step.want {
			t.Errorf("tick %d: %c, want %c", tick, a.last.State, step.want)
		}
	}
}
