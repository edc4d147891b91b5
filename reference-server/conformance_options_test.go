package refserver

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/reference-server/settings"
)

// Every option that gunicorn has too has its name, its flags and its default.
func TestConformNamesAndDefaults(t *testing.T) {
	t.Parallel()
	atOnce(t, gunicornKinds(t), func(t *testing.T, k kind) { sameNamesAndDefaults(t, k.gunicorn) })
}

func sameNamesAndDefaults(t *testing.T, g *gunicorn) {
	var theirs map[string][2]any
	if err := json.Unmarshal([]byte(g.says(t, `
import json
from gunicorn.config import KNOWN_SETTINGS
print(json.dumps({s.name: [s.default, s.cli] for s in KNOWN_SETTINGS if not callable(s.default)}))`)), &theirs); err != nil {
		t.Fatal(err)
	}
	c := Default()
	ours := map[string]any{}
	for _, o := range c.Options() {
		ours[o.Name] = o.Value
	}
	shorthands := settings.Shorthands()
	for _, name := range []string{"bind", "workers", "worker_class", "worker_connections", "threads", "timeout",
		"graceful_timeout", "keepalive", "max_requests", "max_requests_jitter",
		"preload_app", "daemon", "backlog", "reuse_port", "pidfile", "umask", "user", "group", "proc_name",
		"worker_tmp_dir", "capture_output", "errorlog", "loglevel"} {
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
			// --preload is the guide's practice here.
			if flag != real && !aliased && shorthands[real] != flag && flag != "preload" {
				t.Errorf("%s: gunicorn's flag %q is missing", name, flag)
			}
		}
	}
}

func TestConformExitCodes(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
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
			s := begin(t, k, c.setup)
			code := s.exitCode()
			if !k.ours() && c.setup.workers == 2 && code == 1 {
				// Its second worker failed while it waited for the end of the first's siblings, which ends it with an
				// exception.
				continue
			}
			if code != c.want {
				t.Errorf("%s: exit code %d, want %d", name, code, c.want)
			}
		}
	})
}

func TestConformPidfile(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		path := filepath.Join(t.TempDir(), "pid")
		dead := exec.Command("true")
		if err := dead.Run(); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(itoa(dead.Process.Pid)+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		s := begin(t, k, setup{module: lightApplication, pidfile: path}) // the stale one is taken over
		if got := readPidfile(path); got != s.cmd.Process.Pid {
			t.Errorf("the pidfile has %d, want %d", got, s.cmd.Process.Pid)
		}
		second := begin(t, k, setup{module: lightApplication, pidfile: path, unready: true})
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

func TestConformLogsAreReopened(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		account := filepath.Join(t.TempDir(), "error.log")
		s := begin(t, k, setup{module: lightApplication, errorlog: account})
		paths := []string{account}
		if k.ours() { // gunicorn reopens its own logs, not the application's
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

func TestConformLogLevel(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		path := filepath.Join(t.TempDir(), "error.log")
		s := begin(t, k, setup{module: lightApplication, loglevel: "warning", errorlog: path})
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

func TestConformCaptureOutput(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		s := begin(t, k, setup{capture: true, logging: "stdout"})
		s.task(202, aTask)
		name := "error.log"
		if k.ours() {
			name = "worker_output.log"
		}
		s.until("what the worker prints is in the file",
			func() bool { return strings.Contains(s.file(name), "task accepted") })
	})
}

func TestConformUser(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		user, want := "nobody", "65534"
		if os.Geteuid() != 0 {
			user, want = itoa(os.Geteuid()), itoa(os.Geteuid()) // only root may become another
		} else if !k.ours() {
			k.gunicorn = k.gunicorn.forAnyUser(t)
		}
		s := begin(t, k, setup{user: user, tmpDir: os.TempDir(), timeout: 30})
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
	each(t, func(t *testing.T, k kind) {
		path := filepath.Join(t.TempDir(), "hooks")
		// A worker of gunicorn that is told to leave while it boots has no handler yet and does not hear it:
		// graceful_timeout bounds the wait for it.
		s := begin(t, k, setup{module: lightApplication, hooks: path, pidfile: filepath.Join(t.TempDir(), "pid"),
			graceful: 3})
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
			s.until("the replacement answers",
				func() bool { status, _, err := s.ask("GET", "/health", ""); return err == nil && status == 200 })
		}
		has("on_starting", "when_ready", "pre_fork", "post_fork", "post_worker_init")
		text, _ := os.ReadFile(path)
		if order := strings.Fields(string(text)); !slices.Equal(order[:4],
			[]string{"nworkers_changed", "on_starting", "when_ready", "pre_fork"}) {
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
