package command

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func line(t *testing.T, file, text string) string {
	t.Helper()
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, _, found := strings.Cut(string(source), text)
	if !found {
		t.Fatalf("%s has no %q", file, text)
	}
	return fmt.Sprintf("%s:%d", filepath.Base(file), strings.Count(before, "\n")+1)
}

// The workers of one server hang in all ways at once, each in its own; one look must tell them apart.
func TestGunicornSyncWorkersHang(t *testing.T) {
	t.Parallel()
	s := startReal(t, "gunicorn", "gunicorn", "--workers", "9", "--timeout", "300", "--bind", "127.0.0.1:PORT", "--pid",
		"DIR/pid", "app:app")
	s.accepts()
	pythonWays(t, s, "../../examples/gunicorn/app.py", "--pidfile", filepath.Join(s.dir, "pid"))
}

func TestUWSGIWorkersHang(t *testing.T) {
	t.Parallel()
	s := startReal(t, "uwsgi", "uwsgi-core", "--plugin", "python3", "--master", "--processes", "9", "--http-socket",
		"127.0.0.1:PORT", "--need-app", "--wsgi-file", "../gunicorn/app.py")
	s.accepts()
	pythonWays(t, s, "../../examples/gunicorn/app.py", "--port", fmt.Sprint(s.port))
}

func pythonWays(t *testing.T, s *realServer, source string, args ...string) {
	log, upstream, self := s.lockLog(), s.silentUpstream(), os.Getpid()
	want := map[string]wantCause{
		"sleep": {kind: "sleeping", where: line(t, source, "time.sleep(3600)")},
		"flock": {kind: "file-lock", path: log, holder: self, where: line(t, source, "fcntl.flock(")},
		"fcntl": {kind: "file-lock", path: log, holder: self, where: line(t, source, "fcntl.lockf(")},
		"pipe":  {kind: "pipe-full", where: line(t, source, "os.write(end")},
		"upstream": {kind: "socket-wait", remote: fmt.Sprintf("127.0.0.1:%d", upstream),
			where: line(t, source, "s.recv(1)")},
		"spin":     {kind: "cpu-bound", where: "spin ("},
		"deadlock": {kind: "mutex", where: line(t, source, "self.a.acquire()")},
	}
	pids := map[string]int{}
	for way := range want {
		pids[way] = s.hang("/hang/"+way, way, fmt.Sprintf("port=%d", upstream))
	}
	_, by := s.diagnose(1, args...)
	healthy := 0
	for pid, w := range by {
		if w.State == "idle" || w.State == "booting" {
			healthy = pid
		}
	}
	for way, cause := range want {
		check(t, way, by[pids[way]], cause)
	}
	if healthy == 0 {
		t.Fatalf("no worker is well: %v", by)
	}
	if err := syscall.Kill(healthy, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	_, by = s.diagnose(1, args...)
	check(t, "SIGSTOP", by[healthy], wantCause{kind: "stopped", state: "stopped"})
}

func TestGunicornThreadedWorkersHang(t *testing.T) {
	t.Parallel()
	s := startReal(t, "gunicorn", "gunicorn", "--worker-class", "gthread", "--threads", "2", "--workers", "1",
		"--timeout", "300", "--bind", "127.0.0.1:PORT", "app:app")
	s.accepts()
	log := s.lockLog()
	pid := s.hang("/hang/flock", "flock", "")
	_, by := s.diagnose(1, "--port", fmt.Sprint(s.port))
	check(t, "flock", by[pid], wantCause{kind: "file-lock", path: log, holder: os.Getpid(), where: "file_lock ("})
}

func TestGunicornPoolIsExhausted(t *testing.T) {
	t.Parallel()
	s := startReal(t, "gunicorn", "gunicorn", "--worker-class", "gthread", "--threads", "2", "--workers", "1",
		"--timeout", "300", "--bind", "127.0.0.1:PORT", "app:app")
	s.accepts()
	pid := s.hang("/hang/sleep", "sleep", "")
	for range 3 {
		s.ask("/hang/sleep", "")
	}
	time.Sleep(5 * time.Second) // what the test is about: threads of a pool may take as long
	_, by := s.diagnose(1, "--port", fmt.Sprint(s.port))
	check(t, "sleep", by[pid], wantCause{kind: "pool-exhausted", where: "sleep ("})
}

func TestGeventWorkersHangInWhatDoesNotSwitch(t *testing.T) {
	t.Parallel()
	s := startReal(t, "gunicorn", "gunicorn", "--worker-class", "gevent", "--workers", "4", "--timeout", "300",
		"--bind", "127.0.0.1:PORT", "app:app")
	s.accepts()
	log, source := s.lockLog(), "../../examples/gunicorn/app.py"
	flock := s.hang("/hang/flock", "flock", "")
	spin := s.hang("/hang/spin", "spin", "")
	sleep := s.hang("/hang/sleep", "sleep", "") // gevent switches to other requests there
	_, by := s.diagnose(1, "--port", fmt.Sprint(s.port))
	check(t, "flock", by[flock], wantCause{kind: "file-lock", path: log, holder: os.Getpid(),
		where: line(t, source, "fcntl.flock(")})
	check(t, "spin", by[spin], wantCause{kind: "cpu-bound", where: "spin ("})
	if w := by[sleep]; w.State == "hung" || w.State == "suspect" {
		t.Errorf("a greenlet that sleeps hangs nobody: %+v", w)
	}
}

// A pool thread that waits is slow; it hangs its worker when others wait behind it.
func TestPumaWorkersHang(t *testing.T) {
	for _, way := range []string{"flock", "upstream", "spin"} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			s := startReal(t, "puma", "puma", "--workers", "1", "--threads", "1:1", "--bind", "tcp://127.0.0.1:PORT",
				"config.ru")
			s.accepts()
			log, upstream := s.lockLog(), s.silentUpstream()
			want := map[string]wantCause{
				"flock":    {kind: "file-lock", path: log, holder: os.Getpid()},
				"upstream": {kind: "socket-wait", remote: fmt.Sprintf("127.0.0.1:%d", upstream)},
				"spin":     {kind: "cpu-bound"},
			}
			pid := s.hang("/hang/"+way, way, fmt.Sprintf("port=%d", upstream))
			s.ask("/", "")
			time.Sleep(5 * time.Second) // what the test is about: a thread of a pool may take as long
			_, by := s.diagnose(1, "--port", fmt.Sprint(s.port))
			check(t, way, by[pid], want[way])
		})
	}
}

