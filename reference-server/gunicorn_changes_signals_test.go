package refserver

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// While the arbiter stands in a hook, eight signals come; then one of another kind, which is handled last.
func showSignalsKept(t *testing.T, k kind, after bool) {
	lock, err := os.Create(filepath.Join(t.TempDir(), "lock"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = lock.Close() }()
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	hook := fmt.Sprintf("def on_reload(server):\n    import fcntl\n    fcntl.flock(open(%q), fcntl.LOCK_EX)\n", lock.Name())
	s := begin(t, k, setup{module: lightApplication, conf: hook})
	arbiter := s.cmd.Process.Pid
	s.signal(syscall.SIGHUP)
	stands := func() bool { return waitsIn(arbiter, "locks_lock_inode_wait") }
	s.until("the arbiter stands in the hook", stands)
	for range 8 {
		slept := sleeps(t, arbiter)
		s.signal(syscall.SIGWINCH) // ignored in the foreground, and said
		s.until("it has heard the signal and stands again", func() bool { return sleeps(t, arbiter) > slept && stands() })
	}
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_UN); err != nil {
		t.Fatal(err)
	}
	handled := func(name string) int { return strings.Count(s.file("error.log"), "Handling signal: "+name) }
	s.until("it handles those that it kept", func() bool { return handled("winch") >= 5 })
	s.signal(syscall.SIGTTIN)
	s.until("it handles the last one", func() bool { return handled("ttin") == 1 })
	if got, want := handled("winch"), map[bool]int{false: 5, true: 8}[after]; got != want {
		t.Errorf("of 8 signals %d were handled, want %d", got, want)
	}
}

// sleeps is how often a process's first thread gave its processor up by itself, voluntary_ctxt_switches in proc(5).
func sleeps(t *testing.T, pid int) int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "\nvoluntary_ctxt_switches:\t")
	n, _, _ := strings.Cut(rest, "\n")
	return atoi(n)
}

func showReloadWaits(t *testing.T, k kind, after bool) {
	s := begin(t, k, setup{module: lightApplication, timeout: 3})
	release := s.stick()
	defer release()
	answer, old := s.hung()
	s.signal(syscall.SIGHUP)
	if !after {
		s.until("the old worker is killed at timeout", func() bool { return !running(old) })
		return
	}
	s.signal(syscall.SIGTTIN)
	// Without the wait it would be told to abort after 3 s and a round, and be killed another round later.
	s.stays(7*time.Second, func() bool {
		return running(old) && !strings.Contains(s.file("error.log"), "Handling signal: ttin")
	})
	release()
	if status := <-answer; status != 202 {
		t.Errorf("the request of the old worker got %d, want 202", status)
	}
}

func showQuickEnd(t *testing.T, k kind, after bool) {
	s := begin(t, k, setup{module: lightApplication, graceful: 300})
	release := s.stick()
	defer release()
	s.hung()
	s.signal(syscall.SIGTERM)
	s.until("the arbiter waits for its worker",
		func() bool { return strings.Contains(s.file("error.log"), "Handling signal: term") })
	s.signal(syscall.SIGQUIT)
	if !after {
		s.stays(3*time.Second, func() bool { return running(s.cmd.Process.Pid) })
		release()
	}
	if code := s.exitCode(); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
}

// stays watches for a while that something does not change: what is tested is that nothing happens.
func (s *target) stays(d time.Duration, is func() bool) {
	s.t.Helper()
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if !is() {
			s.t.Errorf("%s: it changed within %v", s.kind, d)
			return
		}
	}
}

func showReloadLogLevel(t *testing.T, k kind, after bool) {
	s := begin(t, k, setup{module: lightApplication, loglevel: "warning"})
	s.rewrite(`loglevel = "warning"`, `loglevel = "debug"`)
	old := s.workers()[0]
	s.signal(syscall.SIGHUP)
	s.until("the worker was replaced", func() bool { now := s.workers(); return len(now) == 1 && now[0] != old })
	s.until("the new one answers", func() bool {
		status, _, err := s.ask("GET", "/health", "")
		return err == nil && status == 200
	})
	if got := strings.Contains(s.file("error.log"), "[DEBUG]"); got != after {
		t.Errorf("after HUP with loglevel debug, lines of that level are written: %v, want %v", got, after)
	}
}

func showControlSocket(t *testing.T, k kind, after bool) {
	dir := shortDir(t)
	path := filepath.Join(dir, "ctl")
	s := begin(t, k, setup{module: lightApplication, conf: fmt.Sprintf("control_socket = %q\n", path)})
	arbiter := s.cmd.Process.Pid
	if !after {
		if left, _ := os.ReadDir(dir); len(left) != 0 || threads(t, arbiter) != 1 {
			t.Errorf("%d files where no control socket is, %d threads in the arbiter", len(left), threads(t, arbiter))
		}
		return
	}
	s.until("the control socket is there", func() bool { _, err := os.Stat(path); return err == nil })
	if n := threads(t, arbiter); n < 2 {
		t.Errorf("the arbiter has %d threads, want one for the control socket", n)
	}
	control := func(command string) string {
		return k.gunicorn.says(t, fmt.Sprintf("from gunicorn.ctl.cli import run_command\nexit(run_command(%q, %q, True))", path, command))
	}
	if said, worker := control("show workers"), itoa(s.workers()[0]); !strings.Contains(said, worker) {
		t.Errorf("show workers: no pid %s in %q", worker, said)
	}
	control("worker add 1")
	s.until("there are two workers", func() bool { return len(s.workers()) == 2 })
	name := k.gunicorn.says(t, "from gunicorn.config import ControlSocket\nprint(ControlSocket.default)")
	if filepath.Base(strings.TrimSpace(name)) != "gunicorn.ctl" {
		t.Errorf("the default of control_socket is %s", name)
	}
	other := begin(t, k, setup{module: lightApplication, conf: fmt.Sprintf("control_socket = %q\n", path)})
	other.until("a second server has taken the name", func() bool {
		return strings.Contains(other.file("error.log"), "Control socket listening")
	})
	if said, worker := control("show workers"), itoa(other.workers()[0]); !strings.Contains(said, worker) {
		t.Errorf("show workers: no pid %s of the second server in %q", worker, said)
	}
}

func threads(t *testing.T, pid int) int {
	t.Helper()
	all, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}
