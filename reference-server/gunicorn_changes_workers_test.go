package refserver

import (
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func showDeathWords(t *testing.T, k kind, after bool) {
	s := begin(t, k, setup{module: lightApplication})
	victim := s.workers()[0]
	_ = syscall.Kill(victim, syscall.SIGKILL)
	want := fmt.Sprintf("Worker with pid %d was terminated due to signal 9", victim)
	if after {
		want = fmt.Sprintf("Worker (pid:%d) was sent SIGKILL! Perhaps out of memory?", victim)
	}
	s.until("the death is told as "+want, func() bool { return strings.Contains(s.file("error.log"), want) })
}

func showBeatByUtime(t *testing.T, k kind, after bool) {
	dir := t.TempDir()
	s := begin(t, k, setup{module: lightApplication, tmpDir: dir, timeout: 2})
	file := s.heartbeatFile(dir)
	first := stat(t, file).Ctim
	s.until("it beats", func() bool { return stat(t, file).Ctim != first })
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		t.Fatal(err)
	}
	beat := stat(t, file).Mtim
	age := time.Duration(now.Nano() - beat.Nano())
	if got := age >= 0 && age < time.Minute; got != after {
		t.Errorf("the file's mtime is %v before CLOCK_MONOTONIC, want that it is that clock: %v", age, after)
	}
}

func showBootHang(t *testing.T, k kind, after bool) {
	s := begin(t, k, setup{timeout: 1, unready: true, module: "import time\nwhile True:\n    time.sleep(60)\n"})
	s.until("there is a worker", func() bool { return len(s.workers()) == 1 })
	first := s.workers()[0]
	if after {
		s.stays(4*time.Second, func() bool { return running(first) })
		return
	}
	s.until("it is killed at timeout and replaced",
		func() bool { now := s.workers(); return len(now) == 1 && now[0] != first })
}

func showAbortAnswered(t *testing.T, k kind, after bool) {
	for _, sig := range []syscall.Signal{syscall.SIGABRT, syscall.SIGQUIT, syscall.SIGINT} {
		s := begin(t, k, setup{module: lightApplication})
		release := s.stick()
		answer, pid := s.hung()
		_ = syscall.Kill(pid, sig)
		if got, want := <-answer, map[bool]int{false: -1, true: 500}[after]; got != want {
			t.Errorf("%v: the request got %d, want %d (-1: its connection cut)", sig, got, want)
		}
		release()
	}
}

func showReusePortEach(t *testing.T, k kind, after bool) {
	s := begin(t, k, setup{module: lightApplication, workers: 2, conf: "reuse_port = True\n"})
	want := map[bool]int{false: 1, true: 2}[after]
	s.until(fmt.Sprintf("%d sockets listen for two workers", want), func() bool { return len(s.listening()) == want })
}

func showASGIWorker(t *testing.T, k kind, after bool) {
	s := begin(t, k, setup{class: "asgi", timeout: 2, unready: !after, module: `
import time
async def app(scope, receive, send):
    assert scope["type"] == "http"
    if scope["path"] == "/hang":
        time.sleep(600)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"{}"})
`})
	if !after {
		if code := s.exitCode(); code != 1 {
			t.Errorf("exit code %d, want 1: there is no such class", code)
		}
		return
	}
	if status, _, err := s.ask("GET", "/health", ""); err != nil || status != 200 {
		t.Fatalf("status %d, %v", status, err)
	}
	first := s.workers()[0]
	if _, _, err := s.ask("GET", "/hang", ""); err == nil {
		t.Error("a handler that blocks the loop was answered")
	}
	s.until("the worker is replaced", func() bool { now := s.workers(); return len(now) == 1 && now[0] != first })
}

// A dirtyApplication has work for a dirty arbiter, where there is one.
const dirtyApplication = lightApplication + `
try:
    from gunicorn.dirty.app import DirtyApp
except ImportError:
    DirtyApp = object
class Side(DirtyApp):
    pass
`

func showDirtyArbiter(t *testing.T, k kind, after bool) {
	s := begin(t, k, setup{unready: true, module: dirtyApplication,
		conf: fmt.Sprintf("dirty_apps = [\"own:Side\"]\ndirty_workers = 1\nimport tempfile\ntempfile.tempdir = %q\n",
			shortDir(t))})
	s.until("it answers", func() bool { status, _, err := s.ask("GET", "/health", ""); return err == nil && status == 200 })
	grandchildren := func() int {
		n := 0
		for _, child := range s.workers() {
			n += len(children(child))
		}
		return n
	}
	if !after {
		if n := len(s.workers()); n != 1 || grandchildren() != 0 {
			t.Errorf("%d children and %d grandchildren, want one worker", n, grandchildren())
		}
		return
	}
	s.until("a child of the arbiter has a child", func() bool { return grandchildren() == 1 })
	if n := len(s.workers()); n != 2 {
		t.Errorf("%d children, want a worker and the dirty arbiter", n)
	}
}

func showHTTP2Settings(t *testing.T, k kind, after bool) {
	said := k.gunicorn.says(t, "from gunicorn.config import KNOWN_SETTINGS\nprint([s.name for s in KNOWN_SETTINGS])")
	if got := strings.Contains(said, "'http_protocols'") &&
		strings.Contains(said, "'http2_max_concurrent_streams'"); got != after {
		t.Errorf("there are settings for HTTP/2: %v, want %v", got, after)
	}
}

func showEventletGone(t *testing.T, k kind, after bool) {
	said := k.gunicorn.says(t, "from gunicorn.workers import SUPPORTED_WORKERS\nprint(list(SUPPORTED_WORKERS))")
	if got := !strings.Contains(said, "'eventlet'"); got != after {
		t.Errorf("the class eventlet is gone: %v, want %v: %s", got, after, said)
	}
}

func showSilentConnection(t *testing.T, k kind, after bool) {
	s := begin(t, k, setup{module: lightApplication, class: "gthread", threads: 1, keepalive: 1})
	silent, err := net.Dial("tcp", s.address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = silent.Close() }()
	s.until("the worker has taken it", func() bool { return s.acceptQueue() == 0 })
	answered := make(chan error, 1)
	go func() {
		_, _, err := s.ask("GET", "/health", "")
		answered <- err
	}()
	if !after {
		s.stays(7*time.Second, func() bool { return len(answered) == 0 })
		_ = silent.Close()
	}
	if err := <-answered; err != nil {
		t.Errorf("GET /health behind a silent connection: %v", err)
	}
	if !after {
		return
	}
	_ = silent.SetReadDeadline(time.Now().Add(patience))
	if n, err := silent.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Errorf("the silent connection was not closed: %d bytes, %v", n, err)
	}
}

func showOrphansExit(t *testing.T, k kind, after bool) {
	path := filepath.Join(t.TempDir(), "pid")
	s := begin(t, k, setup{module: lightApplication, unready: true, orphan: path,
		conf: fmt.Sprintf("def when_ready(one):\n    import os\n    os.system(%q)\n",
			"(sleep 0.2; exit 3) >/dev/null 2>&1 & echo $! > "+path)})
	if !after {
		if code := s.exitCode(); code != 3 {
			t.Errorf("exit code %d, want the orphan's 3", code)
		}
		return
	}
	s.until("the orphan is gone, no zombie", func() bool {
		orphan := readPidfile(path)
		return orphan != 0 && procState(orphan) == ""
	})
	s.until("the server answers", func() bool {
		status, _, err := s.ask("GET", "/health", "")
		return err == nil && status == 200
	})
}
