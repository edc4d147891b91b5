package scenarios

import "time"

// A Server is what is put under load. The options have gunicorn's names and defaults where gunicorn has them; empty
// ones take the server's default.
type Server struct {
	// Kind: reference is hangtime's own server, started for each variant; command is one of your own, started for
	// each variant; attach is one that runs already and is only looked at and loaded; url is one whose processes are
	// not on this machine.
	Kind string `yaml:"kind" json:"kind,omitempty" choice:"server"`

	OwnServer      `yaml:",inline"`
	WorkerSettings `yaml:",inline"`
	Practices      `yaml:",inline"`
	TaskSettings   `yaml:",inline"`

	// MemoryLimit of one worker, MiB.
	MemoryLimit int `yaml:"memory_limit,omitempty" json:"memory_limit,omitempty" jsonschema:"minimum=1"`
	// Upstream is the HOST:PORT on loopback that work socket asks; a fault of kind network stands in front of it.
	Upstream string `yaml:"upstream,omitempty" json:"upstream,omitempty"`
	// Hook are NAME=COMMAND to run at lifecycle hooks, such as post_worker_init=…; the command finds the process in
	// HANGTIME_HOOK_PID.
	Hook []string `yaml:"hook,omitempty" json:"hook,omitempty"`
	// LoadApp makes the application fail: fail-boot, fail-load.
	LoadApp     string        `yaml:"load_app,omitempty" json:"load_app,omitempty" jsonschema:"enum=ok,enum=fail-boot,enum=fail-load"`
	TaskTimeout time.Duration `yaml:"task_timeout,omitempty" json:"task_timeout,omitempty" jsonschema:"type=string"`
	// LockOrder is the order in which the two threads of a task of work locks take its two locks.
	LockOrder string `yaml:"lock_order,omitempty" json:"lock_order,omitempty" jsonschema:"enum=same,enum=opposite"`
	// PollWait is how long a long poll (GET /poll) waits for news, and how long a stream of events (GET /events) goes on.
	PollWait time.Duration `yaml:"poll_wait,omitempty" json:"poll_wait,omitempty" jsonschema:"type=string"`
	// Respawn false: the arbiter does not replace a worker that died.
	Respawn *bool `yaml:"respawn,omitempty" json:"respawn,omitempty"`
}

// An OwnServer is how a server of your own is started, or where one is that runs already.
type OwnServer struct {
	// Command starts your own server (kind command), word by word, without a shell; it stays in the foreground.
	Command []string `yaml:"command,omitempty" json:"command,omitempty"`
	// Dir is where the command is started; empty: where hangtime was.
	Dir string `yaml:"dir,omitempty" json:"dir,omitempty"`
	// Env are variables set for the command, beside hangtime's own environment.
	Env map[string]string `yaml:"env,omitempty" json:"env,omitempty"`
	// PID of the running server's arbiter (kind attach).
	PID int `yaml:"pid,omitempty" json:"pid,omitempty" jsonschema:"minimum=2"`
	// PIDFile has it (kind attach).
	PIDFile string `yaml:"pidfile,omitempty" json:"pidfile,omitempty"`
	// Address is where the server accepts, such as 127.0.0.1:8000 (kinds command and attach).
	Address string `yaml:"address,omitempty" json:"address,omitempty"`
	// URL is the server's root, such as http://127.0.0.1:8000 (kind url).
	URL string `yaml:"url,omitempty" json:"url,omitempty"`
	// Queue says that the server is the worker pool of a task queue (kinds command and attach): the load is tasks for it.
	Queue *Queue `yaml:"queue,omitempty" json:"queue,omitempty"`
}

// WorkerSettings are the options of the arbiter and its workers, most of them as gunicorn has them.
type WorkerSettings struct {
	Workers         int           `yaml:"workers" json:"workers,omitempty" jsonschema:"minimum=1,maximum=256"`
	WorkerClass     string        `yaml:"worker_class,omitempty" json:"worker_class,omitempty" jsonschema:"enum=sync,enum=gthread,enum=async"`
	Threads         int           `yaml:"threads,omitempty" json:"threads,omitempty" jsonschema:"minimum=1,maximum=1024"`
	Timeout         time.Duration `yaml:"timeout" json:"timeout,omitempty" jsonschema:"type=string"`
	GracefulTimeout time.Duration `yaml:"graceful_timeout,omitempty" json:"graceful_timeout,omitempty" jsonschema:"type=string"`
	BootTimeout     time.Duration `yaml:"boot_timeout,omitempty" json:"boot_timeout,omitempty" jsonschema:"type=string"`
	KeepAlive       time.Duration `yaml:"keep_alive,omitempty" json:"keep_alive,omitempty" jsonschema:"type=string"`

	WorkerConnections int  `yaml:"worker_connections,omitempty" json:"worker_connections,omitempty" jsonschema:"minimum=1"`
	MaxRequests       int  `yaml:"max_requests,omitempty" json:"max_requests,omitempty" jsonschema:"minimum=1"`
	MaxRequestsJitter int  `yaml:"max_requests_jitter,omitempty" json:"max_requests_jitter,omitempty" jsonschema:"minimum=1"`
	Backlog           int  `yaml:"backlog,omitempty" json:"backlog,omitempty" jsonschema:"minimum=1"`
	ReusePort         bool `yaml:"reuse_port,omitempty" json:"reuse_port,omitempty"`
	PreloadApp        bool `yaml:"preload_app,omitempty" json:"preload_app,omitempty"`
}

