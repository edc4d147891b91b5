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

func TestConformSignalsToArbiter(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		s := begin(t, k, setup{module: lightApplication, workers: 2})
		count := func(n int) { s.until(fmt.Sprintf("%d workers", n), func() bool { return len(s.workers()) == n }) }
		s.signal(syscall.SIGTTIN)
		count(3)
		s.signal(syscall.SIGTTOU)
		count(2)
		s.signal(syscall.SIGTTOU)
		count(1)
		s.signal(syscall.SIGTTOU) // floor 1
		// Of two signals that wait, the kernel and Python each deliver the lower number first: this one is to be over
		// before the next is sent.
		s.until("the third TTOU is handled", func() bool {
			if k.ours() {
				return len(s.said("workers-changed")) == 4
			}
			return strings.Count(s.file("error.log"), "Handling signal: ttou") == 3
		})
		s.signal(syscall.SIGTTIN)
		count(2)
		s.signal(syscall.SIGWINCH) // no daemon: ignored
		before := s.workers()
		s.signal(syscall.SIGHUP)
		s.until("both workers are new ones", func() bool {
			now := s.workers()
			return len(now) == 2 && now[0] > before[1] && now[1] > before[1]
		})
		if status, _ := s.get("/health"); status != 200 {
			t.Error("after HUP /health is not answered")
		}
		s.signal(syscall.SIGTERM)
		if code := s.exitCode(); code != 0 {
			t.Errorf("exit code %d after TERM, want 0", code)
		}
	})
}

func TestConformHUPReadsSettingsAgain(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		s := begin(t, k, setup{module: lightApplication})
		if !k.ours() {
			s.rewrite("workers = 1", "workers = 3")
		} else if err := os.WriteFile(filepath.Join(s.dir, "reload.json"), []byte(`{"Workers":3}`), 0o644); err != nil {
			t.Fatal(err)
		}
		before := s.workers()[0]
		s.signal(syscall.SIGHUP)
		s.until("the old worker leaves", func() bool { return !running(before) })
		if now := s.workers(); len(now) != 3 {
			t.Errorf("%d workers when the old one had left, want 3: the new ones come first", len(now))
		}
	})
}

func TestConformTERMFinishesAndQUITCuts(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		s := begin(t, k, setup{module: lightApplication, logging: "shared-lock"})
		release := s.stick()
		answer, _ := s.hung()
		s.signal(syscall.SIGTERM)
		release()
		if status := <-answer; status != 202 {
			t.Errorf("TERM: the request in progress got %d, want 202", status)
		}
		if code := s.exitCode(); code != 0 {
			t.Errorf("TERM: exit code %d, want 0", code)
		}
		for _, sig := range []syscall.Signal{syscall.SIGQUIT, syscall.SIGINT} {
			s := begin(t, k, setup{module: lightApplication, logging: "shared-lock"})
			release := s.stick()
			answer, _ := s.hung()
			s.signal(sig)
			if code := s.exitCode(); code != 0 {
				t.Errorf("%v: exit code %d, want 0", sig, code)
			}
			if status := <-answer; status != k.cut() {
				t.Errorf("%v: the request in progress got %d, want %d", sig, status, k.cut())
			}
			release()
		}
	})
}

func TestConformGracefulTimeout(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		s := begin(t, k, setup{module: lightApplication, logging: "shared-lock", graceful: 1})
		release := s.stick()
		defer release()
		answer, _ := s.hung()
		s.signal(syscall.SIGTERM)
		if code := s.exitCode(); code != 0 {
			t.Errorf("exit code %d, want 0", code)
		}
		if status := <-answer; status != -1 {
			t.Errorf("a request that outlasts graceful_timeout got %d, want its connection cut", status)
		}
	})
}

