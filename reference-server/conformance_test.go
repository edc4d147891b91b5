package refserver

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A setup is how a server of either kind is started: gunicorn with the guide's Flask application, or ours. What is zero keeps the default.
type setup struct {
	workers, threads, maxRequests int
	class                         string
	timeout, graceful             int // seconds; timeout -1: never
	keepalive                     int
	pidfile, unix, user           string
	umask                         string
	tmpDir                        string
	capture, preload, daemon      bool
	logging                       string // the application's
	failBoot, failLoad            bool
	hooks                         string // file that every hook appends its name to
	unready                       bool   // it will not get ready
	backlog, connections, jitter  int
	loglevel, errorlog            string
	orphan                        string // file that takes the process id of a grandchild whose parent ends: the server is a subreaper, as the first process of a container is one
}

// kinds are the two that every test of conformance runs against.
var kinds = []string{"hangtime", "gunicorn"}

// both runs the same test code against both servers.
func both(t *testing.T, test func(t *testing.T, kind string)) {
	t.Parallel()
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			test(t, kind)
		})
	}
}

func begin(t testing.TB, kind string, u setup) *target {
	t.Helper()
	if kind == "gunicorn" {
		return beginGunicorn(t, u)
	}
	change := func(c *Config) {
		c.Timeout = 0
		if u.timeout > 0 {
			c.Timeout = time.Duration(u.timeout) * time.Second
		}
		c.Workers = max(1, u.workers)
		c.MaxRequests = u.maxRequests
		c.Threads = max(1, u.threads)
		if u.class != "" {
			c.WorkerClass = u.class
		}
		if u.graceful > 0 {
			c.GracefulTimeout = time.Duration(u.graceful) * time.Second
		}
		if u.keepalive > 0 {
			c.KeepAlive = time.Duration(u.keepalive) * time.Second
		}
		if u.unix != "" {
			c.Bind = append(c.Bind, "unix:"+u.unix)
		}
		if u.umask != "" {
			c.Umask = u.umask
		}
		c.PIDFile, c.User, c.CaptureOutput, c.PreloadApp, c.Daemon = u.pidfile, u.user, u.capture, u.preload, u.daemon
		if u.tmpDir != "" {
			c.WorkerTmpDir, c.Heartbeat = u.tmpDir, "tmpfile"
		}
		if u.logging != "" {
			c.Logging = u.logging
		}
		if u.failBoot {
			c.LoadApp = "fail-boot"
		}
		if u.failLoad {
			c.LoadApp = "fail-load"
		}
		if u.hooks != "" {
			for _, name := range hookNames {
				c.Hooks = append(c.Hooks, name+"=echo $HANGTIME_HOOK_NAME >> "+u.hooks)
			}
		}
		if u.user != "" {
			openTo(t, c.LogDir)
		}
		for at, v := range map[*int]int{&c.Backlog: u.backlog, &c.WorkerConnections: u.connections, &c.MaxRequestsJitter: u.jitter} {
			if v > 0 {
				*at = v
			}
		}
		if u.loglevel != "" {
			c.LogLevel = u.loglevel
		}
		if u.errorlog != "" {
			c.ErrorLog = u.errorlog
		}
		if u.orphan != "" {
			c.Hooks = append(c.Hooks, "when_ready="+leaveOrphan(u.orphan))
		}
	}
	if u.unready {
		return launch(t, change)
	}
	if u.errorlog != "" || u.loglevel != "" { // it says nothing on standard error
		address := freeAddress(t)
		s := launch(t, func(c *Config) { change(c); c.Bind[0] = address })
		s.address = address
		s.until("it is ready", func() bool { status, _, err := s.ask("GET", "/health", ""); return err == nil && status == 200 })
		return s
	}
	var around surroundings
	if u.orphan != "" {
		around.env = []string{subreaperVar + "=1"}
	}
	s := launchWith(t, around, change)
	s.event("ready")
	s.socket = u.unix
	return s
}

var hookNames = []string{"on_starting", "on_reload", "when_ready", "pre_fork", "post_fork", "post_worker_init", "worker_int", "worker_abort", "pre_exec", "child_exit", "worker_exit",
	"nworkers_changed", "on_exit"}

