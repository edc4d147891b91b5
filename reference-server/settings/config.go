// Package settings is what the reference server can be told: every option with its name, default and allowed values.
// It reads no command line and no file: whoever starts the server does.
package settings

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Config is one setting of every option. The names are gunicorn's where gunicorn has the option; the guide's bad
// side is always a value that is not the default.
type Config struct {
	Bind              []string
	Workers           int
	WorkerClass       string // sync, gthread, async
	WorkerConnections int
	Threads           int
	Timeout           time.Duration // 0: never
	GracefulTimeout   time.Duration
	KeepAlive         time.Duration
	BootTimeout       time.Duration // 0: never
	MaxRequests       int           // 0: no limit
	MaxRequestsJitter int
	PreloadApp        bool
	Daemon            bool
	Backlog           int
	ReusePort         bool
	PIDFile           string
	Umask             string // octal, as gunicorn's --umask 022
	User              string
	Group             string
	ProcName          string
	WorkerTmpDir      string
	CaptureOutput     bool
	ErrorLog          string // -: standard error, and arbiter.log in the log directory for a daemon
	LogLevel          string
	Hooks             []string // name=command
	HookTimeout       time.Duration
	Respawn           bool
	ExitWithParent    bool

	Heartbeat     string // memory, tmpfile
	HeartbeatFrom string // request, loop

	LogDir             string
	Logging            string // per-pid, shared, shared-lock, stdout
	State              string // aware, unaware
	Recovery           string // restart, none
	Cleanup            string // drain, none
	Limits             string // bounded, unbounded
	IO                 string // executor, blocking
	Signals            string // arbiter, every-worker
	Preload            string // clean, loop-before-fork
	Health             string // deep, shallow
	Monitoring         string // on, off
	ExecutorThreads    int
	MaxConcurrentTasks int
	TaskQueue          int
	TaskTimeout        time.Duration // 0: never
	Upstream           string        // host:port that work `socket` and `dns` ask; empty: the worker's own
	LoadApp            string        // ok, fail-boot, fail-load: makes a worker fail as an application does
	LoopStartDelay     time.Duration // how long the event loop's thread takes until there is a loop
	MemoryLimit        int           // MiB of resident memory at which a worker is killed; 0: none
	LockOrder          string        // same, opposite
	PollWait           time.Duration // how long a long poll and a stream of events go on
}

// Default is gunicorn's default where it has the option, and the guide's good side elsewhere.
func Default() Config {
	return Config{
		Bind: []string{"127.0.0.1:8000"}, Workers: 1, WorkerClass: "sync", WorkerConnections: 1000, Threads: 1,
		Timeout: 30 * time.Second, GracefulTimeout: 30 * time.Second, KeepAlive: 2 * time.Second,
		BootTimeout: 60 * time.Second,
		Backlog:     2048, Umask: "0", ProcName: "hangtime", ErrorLog: "-", LogLevel: "info", HookTimeout: 5 * time.Second,
		Respawn:   true,
		Heartbeat: "memory", HeartbeatFrom: "request",
		LogDir: ".", Logging: "per-pid", State: "aware", Recovery: "restart", Cleanup: "drain", Limits: "bounded",
		IO: "executor", Signals: "arbiter",
		Preload: "clean", Health: "deep", Monitoring: "on",
		ExecutorThreads: 4, MaxConcurrentTasks: 100, TaskQueue: 10000, TaskTimeout: 300 * time.Second, LoadApp: "ok",
		LockOrder: "same", PollWait: 25 * time.Second,
	}
}

// An Option is one setting with where it is kept. Value is a pointer to int, string, bool, time.Duration or []string.
type Option struct {
	Name    string // as in a file and on the command line, with hyphens
	Help    string
	Choices []string // the allowed values of a string that is one of a few; the first is the default
	Value   any
}

// Aliases are the names that gunicorn's configuration files have for options whose command line flag, and so whose
// name here, is another.
func Aliases() map[string]string {
	return map[string]string{"pidfile": "pid", "proc-name": "name", "keepalive": "keep-alive", "loglevel": "log-level",
		"errorlog": "error-logfile", "log-file": "error-logfile"}
}

// Shorthands are gunicorn's one-letter flags.
func Shorthands() map[string]string {
	return map[string]string{"bind": "b", "workers": "w", "worker-class": "k", "timeout": "t", "name": "n", "pid": "p",
		"umask": "m", "user": "u", "group": "g", "daemon": "D"}
}

// Options are all of them, in the order in which help lists them; their values point into c.
func (c *Config) Options() []Option {
	return slices.Concat(c.gunicornOptions(), c.hangtimeOptions(), c.guideOptions())
}

