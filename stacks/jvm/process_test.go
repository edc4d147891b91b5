package jvm

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
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

// A jdk is the folder of an installation of Java's.
type jdk string

// ofEachJDK runs a test with each JDK that is installed.
func ofEachJDK(t *testing.T, of func(*testing.T, jdk)) {
	t.Helper()
	compilers, err := filepath.Glob("/usr/lib/jvm/*/bin/javac")
	if err != nil || len(compilers) == 0 {
		t.Fatal("no JDK in /usr/lib/jvm")
	}
	done := map[string]bool{}
	for _, compiler := range compilers {
		real, err := filepath.EvalSymlinks(compiler)
		if err != nil || done[real] {
			continue // another name of the same
		}
		done[real] = true
		folder := filepath.Dir(filepath.Dir(real))
		t.Run(filepath.Base(folder), func(t *testing.T) { of(t, jdk(folder)) })
	}
}

// tool is the path of one of its programs.
func (j jdk) tool(name string) string { return filepath.Join(string(j), "bin", name) }

// version is 17, 25, ….
func (j jdk) version(t *testing.T) int {
	t.Helper()
	said, err := os.ReadFile(filepath.Join(string(j), "release"))
	found := regexp.MustCompile(`JAVA_VERSION="(\d+)`).FindSubmatch(said)
	if found == nil {
		t.Fatalf("%s/release says no version: %v", j, err)
	}
	n, _ := strconv.Atoi(string(found[1]))
	return n
}

// compile compiles a program of testdata, once for a test and what is below it.
func (j jdk) compile(t *testing.T, source string) (classes string) {
	t.Helper()
	classes = t.TempDir()
	if said, err := exec.Command(j.tool("javac"), "-J-XX:TieredStopAtLevel=1", "-d", classes, filepath.Join("testdata", source)).CombinedOutput(); err != nil {
		t.Fatalf("javac %s: %v: %s", source, err, said)
	}
	return classes
}

// A program is a virtual machine that runs one.
type program struct {
	pid  int
	said *output
}

// An output is what a program has written so far.
type output struct {
	lock sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.lock.Lock()
	defer o.lock.Unlock()
	return o.text.Write(b)
}

func (o *output) String() string {
	o.lock.Lock()
	defer o.lock.Unlock()
	return o.text.String()
}

// start starts java, and waits until its program says that it is up; it and all that it started end with the test.
func (j jdk) start(t *testing.T, args ...string) program {
	t.Helper()
	command := exec.Command(j.tool("java"), args...)
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	said := &output{}
	command.Stdout, command.Stderr = said, said
	command.WaitDelay = time.Second // a child of the child's may have its output still
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	pid := command.Process.Pid
	t.Cleanup(func() {
		_ = syscall.Kill(-pid, syscall.SIGKILL)
		_ = command.Wait()
		if t.Failed() {
			t.Logf("java said: %s", said)
		}
	})
	until(t, func() bool { return strings.Contains(said.String(), "up\n") }, "the program to be up")
	return program{pid, said}
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

// reader is one of a program.
func (p program) reader(t *testing.T) *reader {
	t.Helper()
	r, err := Open(process(p.pid))
	if err != nil {
		t.Fatal(err)
	}
	return r.(*reader)
}

// look is what a process does, by the names of its threads.
func look(t *testing.T, r stacks.Reader) map[string]stacks.Work {
	t.Helper()
	works, err := r.Look()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]stacks.Work{}
	for _, w := range works {
		all[w.Name] = w
	}
	return all
}
