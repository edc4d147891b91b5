package refserver

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// A setup is how a server of either kind is started: gunicorn with the guide's Flask application, or ours. What is
// zero keeps the default.
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
	// File that takes the process id of a grandchild whose parent ends: the server is a subreaper, as the first process
	// of a container is one.
	orphan string

	conf   string // gunicorn: more lines of its gunicorn.conf.py
	module string // gunicorn: the text of a module with an app, instead of the guide's application
}

func begin(t testing.TB, k kind, u setup) *target {
	t.Helper()
	if !k.ours() {
		return beginGunicorn(t, k, u)
	}
	return beginOurs(t, u)
}

func beginOurs(t testing.TB, u setup) *target {
	t.Helper()
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
		for at, v := range map[*int]int{&c.Backlog: u.backlog, &c.WorkerConnections: u.connections,
			&c.MaxRequestsJitter: u.jitter} {
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
		s.until("it is ready", func() bool {
			status, _, err := s.ask("GET", "/health", "")
			return err == nil && status == 200
		})
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

var hookNames = []string{"on_starting", "on_reload", "when_ready", "pre_fork", "post_fork", "post_worker_init",
	"worker_int", "worker_abort", "pre_exec", "child_exit", "worker_exit",

	"nworkers_changed", "on_exit"}

// beginGunicorn writes a gunicorn.conf.py and starts gunicorn with it.
func beginGunicorn(t testing.TB, k kind, u setup) *target {
	t.Helper()
	app, err := filepath.Abs("../examples/flask-gunicorn")
	if err != nil {
		t.Fatal(err)
	}
	s := &target{t: t, kind: k, dir: t.TempDir(), address: freeAddress(t)}
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
	for name, v := range map[string]int{"graceful_timeout": u.graceful, "keepalive": u.keepalive,
		"max_requests": u.maxRequests,
		"backlog":      u.backlog, "worker_connections": u.connections, "max_requests_jitter": u.jitter} {
		if v > 0 {
			set(name, v)
		}
	}
	for name, v := range map[string]string{"worker_class": u.class, "pidfile": u.pidfile, "user": u.user,
		"group": group(u.user), "worker_tmp_dir": u.tmpDir, "loglevel": u.loglevel} {
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
			conf += fmt.Sprintf("def %s(*args):\n    with open(%q, 'a') as f:\n        f.write('%s\\n')\n", name,
				u.hooks, name)
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
	if err := os.WriteFile(path, []byte(conf+u.conf), 0o644); err != nil {
		t.Fatal(err)
	}
	if u.user != "" {
		openTo(t, s.dir)
	}
	name := "app:app"
	if u.module != "" {
		name = "own:app"
		if err := os.WriteFile(filepath.Join(s.dir, "own.py"), []byte(u.module), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if u.failLoad {
		name = "app:nothing"
	}
	command := append(slices.Clone(k.gunicorn.command), "-c", path, name)
	// The control socket and the process id of a dirty arbiter have names that all servers of a user share, if nobody
	// says otherwise.
	environ := append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1", "XDG_RUNTIME_DIR="+shortDir(t))
	environ = append(environ, k.gunicorn.env...)
	if u.logging != "" {
		environ = append(environ, "APP_LOGGING="+u.logging)
	}
	if u.failBoot {
		environ = append(environ, "APP_FAIL=boot")
	}
	if u.orphan != "" {
		command, environ = append([]string{os.Args[0]}, command...), append(environ, subreaperVar+"=1")
	}
	s.cmd = exec.Command(command[0], command[1:]...)
	s.cmd.Env = environ
	s.begin()
	if !u.unready {
		s.until("gunicorn is ready", func() bool {
			_, _, err := s.ask("GET", "/health", "")
			return err == nil && (u.daemon || len(s.workers()) == max(1, u.workers))
		})
	}
	return s
}

// A lightApplication is the guide's without Flask, whose import takes longer than all else at a start, for tests that are of
// the server alone: it answers, and takes the lock of shared-lock for each task.
const lightApplication = `
import fcntl, os
def app(environ, start_response):
    status = "200 OK"
    if environ["PATH_INFO"] == "/task":
        status = "202 Accepted"
        with open("async_tasks.log", "a") as log:
            fcntl.flock(log, fcntl.LOCK_EX)
    start_response(status, [("Content-Type", "application/json")])
    return [b'{"pid": %d}' % os.getpid()]
`

// rewrite changes a line of the gunicorn.conf.py that the next HUP reads.
func (s *target) rewrite(from, to string) {
	s.t.Helper()
	path := filepath.Join(s.dir, "gunicorn.conf.py")
	text, err := os.ReadFile(path)
	if err != nil {
		s.t.Fatal(err)
	}
	if !strings.Contains(string(text), from) {
		s.t.Fatalf("%s: no %q in it", path, from)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(text), from, to, 1)), 0o644); err != nil {
		s.t.Fatal(err)
	}
}

// shortDir is a folder for sockets, whose paths have at most 107 bytes (unix(7)): a test's own folder has the test's
// name in its path.
func shortDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "gunicorn-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
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
	for _, name := range []string{"on_starting", "on_reload", "when_ready", "post_worker_init", "worker_int",
		"worker_abort", "pre_exec", "on_exit"} {
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