func (c *Config) gunicornOptions() []Option {
	return []Option{
		{"bind", "address to listen on, HOST:PORT or unix:PATH; may be given several times", nil, &c.Bind},
		{"workers", "worker processes", nil, &c.Workers},
		{"worker-class", "sync: one request at a time; gthread: threads; async: many connections in one thread",
			[]string{"sync", "gthread", "async"}, &c.WorkerClass},
		{"worker-connections", "connections that a gthread or async worker holds at once", nil, &c.WorkerConnections},
		{"threads", "request threads of a gthread worker; more than 1 makes a sync worker gthread", nil, &c.Threads},
		{"timeout", "a worker that gave no sign of life for so long is killed; 0: never", nil, &c.Timeout},
		{"graceful-timeout", "time that workers have to finish when told to leave", nil, &c.GracefulTimeout},
		{"keep-alive", "time that an idle connection is kept (gthread, async)", nil, &c.KeepAlive},
		{"max-requests", "a worker leaves after so many requests; 0: never", nil, &c.MaxRequests},
		{"max-requests-jitter", "and up to so many more, chosen for each worker", nil, &c.MaxRequestsJitter},
		{"preload-app", "make the application in the arbiter, before workers are started", nil, &c.PreloadApp},
		{"daemon", "leave the terminal and go on in the background", nil, &c.Daemon},
		{"backlog", "connections that wait for a worker", nil, &c.Backlog},
		{"reuse-port", "a listening socket of its own for each worker (SO_REUSEPORT)", nil, &c.ReusePort},
		{"pid", "file for the arbiter's process id", nil, &c.PIDFile},
		{"umask", "file mode mask of unix sockets, octal", nil, &c.Umask},
		{"user", "run workers as this user (needs root)", nil, &c.User},
		{"group", "run workers as this group (needs root)", nil, &c.Group},
		{"name", "begins the name of every process", nil, &c.ProcName},
		{"worker-tmp-dir", "directory of the heartbeat files of --heartbeat=tmpfile", nil, &c.WorkerTmpDir},
		{"capture-output", "what workers print goes to worker_output.log in the log directory", nil, &c.CaptureOutput},
		{"error-logfile", "file of the server's account, opened again at USR1; -: standard error, for a daemon arbiter.log in the log directory", nil, &c.ErrorLog},
		{"log-level", "least important line of the server's account",
			[]string{"info", "debug", "warning", "error", "critical"}, &c.LogLevel},
	}
}

func (c *Config) hangtimeOptions() []Option {
	return []Option{
		{"log-dir", "directory of the task logs", nil, &c.LogDir},
		{"boot-timeout", "a worker that is not ready after so long is killed; 0: never", nil, &c.BootTimeout},
		{"respawn", "replace workers that died", nil, &c.Respawn},
		{"hook", "NAME=COMMAND to run at a lifecycle hook such as worker_exit; may be given several times", nil, &c.Hooks},
		{"hook-timeout", "time that a hook's command has", nil, &c.HookTimeout},
		{"exit-with-parent", "leave when the process that started the server dies, however it dies", nil, &c.ExitWithParent},
		{"heartbeat", "memory: a shared page; tmpfile: gunicorn's unlinked file", []string{"memory", "tmpfile"},
			&c.Heartbeat},
		{"heartbeat-from", "who gives the sign of life: the request side or the event loop",
			[]string{"request", "loop"}, &c.HeartbeatFrom},
		{"executor-threads", "threads for blocking work", nil, &c.ExecutorThreads},
		{"max-concurrent-tasks", "tasks that run at once in a worker", nil, &c.MaxConcurrentTasks},
		{"task-queue", "tasks that wait in a worker; beyond it: 503", nil, &c.TaskQueue},
		{"task-timeout", "a task that runs longer is given up; 0: never", nil, &c.TaskTimeout},
		{"loop-start-delay", "time that the event loop's thread takes to make the loop; with --state=unaware requests come before it", nil, &c.LoopStartDelay},
		{"memory-limit", "MiB of resident memory at which a worker is killed; 0: no limit", nil, &c.MemoryLimit},
		{"upstream", "HOST:PORT on loopback that work `socket` and `dns` ask; empty: a responder in the worker", nil,
			&c.Upstream},
		{"lock-order", "in which order the two threads of work `locks` take its two locks",
			[]string{"same", "opposite"}, &c.LockOrder},
		{"poll-wait", "time after which GET /poll answers that there is no news, and GET /events ends", nil, &c.PollWait},
		{"load-app", "fail as an application does that cannot be made (exit 3) or loaded (exit 4)",
			[]string{"ok", "fail-boot", "fail-load"}, &c.LoadApp},
	}
}

// guideOptions are the guide's practices: the first value is the good side.
func (c *Config) guideOptions() []Option {
	return []Option{
		{"logging", "practice 1, whose file a log line goes to", []string{"per-pid", "shared", "shared-lock", "stdout"},
			&c.Logging},
		{"state", "practice 2, is the event loop looked at before it is used", []string{"aware", "unaware"}, &c.State},
		{"recovery", "practice 3, is a dead event loop started again", []string{"restart", "none"}, &c.Recovery},
		{"cleanup", "practice 4, are tasks finished and files closed on TERM", []string{"drain", "none"}, &c.Cleanup},
		{"limits", "practice 5, are tasks bounded in number and time", []string{"bounded", "unbounded"}, &c.Limits},
		{"io", "practice 6, where blocking work runs: on the executor or on the event loop's thread",
			[]string{"executor", "blocking"}, &c.IO},
		{"monitoring", "practice 7, is anything logged and measured", []string{"on", "off"}, &c.Monitoring},
		{"signals", "race 5, who handles Ctrl-C", []string{"arbiter", "every-worker"}, &c.Signals},
		{"preload", "loop-before-fork: the event loop's thread is started before the fork (implies --preload-app)",
			[]string{"clean", "loop-before-fork"}, &c.Preload},
		{"health", "does /health look at the event loop", []string{"deep", "shallow"}, &c.Health},
	}
}