func TestConformSignalsToWorkers(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		s := begin(t, k, setup{module: lightApplication})
		for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGABRT,
			syscall.SIGKILL} {
			pid := s.workers()[0]
			if err := syscall.Kill(pid, sig); err != nil {
				t.Fatal(err)
			}
			s.until(fmt.Sprintf("a worker ended by %v is gone, no zombie, and replaced", sig), func() bool {
				now := s.workers()
				return procState(pid) == "" && len(now) == 1 && now[0] != pid
			})
			s.until("the replacement answers",
				func() bool { status, _, err := s.ask("GET", "/health", ""); return err == nil && status == 200 })
			if k.ours() && sig == syscall.SIGABRT &&
				!strings.Contains(s.file(fmt.Sprintf("stacks_%d.log", pid)), "serveSync") {
				t.Error("ABRT: the stacks of the goroutines are not in the worker's file")
			}
		}
	})
}

func TestConformUpgrade(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		path := filepath.Join(t.TempDir(), "pid")
		s := begin(t, k, setup{module: lightApplication, pidfile: path})
		old := s.cmd.Process.Pid
		s.signal(syscall.SIGUSR2)
		s.until("the successor has its own pidfile", func() bool { return readPidfile(path+".2") != 0 })
		successor := readPidfile(path + ".2")
		defer func() { _ = syscall.Kill(successor, syscall.SIGQUIT) }()
		s.until("the successor has a worker", func() bool { return len(children(successor)) > 0 })
		s.signal(syscall.SIGUSR2) // a second one is ignored
		if status, _ := s.get("/health"); status != 200 {
			t.Errorf("status %d while both run", status)
		}
		if got := readPidfile(path); got != old {
			t.Errorf("the pidfile has %d while both run, want %d", got, old)
		}
		s.signal(syscall.SIGTERM)
		s.exitCode()
		s.until("the successor is promoted", func() bool {
			return readPidfile(path) == successor && readPidfile(path+".2") == 0
		})
		s.until("the successor answers on the same socket",
			func() bool { status, _, err := s.ask("GET", "/health", ""); return err == nil && status == 200 })
		_ = syscall.Kill(successor, syscall.SIGTERM)
		s.until("it is gone", func() bool { return !running(successor) })
	})
}

func TestConformDaemonAndWINCH(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		path := filepath.Join(t.TempDir(), "pid")
		// A worker that boots does not hear TERM.
		s := begin(t, k, setup{module: lightApplication, pidfile: path, daemon: true, unready: true, graceful: 3})
		if code := s.exitCode(); code != 0 {
			t.Fatalf("the process in the foreground ended with %d, want 0", code)
		}
		s.until("the daemon has its pidfile", func() bool { return readPidfile(path) != 0 })
		pid := readPidfile(path)
		defer func() { _ = syscall.Kill(pid, syscall.SIGQUIT) }()
		s.until("it has a worker", func() bool { return len(children(pid)) == 1 })
		if sid, err := unix.Getsid(pid); err != nil || sid == mustSid(t) {
			t.Errorf("the daemon is still in the session of whoever started it (%d, %v)", sid, err)
		}
		s.untilSignalled("WINCH takes its workers", pid, syscall.SIGWINCH, func() bool { return len(children(pid)) == 0 })
		s.untilSignalled("HUP gives it workers again", pid, syscall.SIGHUP, func() bool { return len(children(pid)) == 1 })
		s.untilSignalled("it is gone", pid, syscall.SIGTERM, func() bool { return !running(pid) })
	})
}

// untilSignalled sends a signal again and again until it had its effect: the last of one kind may be delivered after
// the first of the next, whose number is lower, and gunicorn up to 23 drops a signal while five wait.
func (s *target) untilSignalled(what string, pid int, sig syscall.Signal, is func() bool) {
	s.t.Helper()
	var sent time.Time
	s.until(what, func() bool {
		if is() {
			return true
		}
		if time.Since(sent) > time.Second {
			sent = time.Now()
			_ = syscall.Kill(pid, sig)
		}
		return false
	})
}

func mustSid(t *testing.T) int {
	t.Helper()
	sid, err := unix.Getsid(0)
	if err != nil {
		t.Fatal(err)
	}
	return sid
}