// Practices are the ways in which the reference server can be run well or badly, one option for each.
type Practices struct {
	Logging       string `yaml:"logging,omitempty" json:"logging,omitempty" jsonschema:"enum=per-pid,enum=shared,enum=shared-lock,enum=stdout"`
	State         string `yaml:"state,omitempty" json:"state,omitempty" jsonschema:"enum=aware,enum=unaware"`
	Limits        string `yaml:"limits,omitempty" json:"limits,omitempty" jsonschema:"enum=bounded,enum=unbounded"`
	Signals       string `yaml:"signals,omitempty" json:"signals,omitempty" jsonschema:"enum=arbiter,enum=every-worker"`
	Preload       string `yaml:"preload,omitempty" json:"preload,omitempty" jsonschema:"enum=clean,enum=loop-before-fork"`
	Health        string `yaml:"health,omitempty" json:"health,omitempty" jsonschema:"enum=deep,enum=shallow"`
	Monitoring    string `yaml:"monitoring,omitempty" json:"monitoring,omitempty" jsonschema:"enum=on,enum=off"`
	IO            string `yaml:"io,omitempty" json:"io,omitempty" jsonschema:"enum=executor,enum=blocking"`
	Recovery      string `yaml:"recovery,omitempty" json:"recovery,omitempty" jsonschema:"enum=restart,enum=none"`
	Cleanup       string `yaml:"cleanup,omitempty" json:"cleanup,omitempty" jsonschema:"enum=drain,enum=none"`
	Heartbeat     string `yaml:"heartbeat,omitempty" json:"heartbeat,omitempty" jsonschema:"enum=memory,enum=tmpfile"`
	HeartbeatFrom string `yaml:"heartbeat_from,omitempty" json:"heartbeat_from,omitempty" jsonschema:"enum=request,enum=loop"`
}

// TaskSettings are how background tasks wait, run and are tried again.
type TaskSettings struct {
	MaxTasks  int `yaml:"max_concurrent_tasks,omitempty" json:"max_concurrent_tasks,omitempty" jsonschema:"minimum=1"`
	TaskQueue int `yaml:"task_queue,omitempty" json:"task_queue,omitempty" jsonschema:"minimum=1"`
	// Tasks is where tasks wait: memory is the worker that accepted them, jetstream an engine that outlives it; the others
	// are servers that run already, and belong to programs of their own, such as hangtime-redis.
	Tasks string `yaml:"tasks,omitempty" json:"tasks,omitempty" choice:"tasks"`
	// TasksSync says when the engine has a task on the disk: always is before it is accepted, interval within two minutes.
	TasksSync string `yaml:"tasks_sync,omitempty" json:"tasks_sync,omitempty" jsonschema:"enum=always,enum=interval"`
	// TaskTries is how often the engine's tasks are started before they are dead-lettered.
	TaskTries int `yaml:"task_tries,omitempty" json:"task_tries,omitempty" jsonschema:"minimum=2"`
	// TaskBackoff is the pause after the first failed try; each further one is twice as long.
	TaskBackoff time.Duration `yaml:"task_backoff,omitempty" json:"task_backoff,omitempty" jsonschema:"type=string"`
	// TaskAckWait is after how long without a turn of its worker's loop a task is given to another worker.
	TaskAckWait time.Duration `yaml:"task_ack_wait,omitempty" json:"task_ack_wait,omitempty" jsonschema:"type=string"`
	// ExecutorThreads are each worker's threads for blocking work.
	ExecutorThreads int           `yaml:"executor_threads,omitempty" json:"executor_threads,omitempty" jsonschema:"minimum=1,maximum=1024"`
	LoopStartDelay  time.Duration `yaml:"loop_start_delay,omitempty" json:"loop_start_delay,omitempty" jsonschema:"type=string"`
}
