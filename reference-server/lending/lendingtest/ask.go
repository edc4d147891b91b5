// Package lendingtest asks of a backend that is a module of its own what the core asks of its own backends, and more.
package lendingtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Main builds the program of a folder, with the race detector, before the tests of a package run, and gives their exit code.
func Main(m *testing.M, folder string, program *string) int {
	dir, err := os.MkdirTemp("", "hangtime-program-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	*program = filepath.Join(dir, filepath.Base(folder))
	build := exec.Command("go", "build", "-race", "-o", *program, folder)
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintf(os.Stderr, "build %s: %v\n", folder, err)
		return 1
	}
	return m.Run()
}

// Ask runs the core's own tests of backends on a program; core is the folder of the core's module. In an option {n}
// is another number for each server that is started.
func Ask(t *testing.T, core, program, backend string, options ...string) {
	t.Helper()
	askOne(t, core, program, backend, "TestBackends", options)
	// Its tasks may meet several killed workers one after the other.
	askOne(t, core, program, backend, "TestTasksOutliveWorkersKilledUnderLoad", append(options, backend+"-tries=10"))
}

func askOne(t *testing.T, core, program, backend, test string, options []string) {
	t.Helper()
	ask := exec.Command("go", "test", "-count=1", "-v", "-run", "^"+test+"$", "./reference-server", "-args",
		"-hangtime", program, "-backend", backend, "-backend-options", strings.Join(options, ","), "-kills", "10")
	ask.Dir = core
	out, err := ask.CombinedOutput()
	passed := strings.Count(string(out), "--- PASS: "+test)
	if err != nil || passed == 0 {
		t.Fatalf("%v\n%s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, "tasks accepted") {
			t.Log(strings.TrimSpace(line))
		}
	}
	t.Logf("%s: %d passed", test, passed)
}