// Preloads says whether the application is made before the workers are started: a loop cannot be started before the
// fork otherwise.
func (c *Config) Preloads() bool { return c.PreloadApp || c.Preload == "loop-before-fork" }

// Validate says everything that is wrong, one line each.
func (c *Config) Validate() error {
	var wrong []error
	bad := func(format string, args ...any) { wrong = append(wrong, fmt.Errorf(format, args...)) }
	for _, o := range c.Options() {
		switch v := o.Value.(type) {
		case *string:
			if o.Choices != nil && !slices.Contains(o.Choices, *v) {
				bad("%s: want one of %s, got %q", o.Name, strings.Join(o.Choices, ", "), *v)
			}
		case *time.Duration:
			if *v < 0 {
				bad("%s: want a time of 0 or more, got %v", o.Name, *v)
			}
		case *int:
			if *v < 0 {
				bad("%s: want a number of 0 or more, got %d", o.Name, *v)
			}
		}
	}
	for name, value := range map[string]int{"threads": c.Threads, "backlog": c.Backlog,
		"executor-threads": c.ExecutorThreads, "worker-connections": c.WorkerConnections,
		"max-concurrent-tasks": c.MaxConcurrentTasks, "task-queue": c.TaskQueue} {
		if value < 1 {
			bad("%s: want 1 or more, got %d", name, value)
		}
	}
	if c.Workers > MaxWorkers {
		bad("workers: want %d at most, got %d", MaxWorkers, c.Workers)
	}
	if len(c.Bind) == 0 {
		bad("bind: want at least one address")
	}
	if _, err := c.UmaskBits(); err != nil {
		wrong = append(wrong, err)
	}
	if _, err := c.HookCommands(); err != nil {
		wrong = append(wrong, err)
	}
	if _, _, err := c.Owner(); err != nil {
		wrong = append(wrong, err)
	}
	for _, bind := range c.Bind {
		if _, err := ParseBind(bind); err != nil {
			wrong = append(wrong, err)
		}
	}
	return errors.Join(wrong...)
}

// MaxWorkers is how many places the table of workers has.
const MaxWorkers = 256

// UmaskBits is the file mode mask.
func (c *Config) UmaskBits() (int, error) {
	bits, err := strconv.ParseUint(c.Umask, 8, 12)
	if err != nil {
		return 0, fmt.Errorf("umask: want an octal number such as 022, got %q", c.Umask)
	}
	return int(bits), nil
}

// HookNames are the lifecycle hooks, as the guide and gunicorn name them.
func HookNames() []string {
	return []string{"on_starting", "on_reload", "when_ready", "pre_fork", "post_fork", "post_worker_init", "worker_int",
		"worker_abort", "pre_exec",
		"child_exit", "worker_exit", "nworkers_changed", "on_exit"}
}

// HookCommands are the commands by the name of their hook.
func (c *Config) HookCommands() (map[string]string, error) {
	commands := map[string]string{}
	for _, h := range c.Hooks {
		name, command, ok := strings.Cut(h, "=")
		if !ok || command == "" {
			return nil, fmt.Errorf("hook: want NAME=COMMAND, got %q", h)
		}
		if !slices.Contains(HookNames(), name) {
			return nil, fmt.Errorf("hook: want one of %s, got %q", strings.Join(HookNames(), ", "), name)
		}
		commands[name] = command
	}
	return commands, nil
}

// ParseDuration reads 4s, 500ms or, as gunicorn has it, a plain number of seconds.
func ParseDuration(text string) (time.Duration, error) {
	if seconds, err := strconv.ParseFloat(text, 64); err == nil {
		return time.Duration(seconds * float64(time.Second)), nil
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("want a time such as 30, 4s or 500ms, got %q", text)
	}
	return d, nil
}

// Class is the worker class in effect: as in gunicorn, threads make a sync worker threaded.
func (c *Config) Class() string {
	if c.WorkerClass == "sync" && c.Threads > 1 {
		return "gthread"
	}
	return c.WorkerClass
}

// KeepApplication takes over from before what belongs to the application: a preloaded one stays as it was made, also
// over a reload.
func (c *Config) KeepApplication(before *Config) {
	old := before.guideOptions()
	for i, o := range c.guideOptions() {
		*o.Value.(*string) = *old[i].Value.(*string)
	}
	c.ExecutorThreads, c.MaxConcurrentTasks, c.TaskQueue, c.TaskTimeout, c.Upstream, c.LoadApp = before.ExecutorThreads,
		before.MaxConcurrentTasks, before.TaskQueue, before.TaskTimeout,
		before.Upstream, before.LoadApp
	c.LockOrder, c.PollWait = before.LockOrder, before.PollWait
}
