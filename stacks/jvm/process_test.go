package jvm

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/kernel/memory"
	"github.com/hangtime-dev/hangtime/stacks"
)

func process(pid int) stacks.Process {
	return stacks.Process{Proc: "/proc", PID: pid,
		Memory: func(address uint64, into []byte) error { return memory.Read(pid, address, into) }}
}

// compile compiles a program of testdata, once for a test and what is below it.
func compile(t *testing.T, source string) (classes string) {
	t.Helper()
	classes = t.TempDir()
	if said, err := exec.Command("javac", "-d", classes, filepath.Join("testdata", source)).CombinedOutput(); err != nil {
		t.Fatalf("javac %s: %v: %s", source, err, said)
	}
	return classes
}

// start starts java; it and all that it started end with the test.
func start(t *testing.T, args ...string) (pid int) {
	t.Helper()
	command := exec.Command("java", args...)
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	said := &bytes.Buffer{}
	command.Stdout, command.Stderr = said, said
	command.WaitDelay = time.Second // a child of the child's may have its output still
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	pid = command.Process.Pid
	t.Cleanup(func() {
		_ = syscall.Kill(-pid, syscall.SIGKILL)
		_ = command.Wait()
		if t.Failed() {
			t.Logf("java said: %s", said)
		}
	})
	return pid
}

// until polls for a condition.
func until(t *testing.T, true func() bool, what string, args ...*string) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(30 * time.Second); !true(); <-tick.C {
		if time.Now().After(end) {
			values := make([]any, 0, len(args))
			for _, a := range args {
				values = append(values, *a)
			}
			t.Fatalf("waited 30 s for "+what, values...)
		}
	}
}

// opened is a reader of a process, as soon as its virtual machine is up.
func opened(t *testing.T, pid int) *reader {
	t.Helper()
	var r stacks.Reader
	until(t, func() bool {
		if program, _ := os.Readlink(filepath.Join("/proc", strconv.Itoa(pid), "exe")); filepath.Base(program) != "java" {
			return false
		}
		var err error
		r, err = Open(process(pid))
		return err == nil
	}, "the virtual machine")
	return r.(*reader)
}

// look is what a process does, by the names of its threads.
func look(t *testing.T, r stacks.Reader) map[string]stacks.Work {
	t.Helper()
	works, err := r.Look()
	if err != nil {
		return nil
	}
	all := map[string]stacks.Work{}
	for _, w := range works {
		all[w.Name] = w
	}
	return all
}