// beginGunicorn writes a gunicorn.conf.py and starts Debian's gunicorn.
func beginGunicorn(t testing.TB, u setup) *target {
	t.Helper()
	program, err := exec.LookPath("gunicorn")
	if err != nil {
		t.Fatalf("gunicorn is not installed; .ci/install-tools does it: %v", err)
	}
	app, err := filepath.Abs("../examples/flask-gunicorn")
	if err != nil {
		t.Fatal(err)
	}
	s := &target{t: t, kind: "gunicorn", dir: t.TempDir(), address: freeAddress(t)}
	conf := fmt.Sprintf("bind = [%q", s.address)
	if u.unix != "" {
		conf += fmt.Sprintf(", %q", "unix:"+u.unix)
		s.socket = u.unix
	}
	conf += "]\n"
	set := func(name string, value any) {
		text, _ := json.Marshal(value)
		conf += name + " = " + strings.NewReplacer("true", "True", "false", "False").Replace(string(text)) + "\n"
	}
	set("workers", max(1, u.workers))
	set("timeout", max(0, u.timeout))
	set("pythonpath", app)
	set("errorlog", cmp.Or(u.errorlog, filepath.Join(s.dir, "error.log")))
	set("threads", max(1, u.threads))
	for name, v := range map[string]int{"graceful_timeout": u.graceful, "keepalive": u.keepalive, "max_requests": u.maxRequests,
		"backlog": u.backlog, "worker_connections": u.connections, "max_requests_jitter": u.jitter} {
		if v > 0 {
			set(name, v)
		}
	}
	for name, v := range map[string]string{"worker_class": u.class, "pidfile": u.pidfile, "user": u.user, "group": group(u.user), "worker_tmp_dir": u.tmpDir, "loglevel": u.loglevel} {
		if v != "" {
			set(name, v)
		}
	}
	if u.umask != "" {
		conf += "umask = 0o" + u.umask + "\n"
	}
	for name, v := range map[string]bool{"capture_output": u.capture, "preload_app": u.preload, "daemon": u.daemon} {
		if v {
			set(name, v)
		}
	}
	if u.hooks != "" {
		for _, name := range hookNames {
			conf += fmt.Sprintf("def %s(*args):\n    with open(%q, 'a') as f:\n        f.write('%s\\n')\n", name, u.hooks, name)
			if name == "nworkers_changed" { // gunicorn looks at the number of arguments
				conf = strings.Replace(conf, "def "+name+"(*args)", "def "+name+"(server, new, old)", 1)
			}
		}
		conf = fixArity(conf)
	}
	if u.orphan != "" {
		conf += fmt.Sprintf("def when_ready(one):\n    import os\n    os.system(%q)\n", leaveOrphan(u.orphan))
	}
	path := filepath.Join(s.dir, "gunicorn.conf.py")
	if err := os.WriteFile(path, []byte(conf), 0o644); err != nil {
		t.Fatal(err)
	}
	if u.user != "" {
		openTo(t, s.dir)
	}
	name := "app:app"
	if u.failLoad {
		name = "app:nothing"
	}
	s.cmd = exec.Command(program, "-c", path, name)
	if u.orphan != "" {
		s.cmd = exec.Command(os.Args[0], program, "-c", path, name)
	}
	s.cmd.Env = append(os.Environ(), "APP_LOGGING="+u.logging, "PYTHONDONTWRITEBYTECODE=1")
	if u.logging == "" {
		s.cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	}
	if u.failBoot {
		s.cmd.Env = append(s.cmd.Env, "APP_FAIL=boot")
	}
	if u.orphan != "" {
		s.cmd.Env = append(s.cmd.Env, subreaperVar+"=1")
	}
	s.begin()
	if !u.unready {
		s.until("gunicorn is ready", func() bool {
			_, _, err := s.ask("GET", "/health", "")
			return err == nil && (u.daemon || len(s.workers()) == max(1, u.workers))
		})
	}
	return s
}

// openTo lets every user into a test's folder.
func openTo(t testing.TB, dir string) {
	t.Helper()
	for _, d := range []string{filepath.Dir(dir), dir} {
		if err := os.Chmod(d, 0o777); err != nil {
			t.Fatal(err)
		}
	}
}

// fixArity gives the hooks that gunicorn calls with two arguments two: it checks.
func fixArity(conf string) string {
	for _, name := range []string{"on_starting", "on_reload", "when_ready", "post_worker_init", "worker_int", "worker_abort", "pre_exec", "on_exit"} {
		conf = strings.Replace(conf, "def "+name+"(*args)", "def "+name+"(one)", 1)
	}
	for _, name := range []string{"pre_fork", "post_fork", "child_exit", "worker_exit"} {
		conf = strings.Replace(conf, "def "+name+"(*args)", "def "+name+"(one, two)", 1)
	}
	return conf
}

