package settings

import "slices"

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
	return slices.Concat(c.gunicornOptions(), c.hangtimeOptions(), c.queueOptions(), c.guideOptions())
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

// queueOptions are where tasks wait, and what each backend has of its own.
func (c *Config) queueOptions() []Option {
	all := []Option{
		{"tasks", "where tasks wait: in the worker that accepted them, or in an engine that outlives it", backendNames(),
			&c.Tasks},
		{"task-queue", "tasks that wait: in a worker (memory), or that have not ended in the whole engine (jetstream); beyond it: 503", nil,
			&c.TaskQueue},
	}
	_, backends := c.Backends.inOrder()
	for _, b := range backends {
		all = append(all, b.Options()...)
	}
	return all
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
