package refserver

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/reference-server/settings"
)

// Every option that gunicorn has too has its name, its flags and its default.
func TestConformNamesAndDefaults(t *testing.T) {
	t.Parallel()
	const list = `
import json
from gunicorn.config import KNOWN_SETTINGS
print(json.dumps({s.name: [s.default, s.cli] for s in KNOWN_SETTINGS if not callable(s.default)}))`
	out, err := exec.Command("/usr/bin/python3", "-c", list).Output()
	if err != nil {
		t.Fatalf("ask gunicorn for its settings (.ci/install-tools installs it): %v", err)
	}
	var theirs map[string][2]any
	if err := json.Unmarshal(out, &theirs); err != nil {
		t.Fatal(err)
	}
	c := Default()
	ours := map[string]any{}
	for _, o := range c.Options() {
		ours[o.Name] = o.Value
	}
	shorthands := settings.Shorthands()
	for _, name := range []string{"bind", "workers", "worker_class", "worker_connections", "threads", "timeout", "graceful_timeout", "keepalive", "max_requests", "max_requests_jitter",
		"preload_app", "daemon", "backlog", "reuse_port", "pidfile", "umask", "user", "group", "proc_name", "worker_tmp_dir", "capture_output", "errorlog", "loglevel"} {
		real := strings.ReplaceAll(name, "_", "-")
		if alias, ok := settings.Aliases()[real]; ok {
			real = alias
		}
		value, ok := ours[real]
		if !ok || theirs[name][1] == nil {
			t.Errorf("%s: there is no option %s, or gunicorn has none", name, real)
			continue
		}
		var got, want any = "", theirs[name][0]
		switch v := value.(type) {
		case *int:
			got = float64(*v)
		case *bool:
			got = *v
		case *string:
			got = *v
		case *time.Duration:
			got = v.Seconds()
		case *[]string:
			got, want = fmt.Sprint(*v), fmt.Sprint(want)
		}
		switch {
		case want == nil:
			want = ""
		case name == "umask":
			want = fmt.Sprint(want)
		case name == "user", name == "group":
			want = "" // whoever it is: gunicorn writes its number
		}
		if name == "proc_name" {
			want = "hangtime" // gunicorn has its own name for it
		}
		if got != want {
			t.Errorf("%s: the default is %v, gunicorn's is %v", name, got, want)
		}
		for _, flag := range theirs[name][1].([]any) {
			flag := strings.TrimLeft(flag.(string), "-")
			_, aliased := settings.Aliases()[flag]
			if flag != real && !aliased && shorthands[real] != flag && flag != "preload" { // --preload is the guide's practice here
				t.Errorf("%s: gunicorn's flag %q is missing", name, flag)
			}
		}
	}
}

// With its only worker stopped, a server has as many connections waiting as the backlog says (Linux: and one more); the others do not get one.
func TestConformBacklog(t *testing.T) {
	both(t, func(t *testing.T, kind string) {
		s := begin(t, kind, setup{backlog: 2})
		worker := s.workers()[0]
		if err := syscall.Kill(worker, syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = syscall.Kill(worker, syscall.SIGCONT) }()
		s.until("the worker is stopped", func() bool { return procState(worker) == "T" })
		connected := 0
		for range 5 {
			c, err := net.DialTimeout("tcp", s.address, 300*time.Millisecond)
			if err != nil {
				continue
			}
			defer func() { _ = c.Close() }()
			connected++
		}
		if connected != 3 {
			t.Errorf("%d connections of 5 were made, want 3", connected)
		}
	})
}

// acceptQueue is how many connections wait to be accepted, the receive queue of the listening socket in /proc/net/tcp; -1: nobody listens.
func (s *target) acceptQueue() int {
	_, port, _ := strings.Cut(s.address, ":")
	text, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		s.t.Fatal(err)
	}
	for line := range strings.SplitSeq(string(text), "\n") {
		if f := strings.Fields(line); len(f) > 4 && f[3] == "0A" && strings.HasSuffix(f[1], ":"+hex4(atoi(port))) {
			_, queue, _ := strings.Cut(f[4], ":")
			var n int
			_, _ = fmt.Sscanf(queue, "%x", &n)
			return n
		}
	}
	return -1
}

func TestConformWorkerConnections(t *testing.T) {
	both(t, func(t *testing.T, kind string) {
		s := begin(t, kind, setup{class: "gthread", threads: 1, connections: 2})
		s.until("nobody waits", func() bool { return s.acceptQueue() == 0 })
		for range 5 {
			c, err := net.Dial("tcp", s.address) // and says nothing
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = c.Close() }()
		}
		s.until("the worker holds two, and three wait", func() bool { return s.acceptQueue() == 3 })
		time.Sleep(1200 * time.Millisecond) // what is tested is that it takes no more; keep-alive ends after that
		if n := s.acceptQueue(); n != 3 {
			t.Errorf("%d connections wait, want 3 still", n)
		}
	})
}

func TestConformMaxRequestsJitter(t *testing.T) {
	both(t, func(t *testing.T, kind string) {
		s := begin(t, kind, setup{maxRequests: 4, jitter: 3})
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
		for _, pid := range order[1:4] { // of the first one's requests some were asked before, the last one is not at its end
			if n := answered[pid]; n < 4 || n > 7 {
				t.Errorf("a worker answered %d requests, want 4 to 7", n)
			}
		}
	})
}

func TestConformLogLevel(t *testing.T) {
	both(t, func(t *testing.T, kind string) {
		path := filepath.Join(t.TempDir(), "error.log")
		s := begin(t, kind, setup{loglevel: "warning", errorlog: path})
		victim := s.workers()[0]
		_ = syscall.Kill(victim, syscall.SIGKILL)
		said := ""
		s.until("the death of a worker is told", func() bool {
			text, _ := os.ReadFile(path)
			said = string(text)
			return strings.Contains(said, itoa(victim))
		})
		if strings.Contains(strings.ToLower(said), "listening") || strings.Contains(strings.ToLower(said), "info") {
			t.Errorf("it also told what is less important: %q", said)
		}
	})
}

// subreaperVar makes the process inherit orphans, as the first process of a container does, and then become the program of its arguments, if it has any.
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

func TestConformOrphansAreReaped(t *testing.T) {
	both(t, func(t *testing.T, kind string) {
		path := filepath.Join(t.TempDir(), "pid")
		s := begin(t, kind, setup{orphan: path})
		orphan := 0
		s.until("the orphan was left", func() bool { orphan = readPidfile(path); return orphan != 0 })
		s.until("it is no zombie", func() bool { return procState(orphan) == "" })
		if status, _ := s.get("/health"); status != 200 {
			t.Errorf("status %d", status)
		}
	})
}
