package ruby

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	kernelmemory "github.com/hangtime-dev/hangtime/kernel/memory"
	"github.com/hangtime-dev/hangtime/stacks"
)

func process(pid int) stacks.Process {
	return stacks.Process{Proc: "/proc", PID: pid,
		Memory: func(address uint64, into []byte) error { return kernelmemory.Read(pid, address, into) }}
}

// start starts a program; it and all that it started end with the test.
func start(t *testing.T, dir, name string, args ...string) int {
	t.Helper()
	command := exec.Command(name, args...)
	command.Dir = dir
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	said := &bytes.Buffer{}
	command.Stdout, command.Stderr = said, said
	command.WaitDelay = time.Second // a child of the child's may have its output still
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL)
		_ = command.Wait()
		if t.Failed() {
			t.Logf("%s said: %s", name, said)
		}
	})
	return command.Process.Pid
}

// script starts Ruby with a program.
func script(t *testing.T, program string) int {
	t.Helper()
	file := filepath.Join(t.TempDir(), "app.rb")
	if err := os.WriteFile(file, []byte(program), 0o600); err != nil {
		t.Fatal(err)
	}
	return start(t, "", "ruby", file)
}

// look is what a process does; nothing while its Ruby is not up.
func look(pid int) []stacks.Work {
	r, err := Open(process(pid))
	if err != nil {
		return nil
	}
	works, err := r.Look()
	if err != nil {
		return nil
	}
	return works
}

// named is the work of the thread of a name.
func named(works []stacks.Work, name string) stacks.Work {
	for _, w := range works {
		if w.Name == name {
			return w
		}
	}
	return stacks.Work{}
}

// until polls for a condition.
func until(t *testing.T, true func() bool, what string, args ...any) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(30 * time.Second); !true(); <-tick.C {
		if time.Now().After(end) {
			t.Fatalf("waited 30 s for "+what, args...)
		}
	}
}

// A frame is what is compared of one.
type frame struct {
	function, file string
	line           int
	library        bool
}

func framesOf(w stacks.Work) (all []frame) {
	for _, f := range w.Frames {
		file := f.File
		if file != "" {
			file = filepath.Base(file)
		}
		all = append(all, frame{f.Function, file, f.Line, f.Library})
	}
	return all
}
