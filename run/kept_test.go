package run

import (
	"os"
	"path/filepath"
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

// The last verdict of each scenario is kept; a file that is broken counts as empty, for it is a convenience.
func TestTheLastVerdictOfAScenarioIsKept(t *testing.T) {
	state := t.TempDir()
	t.Setenv("XDG_STATE_HOME", state)
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for i, outcome := range []string{"fail", "pass"} {
		if err := RememberVerdict("worker-kill", outcome, at.Add(time.Duration(i)*time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	if err := RememberVerdict("log-contention", "unknown", at); err != nil {
		t.Fatal(err)
	}
	got := LastVerdicts()
	if len(got) != 2 || got["worker-kill"] != (LastVerdict{"pass", at.Add(time.Hour)}) {
		t.Errorf("kept: %v", got)
	}
	files, err := os.ReadDir(filepath.Join(state, "hangtime"))
	if err != nil || len(files) != 1 {
		t.Errorf("%v, %v: want the one file and none that was only begun", files, err)
	}
	if err := os.WriteFile(filepath.Join(state, "hangtime", verdictsFile), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := LastVerdicts(); len(got) != 0 {
		t.Errorf("of a broken file: %v", got)
	}
}

// What is older is deleted: a file's name that is a way up must not lead to what others keep.
func TestAFolderOfRunsIsAlwaysOneOfItsOwn(t *testing.T) {
	state := t.TempDir()
	t.Setenv("XDG_STATE_HOME", state)
	for scenario, want := range map[string]string{"worker-kill": "worker-kill", "/x/My Test.yaml": "my-test", "...yaml": "unnamed", "/x/..": "unnamed"} {
		dir, err := KeptFolder(scenario, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if got := filepath.Dir(dir); got != filepath.Join(state, "hangtime", "runs", want) {
			t.Errorf("%s is kept in %s, want %s", scenario, got, want)
		}
	}
}
