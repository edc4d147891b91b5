// Package lendingtest asks of a backend that is a module of its own what the core asks of its own backends, and more.
package lendingtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Build builds a program and gives its path.
func Build(t *testing.T, folder string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), filepath.Base(folder))
	build := exec.Command("go", "build", "-race", "-o", program, folder)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", folder, err, out)
	}
	return program
}

// Ask runs the core's own tests of backends on a program; core is the folder of the core's module. In an option {n}
// is another number for each server that is started.
func Ask(t *testing.T, core, program, backend string, options ...string) {
	t.Helper()
	ask := exec.Command("go", "test", "-count=1", "-v", "-run", "^(TestBackends|TestTasksOutliveWorkersKilledUnderLoad)$",
		"./reference-server", "-args", "-hangtime", program, "-backend", backend, "-backend-options", strings.Join(options, ","),
		"-kills", "10")
	ask.Dir = core
	ask.Env = append(os.Environ(), "GOFLAGS=")
	out, err := ask.CombinedOutput()
	passed := strings.Count(string(out), "--- PASS: TestBackends/")
	if err != nil || passed == 0 {
		t.Fatalf("%v\n%s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, "tasks accepted") {
			t.Log(strings.TrimSpace(line))
		}
	}
	t.Logf("%d behaviours as of the core's backends", passed)
}
