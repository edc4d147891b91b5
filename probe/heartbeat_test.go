package probe

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/kernel/proc"
	"github.com/hangtime-dev/hangtime/probe/discovery"
)

// Both ways of beating, as the gunicorns of the distribution and of today have them.
func TestAGunicornsHeartbeatIsAsOldAsItIs(t *testing.T) {
	for _, program := range gunicorns(t) {
		t.Run(program.name, func(t *testing.T) {
			t.Parallel()
			// It beats once a second.
			s := watchGunicorn(t, program, plainApp, "worker_class = 'gthread'\nthreads = 2\ntimeout = 600\n")
			worker := s.probe.Workers()[0].PID
			aged := func(what string, least, most time.Duration) history.Heartbeat {
				return await(s, what, func(e history.Heartbeat) bool {
					return e.PID == worker && e.Age >= least && e.Age < most
				})
			}
			aged("a heartbeat", 0, 2*time.Second)
			aged("the next one", 0, 300*time.Millisecond)
			stopped := time.Now()
			if err := syscall.Kill(worker, syscall.SIGSTOP); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = syscall.Kill(worker, syscall.SIGCONT) }()
			got := aged("its heart stands still", 3*time.Second, time.Hour)
			if past := time.Since(stopped); got.Age > past+2*time.Second {
				t.Errorf("the heartbeat of a worker that stands still for %v is %v old", past, got.Age)
			}
			if err := syscall.Kill(worker, syscall.SIGCONT); err != nil {
				t.Fatal(err)
			}
			aged("it beats again", 0, 300*time.Millisecond)
		})
	}
}

// A worker that has not beaten yet is as old as its file, by either way.
func TestAGunicornThatHangsWhileItBootsHasAnOldHeartbeat(t *testing.T) {
	for _, program := range gunicorns(t) {
		t.Run(program.name, func(t *testing.T) {
			t.Parallel()
			s := watchGunicorn(t, program, "import time\nwhile True:\n    time.sleep(60)\n", "timeout = 600\n")
			worker := s.probe.Workers()[0]
			got := await(s, "a heartbeat of 3 s",
				func(e history.Heartbeat) bool { return e.PID == worker.PID && e.Age >= 3*time.Second })
			if age := s.rec.Now() - worker.Born; got.Age > age+time.Second {
				t.Errorf("the heartbeat of a worker that is %v old is %v old", age, got.Age)
			}
		})
	}
}

const plainApp = "def app(env, start):\n    start('200 OK', [('Content-Length', '2')])\n    return [b'ok']\n"

// gunicorn's dirty workers inherit the heartbeats of those before them, and their arbiter has all of them.
func TestADirtyWorkersHeartbeatIsItsOwn(t *testing.T) {
	program := gunicorns(t)[1]
	dir := t.TempDir()
	s := watchGunicorn(t, program, "from gunicorn.dirty.app import DirtyApp\nclass Side(DirtyApp):\n    pass\n"+plainApp, fmt.Sprintf(`
worker_class = 'gthread'
dirty_apps, dirty_workers, dirty_timeout = ['own:Side'], 2, 8  # they beat every 4 s
import tempfile
tempfile.tempdir = %q  # of the file with the dirty arbiter's process number, whose name all servers of one application share
`, dir))
	dirty := 0
	var pair []int
	eventually(t, "there are two dirty workers", func() bool {
		for _, child := range childrenOf(s.arbiter) {
			if below := childrenOf(child); len(below) == 2 {
				dirty, pair = child, below
			}
		}
		return dirty != 0
	})
	await(s, "the heartbeat of a worker", func(e history.Heartbeat) bool { return e.PID != dirty })
	side := watchArbiter(t, dirty, "")
	second := pair[1]
	await(side, "the heartbeat of the second", func(e history.Heartbeat) bool { return e.PID == second })
	if err := syscall.Kill(second, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Kill(second, syscall.SIGCONT) }()
	await(side, "its heart stands still", func(e history.Heartbeat) bool { return e.PID == second && e.Age > 6*time.Second })
	for _, r := range append(s.seen, s.rec.Drain(nil)...) {
		if e, ok := r.Event.(history.Heartbeat); ok && e.PID == dirty {
			t.Errorf("the dirty arbiter was given a heartbeat that is one of its workers': %+v", e)
			break
		}
	}
}

type gunicornProgram struct{ name, path string }

// gunicorns are the distribution's (which beats by fchmod up to 21) and today's, of realservers/python/requirements.txt.
func gunicorns(t *testing.T) []gunicornProgram {
	t.Helper()
	venv, err := exec.Command("../.ci/python-servers").Output()
	if err != nil {
		t.Fatalf("find the Python servers of today: %v", err)
	}
	all := []gunicornProgram{{"the distribution's", "/usr/bin/gunicorn"},
		{"today's", strings.TrimSpace(string(venv)) + "/bin/gunicorn"}}
	for _, one := range all {
		if _, err := os.Stat(one.path); err != nil {
			t.Fatalf("no gunicorn: %v: .ci/install-tools installs it", err)
		}
	}
	return all
}

// watchGunicorn starts one with one worker, and watches it until the test ends.
func watchGunicorn(t *testing.T, program gunicornProgram, module, conf string) *server {
	t.Helper()
	dir := t.TempDir()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	conf = fmt.Sprintf("bind = %q\ncontrol_socket_disable = True\n%s", address, conf)
	for name, text := range map[string]string{"own.py": module, "gunicorn.conf.py": conf} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(program.path, "own:app")
	cmd.Dir = dir
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGQUIT)
		_ = cmd.Wait()
	})
	eventually(t, "gunicorn has a worker", func() bool { return len(childrenOf(cmd.Process.Pid)) > 0 })
	return watchArbiter(t, cmd.Process.Pid, address)
}

// watchArbiter watches until the test ends.
func watchArbiter(t *testing.T, arbiter int, address string) *server {
	t.Helper()
	s := &server{t: t, arbiter: arbiter, address: address, rec: history.NewRecorder(time.Now()), client: http.DefaultClient}
	var err error
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	if s.probe, err = Watch(ctx, discovery.Target{Arbiter: arbiter, Address: address}, s.rec); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.probe.Close)
	eventually(t, "a worker is watched", func() bool { return len(s.probe.Workers()) > 0 })
	return s
}

func childrenOf(pid int) []int {
	all, _ := proc.FS("/proc").Children(pid)
	return all
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it did not happen: %s", what)
		}
	}
}
