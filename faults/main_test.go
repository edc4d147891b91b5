package faults

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// testRole makes the test binary one of the processes that a test needs.
const testRole = "HANGTIME_TEST_ROLE"

func TestMain(m *testing.M) {
	if handled, code := Role(os.Args[1:]); handled {
		os.Exit(code)
	}
	switch os.Getenv(testRole) {
	case "worker":
		idle()
	case "arbiter":
		arbiter()
	case "injector":
		injector()
	case "raiser":
		raiser()
	}
	// The race detector sleeps a second at each exit of our children unless it is told not to.
	if err := os.Setenv("GORACE", "atexit_sleep_ms=0"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

// idle waits for its parent's end, as a worker of a server does that nobody stops.
func idle() {
	for limit := time.Now().Add(2 * time.Minute); time.Now().Before(limit); time.Sleep(5 * time.Millisecond) {
	}
	os.Exit(0)
}

// arbiter starts two workers and says their numbers; it ignores the end of its parent, as a server that hangs would.
func arbiter() {
	signal.Ignore(syscall.SIGTERM, syscall.SIGINT)
	for range 2 {
		cmd := child("worker")
		if err := cmd.Start(); err != nil {
			panic(err)
		}
		fmt.Println(cmd.Process.Pid)
		go func() { _ = cmd.Wait() }()
	}
	idle()
}

func child(role string, env ...string) *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(append(os.Environ(), env...), testRole+"="+role)
	return cmd
}

// A crew is an arbiter and its two workers.
type crew struct {
	Arbiter int
	Workers []int
}

// startCrew starts one with entries in its environment.
func startCrew(env ...string) (crew, *exec.Cmd, error) {
	cmd := child("arbiter", env...)
	// A session of its own: in ours the kernel would end stopped processes itself when their parent dies (an orphaned
	// process group gets SIGHUP and SIGCONT).
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return crew{}, nil, err
	}
	if err := cmd.Start(); err != nil {
		return crew{}, nil, err
	}
	c := crew{Arbiter: cmd.Process.Pid}
	for lines := bufio.NewScanner(out); len(c.Workers) < 2 && lines.Scan(); {
		var pid int
		if _, err := fmt.Sscan(lines.Text(), &pid); err != nil {
			return c, cmd, err
		}
		c.Workers = append(c.Workers, pid)
	}
	return c, cmd, nil
}

func (c crew) all() []int { return append([]int{c.Arbiter}, c.Workers...) }

// seen are its workers as the probe would give them.
func (c crew) seen() []Worker {
	var all []Worker
	for i, pid := range c.Workers {
		if p, err := identify(pid); err == nil {
			all = append(all, Worker{Place: i + 1, PID: pid, Start: p.Start, Born: time.Duration(i)})
		}
	}
	return all
}

// newCrew is a crew that ends with the test.
func newCrew(t *testing.T, env ...string) crew {
	t.Helper()
	c, cmd, err := startCrew(env...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, pid := range c.all() {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		_ = cmd.Wait()
	})
	return c
}

// private gives the test its own folders for runs and journals.
func private(t *testing.T) (tmp, state string) {
	t.Helper()
	tmp, state = t.TempDir(), t.TempDir()
	t.Setenv("TMPDIR", tmp)
	t.Setenv("XDG_STATE_HOME", state)
	return tmp, state
}

func newGuardian(t *testing.T) *Guardian {
	t.Helper()
	g, err := StartGuardian(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	})
	return g
}

// eventually waits for what must come; the limit is far beyond what it takes, so that a busy machine is no failure.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for limit := time.Now().Add(20 * time.Second); time.Now().Before(limit); time.Sleep(5 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Fatal("not within 20s: " + what)
}

func over(pid int) bool {
	s, err := readStatus(pid)
	return err != nil || s.dead()
}

func state(pid int) byte {
	s, err := readStatus(pid)
	if err != nil {
		return 0
	}
	return s.stat.State
}

func entries(t *testing.T, dir string) string {
	t.Helper()
	all, err := os.ReadDir(dir)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	var names []string
	for _, e := range all {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}

func mustJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}