// startPHP starts php-fpm that listens at an address or at the path of a unix socket.
func startPHP(t *testing.T, listen string) *realServer {
	t.Helper()
	text, err := os.ReadFile("../../examples/php-fpm/php-fpm.conf")
	if err != nil {
		t.Fatal(err)
	}
	conf := filepath.Join(t.TempDir(), "php-fpm.conf")
	changed := strings.Replace(string(text), "127.0.0.1:9000", listen, 1)
	if os.Geteuid() == 0 {
		changed += "user = root\n"
	}
	if err := os.WriteFile(conf, []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	programs, err := filepath.Glob("/usr/sbin/php-fpm*")
	if err != nil || len(programs) == 0 {
		t.Fatal("php-fpm is not installed")
	}
	s := startReal(t, "php-fpm", programs[0], "--nodaemonize", "--allow-to-run-as-root", "--fpm-config", conf)
	s.listen = listen
	s.accepts()
	script, err := filepath.Abs("../../examples/php-fpm/hang.php")
	if err != nil {
		t.Fatal(err)
	}
	s.ask = s.askFCGI(script)
	return s
}

func TestPHPWorkersHang(t *testing.T) {
	t.Parallel()
	s := startPHP(t, fmt.Sprint("127.0.0.1:", freePort(t)))
	log, upstream := s.lockLog(), s.silentUpstream()
	want := map[string]wantCause{
		"sleep":    {kind: "sleeping"},
		"flock":    {kind: "file-lock", path: log, holder: os.Getpid()},
		"upstream": {kind: "socket-wait", remote: fmt.Sprintf("127.0.0.1:%d", upstream)},
		"spin":     {kind: "cpu-bound"},
	}
	pids := map[string]int{}
	for way := range want {
		pids[way] = s.hang("", way, fmt.Sprintf("way=%s&port=%d", way, upstream))
	}
	_, port, _ := strings.Cut(s.listen, ":")
	_, by := s.diagnose(1, "--port", port)
	for way, cause := range want {
		check(t, way, by[pids[way]], cause)
	}
}

// Over a unix socket there is no clock of the kernel's: a request counts from when it was first seen.
func TestPHPWorkersHangBehindAUnixSocket(t *testing.T) {
	t.Parallel()
	s := startPHP(t, filepath.Join(t.TempDir(), "app.sock"))
	log := s.lockLog()
	pid := s.hang("", "flock", "way=flock")
	_, by := s.diagnose(1, "--socket", s.listen)
	check(t, "flock", by[pid], wantCause{kind: "file-lock", path: log, holder: os.Getpid()})
	if w := by[pid]; w.Inside != 1 {
		t.Errorf("%d requests inside, want 1", w.Inside)
	}
}
