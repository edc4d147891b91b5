package command

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// binary is the real hangtime, built once: its children are itself, which a test binary could not be.
var binary string

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "hangtime-binary-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		binary = filepath.Join(dir, "hangtime")
		build := exec.Command("go", "build", "-o", binary, "../hangtime")
		build.Stderr = os.Stderr
		if err := build.Run(); err != nil {
			fmt.Fprintln(os.Stderr, "build hangtime:", err)
			return 1
		}
		return m.Run()
	}())
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", filepath.Dir(binary)+string(os.PathListSeparator)+env.Getenv("PATH"))
			env.Setenv("XDG_STATE_HOME", filepath.Join(env.WorkDir, "state"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
	})
}

// exits runs a command and judges its exit code: `exits 2 hangtime run nothing`. What says itself that the machine
// was too busy for a judgement is run again; what passed or failed never is.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND [ARGUMENT...]")
	}
	for try := 1; ; try++ {
		code := codeOf(ts, args[1:])
		if fmt.Sprint(code) == args[0] {
			return
		}
		if try == busyTries || code != exitUnknown || !strings.Contains(ts.ReadFile("stdout"), tooBusy) {
			ts.Fatalf("exit code %d, want %s", code, args[0])
		}
		if i := slices.Index(args, "--out"); i > 0 {
			ts.Check(os.RemoveAll(ts.MkAbs(args[i+1]))) // a recording is never overwritten
		}
	}
}

const (
	busyTries = 3
	tooBusy   = "too busy to judge"
)

// codeOf runs it and gives its exit code.
func codeOf(ts *testscript.TestScript, command []string) int {
	err := ts.Exec(command[0], command[1:]...)
	if err == nil {
		return 0
	}
	exit, ok := err.(*exec.ExitError)
	if !ok {
		ts.Fatalf("%v", err)
	}
	return exit.ExitCode()
}
