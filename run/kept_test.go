package run

import (
	"os"
	"testing"
	"time"
)

// Of each scenario only the newest runs are kept.
func TestOldRunsMakeRoom(t *testing.T) {
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	began := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	var dirs []string
	for i := range keptRuns + 3 {
		dir, err := KeptFolder("worker-kill", began.Add(time.Duration(i)*time.Second))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		dirs = append(dirs, dir)
	}
	for i, dir := range dirs {
		_, err := os.Stat(dir)
		if kept := i >= 3; kept != (err == nil) {
			t.Errorf("run %d: %v", i, err)
		}
	}
}