func group(user string) string {
	if user == "" {
		return ""
	}
	return "nogroup"
}

// freeAddress is a port that nobody has; gunicorn cannot say which one it got for port 0.
func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// stick makes the next requests that log hang in flock until release is called: the guide's first race, on either server.
func (s *target) stick() (release func()) {
	s.t.Helper()
	f, err := os.OpenFile(filepath.Join(s.dir, "async_tasks.log"), os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil {
		s.t.Fatal(err)
	}
	return func() { _ = f.Close() }
}

const aTask = `{"work":"sleep","duration":"1ms"}`

// hung posts a task that hangs in the lock, and waits until a worker does.
func (s *target) hung() (answer <-chan int, pid int) {
	s.t.Helper()
	done := make(chan int, 1)
	go func() {
		status, _, err := s.ask("POST", "/task", aTask)
		if err != nil {
			status = -1
		}
		done <- status
	}()
	s.until("a worker hangs in flock", func() bool {
		for _, p := range s.workers() {
			if waitsIn(p, "locks_lock_inode_wait") {
				pid = p
				return true
			}
		}
		return false
	})
	return done, pid
}

func TestConformEndpoints(t *testing.T) {
	both(t, func(t *testing.T, kind string) {
		s := begin(t, kind, setup{})
		if s.task(202, aTask) == "" {
			t.Error("POST /task gave no id")
		}
		status, h := s.get("/health")
		for _, field := range []string{"status", "timestamp", "pid", "active_tasks"} {
			if _, ok := h[field]; !ok || status != 200 {
				t.Errorf("GET /health: status %d, no field %s in %v", status, field, h)
			}
		}
		_, m := s.get("/metrics")
		for _, field := range []string{"memory_usage_mb", "cpu_percent", "active_tasks", "event_loop_running"} {
			if _, ok := m[field]; !ok {
				t.Errorf("GET /metrics: no field %s in %v", field, m)
			}
		}
		for _, body := range []string{`{`, `[]`, `{"work":"dance"}`, `{"duration":"soon"}`} {
			status, text, err := s.ask("POST", "/task", body)
			var v struct{ Error string }
			if err != nil || status != 400 || json.Unmarshal([]byte(text), &v) != nil || v.Error == "" {
				t.Errorf("POST /task %s: status %d, %q, %v; want 400 with a reason", body, status, text, err)
			}
		}
	})
}

func TestConformBind(t *testing.T) {
	both(t, func(t *testing.T, kind string) {
		path := filepath.Join(t.TempDir(), "s")
		s := begin(t, kind, setup{unix: path, umask: "027"})
		for _, socket := range []string{path, ""} {
			s.socket = socket
			if status, _ := s.get("/health"); status != 200 {
				t.Errorf("status %d", status)
			}
		}
		st, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if mode := st.Mode().Perm(); mode != 0o750 {
			t.Errorf("the socket's mode is %o, want 750 after umask 027", mode)
		}
		s.task(202, aTask)
		log := filepath.Join(s.dir, "async_tasks_"+itoa(s.workers()[0])+".log")
		if st, err := os.Stat(log); err != nil || st.Mode().Perm()&^0o644 != 0 || st.Mode().Perm()&0o004 == 0 {
			t.Errorf("the application's own file: %v, %v; umask is for the server's alone", st, err)
		}
		s.signal(syscall.SIGTERM)
		s.exitCode()
		if _, err := os.Stat(path); !os.IsNotExist(err) {
			t.Errorf("the socket's file is still there: %v", err)
		}
	})
}

func TestConformSyncClosesAndTakesOneAtATime(t *testing.T) {
	both(t, func(t *testing.T, kind string) {
		s := begin(t, kind, setup{logging: "shared-lock"})
		r, err := http.Get("http://" + s.address + "/health")
		if err != nil {
			t.Fatal(err)
		}
		_ = r.Body.Close()
		if !r.Close {
			t.Error("a sync worker kept the connection")
		}
		release := s.stick()
		answer, _ := s.hung()
		if _, _, err := s.askWith(s.client(500*time.Millisecond), "GET", "/health", "", ""); err == nil {
			t.Error("a sync worker answered a second request while the first hung")
		}
		release()
		if status := <-answer; status != 202 {
			t.Errorf("status %d after the lock was released, want 202", status)
		}
	})
}

func TestConformThreads(t *testing.T) {
	both(t, func(t *testing.T, kind string) {
		s := begin(t, kind, setup{class: "gthread", threads: 2, keepalive: 1, timeout: 3, preload: true, logging: "shared-lock"})
		c, err := net.Dial("tcp", s.address)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		_ = c.SetDeadline(time.Now().Add(patience))
		for range 2 { // one connection, two requests
			if _, err := c.Write([]byte("GET /health HTTP/1.1\r\nHost: a\r\n\r\n")); err != nil {
				t.Fatal(err)
			}
			if text := readAnswer(t, c); !strings.Contains(text, " 200 OK") {
				t.Fatalf("answer %q", text)
			}
		}
		if n, err := c.Read(make([]byte, 1)); n != 0 || err == nil {
			t.Errorf("an idle connection was not closed after keepalive: %d bytes, %v", n, err)
		}
		release := s.stick()
		answer, pid := s.hung()
		if status, _ := s.get("/health"); status != 200 {
			t.Error("one stuck thread of two, and /health is not answered")
		}
		// Both threads stuck for longer than timeout: the first thread beats, so nobody is killed. A heartbeat is no progress.
		second := make(chan int, 1)
		go func() {
			status, _, _ := s.ask("POST", "/task", aTask)
			second <- status
		}()
		time.Sleep(4500 * time.Millisecond) // what is tested is that nothing happens for longer than timeout and its kill take
		if now := s.workers(); len(now) != 1 || now[0] != pid {
			t.Errorf("the worker was replaced (%v, was %d), although its heartbeat goes on", now, pid)
		}
		release()
		for _, ch := range []<-chan int{answer, second} {
			if status := <-ch; status != 202 {
				t.Errorf("status %d, want 202", status)
			}
		}
	})
}

func readAnswer(t *testing.T, c net.Conn) string {
	t.Helper()
	var text string
	buf := make([]byte, 4096)
	for !strings.Contains(text, "\r\n\r\n") || !strings.Contains(text, "}") {
		n, err := c.Read(buf)
		if err != nil {
			t.Fatalf("read: %v after %q", err, text)
		}
		text += string(buf[:n])
	}
	return text
}

func TestConformTimeoutKillsAndReplaces(t *testing.T) {
	both(t, func(t *testing.T, kind string) {
		s := begin(t, kind, setup{timeout: 3, preload: true, logging: "shared-lock"})
		release := s.stick()
		answer, pid := s.hung()
		if status := <-answer; status != -1 {
			t.Errorf("the stuck request was answered with %d, want its connection cut", status)
		}
		s.until("the hung worker is gone", func() bool { return procState(pid) == "" })
		release()
		s.until("a replacement answers", func() bool {
			status, _, err := s.ask("POST", "/task", aTask)
			return err == nil && status == 202
		})
	})
}

func TestConformSignalsToArbiter(t *testing.T) {
	both(t, func(t *testing.T, kind string) {
		s := begin(t, kind, setup{workers: 2})
		count := func(n int) { s.until(fmt.Sprintf("%d workers", n), func() bool { return len(s.workers()) == n }) }
		s.signal(syscall.SIGTTIN)
		count(3)
		s.signal(syscall.SIGTTOU)
		count(2)
		s.signal(syscall.SIGTTOU)
		count(1)
		s.signal(syscall.SIGTTOU) // floor 1
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
	both(t, func(t *testing.T, kind string) {
		s := begin(t, kind, setup{})
		if kind == "gunicorn" {
			path := filepath.Join(s.dir, "gunicorn.conf.py")
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(strings.Replace(string(text), "workers = 1", "workers = 3", 1)), 0o644); err != nil {
				t.Fatal(err)
			}
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
	both(t, func(t *testing.T, kind string) {
		s := begin(t, kind, setup{logging: "shared-lock"})
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
			s := begin(t, kind, setup{logging: "shared-lock"})
			release := s.stick()
			answer, _ := s.hung()
			s.signal(sig)
			if code := s.exitCode(); code != 0 {
				t.Errorf("%v: exit code %d, want 0", sig, code)
			}
			if status := <-answer; status != -1 {
				t.Errorf("%v: the request in progress got %d, want its connection cut", sig, status)
			}
			release()
		}
	})
}

func TestConformGracefulTimeout(t *testing.T) {
	both(t, func(t *testing.T, kind string) {
		s := begin(t, kind, setup{logging: "shared-lock", graceful: 1})
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
	both(t, func(t *testing.T, kind string) {
		s := begin(t, kind, setup{})
		for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGABRT, syscall.SIGKILL} {
			pid := s.workers()[0]
			if err := syscall.Kill(pid, sig); err != nil {
				t.Fatal(err)
			}
			s.until(fmt.Sprintf("a worker ended by %v is gone, no zombie, and replaced", sig), func() bool {
				now := s.workers()
				return procState(pid) == "" && len(now) == 1 && now[0] != pid
			})
			s.until("the replacement answers", func() bool { status, _, err := s.ask("GET", "/health", ""); return err == nil && status == 200 })
			if kind == "hangtime" && sig == syscall.SIGABRT && !strings.Contains(s.file(fmt.Sprintf("stacks_%d.log", pid)), "serveSync") {
				t.Error("ABRT: the stacks of the goroutines are not in the worker's file")
			}
		}
	})
}

func TestConformMaxRequests(t *testing.T) {
	both(t, func(t *testing.T, kind string) {
		s := begin(t, kind, setup{maxRequests: 5})
		first := s.workers()[0]
		for range 5 {
			_, _, _ = s.ask("GET", "/health", "") // gunicorn's own readiness was asked for some of the five
		}
		s.until("the worker was replaced after 5 requests", func() bool { now := s.workers(); return len(now) == 1 && now[0] != first })
		s.until("the replacement answers", func() bool { status, _, err := s.ask("GET", "/health", ""); return err == nil && status == 200 })
	})
}

func TestConformExitCodes(t *testing.T) {
	both(t, func(t *testing.T, kind string) {
		for name, c := range map[string]struct {
			setup setup
			want  int
		}{
			"a worker that fails to boot":           {setup{failBoot: true}, 3},
			"an application that fails to load":     {setup{failLoad: true}, 4},
			"a preloaded application that fails":    {setup{failBoot: true, preload: true}, 1},
			"two workers, and both fail to boot":    {setup{failBoot: true, workers: 2}, 3},
			"a pidfile in a folder that is missing": {setup{pidfile: "/nonexistent/folder/pid"}, 1},
		} {
			c.setup.unready = true
			s := begin(t, kind, c.setup)
			code := s.exitCode()
			if kind == "gunicorn" && c.setup.workers == 2 && code == 1 {
				continue // its second worker failed while it waited for the end of the first's siblings, which ends it with an exception
			}
			if code != c.want {
				t.Errorf("%s: exit code %d, want %d", name, code, c.want)
			}
		}
	})
}

func TestConformPidfile(t *testing.T) {
	both(t, func(t *testing.T, kind string) {
		path := filepath.Join(t.TempDir(), "pid")
		dead := exec.Command("true")
		if err := dead.Run(); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(itoa(dead.Process.Pid)+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		s := begin(t, kind, setup{pidfile: path}) // the stale one is taken over
		if got := readPidfile(path); got != s.cmd.Process.Pid {
			t.Errorf("the pidfile has %d, want %d", got, s.cmd.Process.Pid)
		}
		second := begin(t, kind, setup{pidfile: path, unready: true})
		if code := second.exitCode(); code != 1 {
			t.Errorf("a second arbiter on the same pidfile: exit code %d, want 1", code)
		}
		if got := readPidfile(path); got != s.cmd.Process.Pid {
			t.Errorf("after that the pidfile has %d, want %d", got, s.cmd.Process.Pid)
		}
		s.signal(syscall.SIGTERM)
		s.exitCode()
		if _, err := os.Stat(path); !os.IsNotExist(err) {
			t.Errorf("the pidfile is still there: %v", err)
		}
	})
}

func readPidfile(path string) int {
	text, _ := os.ReadFile(path)
	return atoi(strings.TrimSpace(string(text)))
}

func TestConformUpgrade(t *testing.T) {
	both(t, func(t *testing.T, kind string) {
		path := filepath.Join(t.TempDir(), "pid")
		s := begin(t, kind, setup{pidfile: path})
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
		s.until("the successor is promoted", func() bool { return readPidfile(path) == successor && readPidfile(path+".2") == 0 })
		s.until("the successor answers on the same socket", func() bool { status, _, err := s.ask("GET", "/health", ""); return err == nil && status == 200 })
		_ = syscall.Kill(successor, syscall.SIGTERM)
		s.until("it is gone", func() bool { return !running(successor) })
	})
}

func TestConformDaemonAndWINCH(t *testing.T) {
	both(t, func(t *testing.T, kind string) {
		path := filepath.Join(t.TempDir(), "pid")
		s := begin(t, kind, setup{pidfile: path, daemon: true, unready: true})
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
		s.until("WINCH takes its workers", func() bool {
			_ = syscall.Kill(pid, syscall.SIGWINCH)
			return len(children(pid)) == 0
		})
		s.until("HUP gives it workers again", func() bool {
			n := len(children(pid))
			if n == 0 {
				_ = syscall.Kill(pid, syscall.SIGHUP) // again: the last WINCH may be delivered after the first HUP, whose number is lower
			}
			return n == 1
		})
		s.until("it is gone", func() bool {
			_ = syscall.Kill(pid, syscall.SIGTERM) // again: gunicorn drops a signal while five wait, and those may be HUPs
			return !running(pid)
		})
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

func TestConformWorkersLeaveWhenTheArbiterDies(t *testing.T) {
	both(t, func(t *testing.T, kind string) {
		s := begin(t, kind, setup{workers: 2, class: "gthread", threads: 2, logging: "shared-lock"})
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

func TestConformHeartbeatFile(t *testing.T) {
	both(t, func(t *testing.T, kind string) {
		dir := t.TempDir()
		s := begin(t, kind, setup{tmpDir: dir, class: "gthread", threads: 2, timeout: 2})
		worker := s.workers()[0]
		open := ""
		links, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", worker))
		for _, l := range links {
			if name, _ := os.Readlink(l); strings.HasPrefix(name, dir+"/wgunicorn-") && strings.HasSuffix(name, " (deleted)") {
				open = l
			}
		}
		if open == "" {
			t.Fatalf("no unlinked file %s/wgunicorn-* is open in the worker", dir)
		}
		changed := func() unix.Timespec {
			var st unix.Stat_t
			if err := unix.Stat(open, &st); err != nil {
				t.Fatal(err)
			}
			return st.Ctim
		}
		first := changed()
		s.until("its ctime moves", func() bool { return changed() != first })
		if left, _ := os.ReadDir(dir); len(left) != 0 {
			t.Errorf("%d files are left in worker_tmp_dir", len(left))
		}
	})
}

func TestConformLogsAreReopened(t *testing.T) {
	both(t, func(t *testing.T, kind string) {
		account := filepath.Join(t.TempDir(), "error.log")
		s := begin(t, kind, setup{errorlog: account})
		paths := []string{account}
		if kind == "hangtime" { // gunicorn reopens its own logs, not the application's
			s.task(202, aTask)
			paths = append(paths, filepath.Join(s.dir, "async_tasks_"+itoa(s.workers()[0])+".log"))
		}
		before := s.workers()
		for _, path := range paths {
			s.until("there is a log", func() bool { _, err := os.Stat(path); return err == nil })
			if err := os.Rename(path, path+".1"); err != nil {
				t.Fatal(err)
			}
		}
		s.signal(syscall.SIGUSR1)
		for _, path := range paths {
			s.until("the log was opened again by its name", func() bool { _, err := os.Stat(path); return err == nil })
		}
		if now := s.workers(); now[0] != before[0] {
			t.Error("USR1 ended a worker")
		}
	})
}

func TestConformCaptureOutput(t *testing.T) {
	both(t, func(t *testing.T, kind string) {
		s := begin(t, kind, setup{capture: true, logging: "stdout"})
		s.task(202, aTask)
		name := map[string]string{"gunicorn": "error.log", "hangtime": "worker_output.log"}[kind]
		s.until("what the worker prints is in the file", func() bool { return strings.Contains(s.file(name), "task accepted") })
	})
}

func TestConformUser(t *testing.T) {
	both(t, func(t *testing.T, kind string) {
		user, want := "nobody", "65534"
		if os.Geteuid() != 0 {
			user, want = itoa(os.Geteuid()), itoa(os.Geteuid()) // only root may become another
		}
		s := begin(t, kind, setup{user: user, tmpDir: os.TempDir(), timeout: 30})
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.workers()[0]))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), "\nUid:\t"+want+"\t"+want) {
			t.Errorf("the worker does not run as %s", user)
		}
		if os.Geteuid() == 0 && !strings.Contains(string(text), "\nGid:\t65534\t65534") {
			t.Error("the worker does not run in the group nogroup")
		}
		s.task(202, aTask)
	})
}

func TestConformHooks(t *testing.T) {
	both(t, func(t *testing.T, kind string) {
		path := filepath.Join(t.TempDir(), "hooks")
		s := begin(t, kind, setup{hooks: path, pidfile: filepath.Join(t.TempDir(), "pid")})
		has := func(names ...string) {
			t.Helper()
			for _, name := range names {
				s.until("hook "+name, func() bool {
					text, _ := os.ReadFile(path)
					return strings.Contains("\n"+string(text), "\n"+name+"\n")
				})
			}
		}
		replaced := func(sig syscall.Signal) {
			t.Helper()
			pid := s.workers()[0]
			_ = syscall.Kill(pid, sig)
			s.until("the worker was replaced", func() bool { now := s.workers(); return len(now) == 1 && now[0] != pid })
			s.until("the replacement answers", func() bool { status, _, err := s.ask("GET", "/health", ""); return err == nil && status == 200 })
		}
		has("on_starting", "when_ready", "pre_fork", "post_fork", "post_worker_init")
		text, _ := os.ReadFile(path)
		if order := strings.Fields(string(text)); !slices.Equal(order[:4], []string{"nworkers_changed", "on_starting", "when_ready", "pre_fork"}) {
			t.Errorf("the first hooks were %v", order[:4])
		}
		replaced(syscall.SIGINT)
		has("worker_int", "worker_exit", "child_exit")
		replaced(syscall.SIGABRT)
		has("worker_abort")
		if err := os.Truncate(path, 0); err != nil {
			t.Fatal(err)
		}
		s.signal(syscall.SIGHUP)
		has("nworkers_changed", "on_reload") // also when it is the same number
		s.until("one worker after the reload", func() bool { return len(s.workers()) == 1 })
		s.signal(syscall.SIGTTIN)
		has("nworkers_changed")
		s.signal(syscall.SIGUSR2)
		has("pre_exec")
		s.signal(syscall.SIGTERM)
		s.exitCode()
		has("on_exit")
		if successor := s.successor(); successor != 0 {
			_ = syscall.Kill(successor, syscall.SIGQUIT)
			s.until("the successor is gone", func() bool { return !running(successor) })
		}
	})
}

// successor is the arbiter that USR2 started; 0: there is none any more.
func (s *target) successor() int {
	for _, e := range s.said("upgrading") {
		return number(e["successor"])
	}
	if s.kind == "gunicorn" {
		paths, _ := filepath.Glob("/proc/[0-9]*/cwd")
		for _, p := range paths {
			if dir, _ := os.Readlink(p); dir == s.dir {
				pid := atoi(strings.Split(p, "/")[2])
				if parent(pid) <= 1 || procState(parent(pid)) == "" || !strings.Contains(cmdline(parent(pid)), "gunicorn") {
					return pid
				}
			}
		}
	}
	return 0
}

func parent(pid int) int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 2 {
		return 0
	}
	return atoi(fields[1])
}

func cmdline(pid int) string {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return string(text)
}

// A machine that slept, or a terminal's Ctrl-Z: everybody was away for longer than timeout. gunicorn kills its workers for it, ours does not.
func TestConformSuspend(t *testing.T) {
	both(t, func(t *testing.T, kind string) {
		s := begin(t, kind, setup{timeout: 3, preload: true, class: "gthread", threads: 2})
		worker := s.workers()[0]
		arbiter := s.cmd.Process.Pid
		for _, pid := range []int{arbiter, worker} {
			if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(4500 * time.Millisecond) // longer than timeout: this is what is tested
		_ = syscall.Kill(arbiter, syscall.SIGCONT)
		if kind == "gunicorn" {
			time.Sleep(1500 * time.Millisecond)
			_ = syscall.Kill(worker, syscall.SIGCONT)
			s.until("gunicorn kills the worker", func() bool { now := s.workers(); return len(now) == 1 && now[0] != worker })
			return
		}
		s.event("arbiter-was-away")
		_ = syscall.Kill(worker, syscall.SIGCONT)
		s.until("the worker answers", func() bool { status, _, err := s.ask("GET", "/health", ""); return err == nil && status == 200 })
		if now := s.workers(); len(now) != 1 || now[0] != worker {
			t.Errorf("workers %v, want %d still", now, worker)
		}
	})
}
