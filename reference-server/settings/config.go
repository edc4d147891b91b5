// Package settings is what the reference server can be told: every option with its name, default and allowed values.
// It reads no command line and no file: whoever starts the server does.
package settings

import (
	"fmt"
	"strconv"
	"time"
)

// A Config is one setting of every option. The names are gunicorn's where gunicorn has the option; the guide's bad
// side is always a value that is not the default.
type Config struct {
	Listening
	Requests
	Lifetimes
	Processes
	Practices
	Application
	Queue

	LoopStartDelay time.Duration // how long the event loop's thread takes until there is a loop
}

// Listening is where connections come from.
type Listening struct {
	Bind      []string
	Backlog   int
	ReusePort bool
	Umask     string // octal, as gunicorn's --umask 022
}

// Requests are how a worker takes connections, and how many requests it answers.
type Requests struct {
	WorkerClass       string // sync, gthread, async
	WorkerConnections int
	Threads           int
	KeepAlive         time.Duration
	MaxRequests       int // 0: no limit
	MaxRequestsJitter int
}

// Lifetimes are how many workers there are, and when one is given up.
type Lifetimes struct {
	Workers         int
	Timeout         time.Duration // 0: never
	GracefulTimeout time.Duration
	BootTimeout     time.Duration // 0: never
	Respawn         bool
	MemoryLimit     int    // MiB of resident memory at which a worker is killed; 0: none
	Heartbeat       string // memory, tmpfile
	HeartbeatFrom   string // request, loop
	WorkerTmpDir    string
}

// Processes are how the server's processes stand in the system, and what they say there.
type Processes struct {
	PreloadApp     bool
	Daemon         bool
	ExitWithParent bool
	PIDFile        string
	User           string
	Group          string
	ProcName       string
	CaptureOutput  bool
	ErrorLog       string // -: standard error, and arbiter.log in the log directory for a daemon
	LogLevel       string
	LogDir         string
	Hooks          []string // name=command
	HookTimeout    time.Duration
}

// Practices are the guide's.
type Practices struct {
	Logging    string // per-pid, shared, shared-lock, stdout
	State      string // aware, unaware
	Recovery   string // restart, none
	Cleanup    string // drain, none
	Limits     string // bounded, unbounded
	IO         string // executor, blocking
	Signals    string // arbiter, every-worker
	Preload    string // clean, loop-before-fork
	Health     string // deep, shallow
	Monitoring string // on, off
}

// An Application is what is the application's own beside the practices.
type Application struct {
	ExecutorThreads    int
	MaxConcurrentTasks int
	TaskTimeout        time.Duration // 0: never
	Upstream           string        // host:port that work `socket` and `dns` ask; empty: the worker's own
	LoadApp            string        // ok, fail-boot, fail-load: makes a worker fail as an application does
	LockOrder          string        // same, opposite
	PollWait           time.Duration // how long a long poll and a stream of events go on
}

// A Queue is where tasks wait until a worker runs them.
type Queue struct {
	Tasks     string // the name of a backend
	TaskQueue int
	Backends  Backends
}

// Default is gunicorn's default where it has the option, and the guide's good side elsewhere.
func Default() Config {
	return Config{
		Listening: Listening{Bind: []string{"127.0.0.1:8000"}, Backlog: 2048, Umask: "0"},
		Requests: Requests{WorkerClass: "sync", WorkerConnections: 1000, Threads: 1,
			KeepAlive: 2 * time.Second},
		Lifetimes: Lifetimes{Workers: 1, Timeout: 30 * time.Second, GracefulTimeout: 30 * time.Second,
			BootTimeout: 60 * time.Second, Respawn: true, Heartbeat: "memory", HeartbeatFrom: "request"},
		Processes: Processes{ProcName: "hangtime", ErrorLog: "-", LogLevel: "info", LogDir: ".",
			HookTimeout: 5 * time.Second},
		Practices: Practices{Logging: "per-pid", State: "aware", Recovery: "restart", Cleanup: "drain",
			Limits: "bounded", IO: "executor", Signals: "arbiter", Preload: "clean", Health: "deep", Monitoring: "on"},
		Application: Application{ExecutorThreads: 4, MaxConcurrentTasks: 100,
			TaskTimeout: 300 * time.Second, LoadApp: "ok", LockOrder: "same", PollWait: 25 * time.Second},
		Queue: Queue{Tasks: backends[0].name, TaskQueue: 10000, Backends: newBackends()},
	}
}

// Preloads says whether the application is made before the workers are started: a loop cannot be started before the
// fork otherwise.
func (c *Config) Preloads() bool { return c.PreloadApp || c.Preload == "loop-before-fork" }

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
	c.Practices, c.Application, c.Queue = before.Practices, before.Application, before.Queue
}
