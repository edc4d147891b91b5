package python

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/kernel/memory"
	"github.com/hangtime-dev/hangtime/stacks"
)

// interpreters are the Pythons of 3.10 to 3.14 that are installed: that of the system, those on the path, and those
// in a person's folder of versions. At least one is.
func interpreters(t *testing.T) []string {
	t.Helper()
	patterns := []string{"/usr/bin/python3.1[0-4]"}
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		patterns = append(patterns, filepath.Join(dir, "python3.1[0-4]"))
	}
	if home, err := os.UserHomeDir(); err == nil {
		patterns = append(patterns, filepath.Join(home, ".pyenv/versions/3.1[0-4].*/bin/python3.1[0-4]"))
	}
	var all []string
	seen := map[string]bool{}
	for _, pattern := range patterns {
		found, _ := filepath.Glob(pattern)
		for _, exe := range found {
			real, err := filepath.EvalSymlinks(exe)
			if err != nil || seen[real] || isScript(real) {
				continue
			}
			seen[real] = true
			all = append(all, real)
		}
	}
	if len(all) == 0 {
		t.Fatal("no Python 3.10 to 3.14 is installed")
	}
	return all
}

// isScript says whether a file chooses a Python rather than being one.
func isScript(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return true
	}
	defer func() { _ = f.Close() }()
	head := make([]byte, 4)
	_, err = f.Read(head)
	return err != nil || string(head) != "\x7fELF"
}

// start runs a program in an interpreter until it has said that it is ready, and opens it.
func start(t *testing.T, finder *Finder, exe, program string, args ...string) (*Reader, *exec.Cmd) {
	t.Helper()
	cmd := exec.Command(exe, append([]string{"-c", program}, args...)...)
	return open(t, finder, launch(t, cmd)), cmd
}

// launch starts a command that prints "ready", and ends it and its children with the test.
func launch(t *testing.T, cmd *exec.Cmd) int {
	t.Helper()
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // with its children
		_ = cmd.Wait()
	})
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		t.Fatalf("it said %q (%v)", line, err)
	}
	return cmd.Process.Pid
}

func open(t *testing.T, finder *Finder, pid int) *Reader {
	t.Helper()
	r, err := finder.Open(stacks.Process{
		Proc: "/proc", PID: pid,
		Memory: func(address uint64, into []byte) error { return memory.Read(pid, address, into) },
		Pieces: func(all []memory.Piece) { memory.ReadPieces(pid, all) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// eventually looks until what is said of the work holds, for at most ten seconds; then it says what was seen last.
func eventually(t *testing.T, r *Reader, wrong func([]stacks.Work) string) []stacks.Work {
	t.Helper()
	var last string
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		work, err := r.Look()
		if err != nil {
			t.Fatal(err)
		}
		if last = wrong(work); last == "" {
			return work
		}
	}
	t.Error(last)
	return nil
}

// where is the stack of a piece of work in one line: "Queue.get < serve".
func where(w stacks.Work) string {
	var out []string
	for _, f := range w.Frames {
		out = append(out, f.Function)
	}
	return strings.Join(out, " < ")
}

// work1 is the piece of work of a name.
func work1(work []stacks.Work, name string) stacks.Work {
	for _, w := range work {
		if w.Name == name {
			return w
		}
	}
	return stacks.Work{}
}
