package refserver

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestConformTimeoutKillsAndReplaces(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		s := begin(t, k, setup{module: lightApplication, timeout: 3, preload: true, logging: "shared-lock"})
		release := s.stick()
		answer, pid := s.hung()
		if status := <-answer; status != k.cut() {
			t.Errorf("the stuck request was answered with %d, want %d", status, k.cut())
		}
		s.until("the hung worker is gone", func() bool { return procState(pid) == "" })
		release()
		s.until("a replacement answers", func() bool {
			status, _, err := s.ask("POST", "/task", aTask)
			return err == nil && status == 202
		})
	})
}

func TestConformMaxRequests(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		s := begin(t, k, setup{module: lightApplication, maxRequests: 5})
		first := s.workers()[0]
		for range 5 {
			_, _, _ = s.ask("GET", "/health", "") // gunicorn's own readiness was asked for some of the five
		}
		s.until("the worker was replaced after 5 requests",
			func() bool { now := s.workers(); return len(now) == 1 && now[0] != first })
		s.until("the replacement answers", func() bool {
			status, _, err := s.ask("GET", "/health", "")
			return err == nil && status == 200
		})
	})
}

func TestConformMaxRequestsJitter(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		s := begin(t, k, setup{module: lightApplication, maxRequests: 4, jitter: 3})
		answered := map[int]int{}
		var order []int
		for len(order) < 5 {
			status, text, err := s.ask("GET", "/health", "")
			if err != nil || status != 200 {
				continue // gunicorn loses what comes while its only worker is replaced
			}
			var v struct{ PID int }
			if err := json.Unmarshal([]byte(text), &v); err != nil {
				t.Fatal(err)
			}
			if answered[v.PID] == 0 {
				order = append(order, v.PID)
			}
			answered[v.PID]++
		}
		// Of the first one's requests some were asked before, the last one is not at its end.
		for _, pid := range order[1:4] {
			if n := answered[pid]; n < 4 || n > 7 {
				t.Errorf("a worker answered %d requests, want 4 to 7", n)
			}
		}
	})
}

func TestConformWorkersLeaveWhenTheArbiterDies(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		s := begin(t, k, setup{module: lightApplication, workers: 2, class: "gthread", threads: 2, logging: "shared-lock"})
		workers := s.workers()
		release := s.stick()
		answer, _ := s.hung()
		if err := s.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		s.until("the idle worker leaves", func() bool { return !running(workers[0]) || !running(workers[1]) })
		release()
		if status := <-answer; status != 202 {
			t.Errorf("the request in progress got %d, want 202", status)
		}
		s.until("the other one leaves too", func() bool { return !running(workers[0]) && !running(workers[1]) })
	})
}

// heartbeatFile is the unlinked file in dir that the only worker beats.
func (s *target) heartbeatFile(dir string) string {
	s.t.Helper()
	links, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", s.workers()[0]))
	for _, l := range links {
		if name, _ := os.Readlink(l); strings.HasPrefix(name, dir+"/wgunicorn-") && strings.HasSuffix(name, " (deleted)") {
			return l
		}
	}
	s.t.Fatalf("no unlinked file %s/wgunicorn-* is open in the worker", dir)
	return ""
}

func stat(t *testing.T, path string) unix.Stat_t {
	t.Helper()
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		t.Fatal(err)
	}
	return st
}

func TestConformHeartbeatFile(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		dir := t.TempDir()
		s := begin(t, k, setup{module: lightApplication, tmpDir: dir, class: "gthread", threads: 2, timeout: 2})
		file := s.heartbeatFile(dir)
		first := stat(t, file).Ctim
		s.until("its ctime moves", func() bool { return stat(t, file).Ctim != first })
		if left, _ := os.ReadDir(dir); len(left) != 0 {
			t.Errorf("%d files are left in worker_tmp_dir", len(left))
		}
	})
}

// A machine that slept, or a terminal's Ctrl-Z: everybody was away for longer than timeout. gunicorn kills its
// workers for it, ours does not.
func TestConformSuspend(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		s := begin(t, k, setup{module: lightApplication, timeout: 3, preload: true, class: "gthread", threads: 2})
		worker := s.workers()[0]
		arbiter := s.cmd.Process.Pid
		for _, pid := range []int{arbiter, worker} {
			if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(4500 * time.Millisecond) // longer than timeout: this is what is tested
		_ = syscall.Kill(arbiter, syscall.SIGCONT)
		if !k.ours() {
			time.Sleep(1500 * time.Millisecond)
			_ = syscall.Kill(worker, syscall.SIGCONT)
			s.until("gunicorn kills the worker",
				func() bool { now := s.workers(); return len(now) == 1 && now[0] != worker })
			return
		}
		s.event("arbiter-was-away")
		_ = syscall.Kill(worker, syscall.SIGCONT)
		s.until("the worker answers", func() bool {
			status, _, err := s.ask("GET", "/health", "")
			return err == nil && status == 200
		})
		if now := s.workers(); len(now) != 1 || now[0] != worker {
			t.Errorf("workers %v, want %d still", now, worker)
		}
	})
}

func TestConformOrphansAreReaped(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		path := filepath.Join(t.TempDir(), "pid")
		s := begin(t, k, setup{module: lightApplication, orphan: path})
		orphan := 0
		s.until("the orphan was left", func() bool { orphan = readPidfile(path); return orphan != 0 })
		s.until("it is no zombie", func() bool { return procState(orphan) == "" })
		if status, _ := s.get("/health"); status != 200 {
			t.Errorf("status %d", status)
		}
	})
}

// subreaperVar makes the process inherit orphans, as the first process of a container does, and then become the
// program of its arguments, if it has any.
const subreaperVar = "HANGTIME_TEST_SUBREAPER"

func adopt() error {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return err
	}
	if err := os.Unsetenv(subreaperVar); err != nil || len(os.Args) < 2 {
		return err
	}
	return syscall.Exec(os.Args[1], os.Args[1:], os.Environ())
}

// leaveOrphan is a command whose child outlives it; its process id goes to the file.
func leaveOrphan(file string) string { return "sleep 0.2 >/dev/null 2>&1 & echo $! > " + file }
