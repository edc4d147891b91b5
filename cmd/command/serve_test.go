package command

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	refserver "github.com/hangtime-dev/hangtime/reference-server"
)

// parseServe is the configuration of a command line.
func parseServe(t *testing.T, args ...string) (refserver.Config, error) {
	t.Helper()
	cmd := serveCommand()
	if err := cmd.ParseFlags(args); err != nil {
		return refserver.Config{}, err
	}
	file, err := cmd.Flags().GetString("config")
	if err != nil {
		t.Fatal(err)
	}
	return serveConfig(cmd.Flags(), file)
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestServeOptionsComeFromFlagThenEnvironmentThenFile(t *testing.T) {
	file := write(t, "server.yaml", "workers: 2\ntimeout: 7\nkeepalive: 3s\nworker_class: gthread\nthreads: 5\nbind: [127.0.0.1:1, \"unix:/tmp/a,b.sock\"]\nmonitoring: off\numask: \"027\"\n")
	t.Setenv("HANGTIME_TIMEOUT", "8s")
	t.Setenv("HANGTIME_WORKERS", "3")
	t.Setenv("HANGTIME_PIDFILE", "/tmp/x.pid")
	t.Setenv("HANGTIME_HOOK", "on_exit=echo a, b")
	got, err := parseServe(t, "--config", file, "-w", "4", "--worker_connections=9", "--loglevel=debug")
	if err != nil {
		t.Fatal(err)
	}
	want := refserver.Default()
	want.Workers, want.Timeout, want.KeepAlive, want.WorkerClass, want.Threads, want.WorkerConnections = 4,
		8*time.Second, 3*time.Second, "gthread", 5, 9
	want.Bind, want.Monitoring, want.Umask, want.PIDFile, want.LogLevel = []string{"127.0.0.1:1", "unix:/tmp/a,b.sock"},
		"off", "027", "/tmp/x.pid", "debug"
	want.Hooks = []string{"on_exit=echo a, b"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAUmaskOfOneDigitNeedsNoQuotes(t *testing.T) {
	for name, text := range map[string]string{"a.yaml": "umask: 7\n", "a.json": `{"umask": 7}`, "a.toml": "umask = 7\n"} {
		got, err := parseServe(t, "--config", write(t, name, text))
		if err != nil || got.Umask != "7" {
			t.Errorf("%s: %v, umask %q", name, err, got.Umask)
		}
	}
}

func TestServeReadsGunicornsNamesInEveryFormat(t *testing.T) {
	for name, text := range map[string]string{
		"a.yaml": "max_requests: 1000\nmax_requests_jitter: 100\npreload_app: true\nproc_name: web\nworker_connections: 1000\n",
		"a.toml": "max_requests = 1000\nmax_requests_jitter = 100\npreload_app = true\nproc_name = \"web\"\nworker_connections = 1000\n",
		"a.json": `{"max_requests": 1000, "max_requests_jitter": 100, "preload_app": true, "proc_name": "web", "worker_connections": 1000}`,
	} {
		got, err := parseServe(t, "-c", write(t, name, text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want := refserver.Default()
		want.MaxRequests, want.MaxRequestsJitter, want.PreloadApp, want.ProcName = 1000, 100, true, "web"
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestServeSaysWhatIsWrongAndWhere(t *testing.T) {
	for _, c := range []struct {
		name, file, want string
		env              [2]string
		args             []string
	}{
		{name: "unknown key", file: "wrokers: 3\n", want: "wrokers: there is no such option"},
		{name: "a number that is none", file: "workers: many\n", want: `workers: want a whole number, got "many"`},
		{name: "environment", env: [2]string{"HANGTIME_THREADS", "x"},
			want: `HANGTIME_THREADS: want a whole number, got "x"`},
		{name: "choice", args: []string{"--logging=everywhere"},
			want: `logging: want one of per-pid, shared, shared-lock, stdout, got "everywhere"`},
		{name: "time", file: "timeout: soon\n", want: "timeout: "},
		{name: "hook", args: []string{"--hook=on_lunch=echo"}, want: "hook: want one of on_starting"},
		{name: "umask", file: "umask: \"9\"\n", want: "umask: want an octal number"},
		{name: "umask that YAML reads as 18", file: "umask: 022\n",
			want: `umask: want a text in quotes, such as "022", got the number 18`},
		{name: "umask that YAML reads as 63, octal again by its looks", file: "umask: 077\n",
			want: `umask: want a text in quotes, such as "022", got the number 63`},
		{name: "user", args: []string{"--user=nobody-here"},
			want: `user: want the name or number of a user of this machine, got "nobody-here"`},
		{name: "bind", args: []string{"--bind=host:port"}, want: "bind: want"},
		{name: "two names", file: "pid: a\npidfile: b\n", want: "it is there twice"},
		{name: "python", args: []string{"--config=gunicorn.conf.py"}, want: "want a .yaml, .toml or .json file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			args := c.args
			if c.file != "" {
				args = append(args, "--config", write(t, "server.yaml", c.file))
			}
			if c.env[0] != "" {
				t.Setenv(c.env[0], c.env[1])
			}
			if _, err := parseServe(t, args...); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q in it", err, c.want)
			}
		})
	}
}

func TestPrintedConfigIsReadBackTheSame(t *testing.T) {
	want := refserver.Default()
	want.Bind, want.Hooks, want.Monitoring, want.User, want.Timeout = []string{"unix:/a b", "127.0.0.1:80"},
		[]string{`on_exit=echo "x", y`}, "off", "", 90*time.Second
	var text bytes.Buffer
	if err := want.WriteYAML(&text); err != nil {
		t.Fatal(err)
	}
	got, err := parseServe(t, "--config", write(t, "printed.yaml", text.String()))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
