package scenarios

import "time"

// A Server is what is put under load. The options have gunicorn's names and defaults where gunicorn has them; empty ones take the server's default.
type Server struct {
	// Kind: reference is hangtime's own server, started for each variant; command is one of your own, started for each variant; attach is one that runs already
	// and is only looked at and loaded; url is one whose processes are not on this machine.
	Kind string `yaml:"kind" json:"kind,omitempty" jsonschema:"enum=reference,enum=command,enum=attach,enum=url"`

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

	Workers         int           `yaml:"workers" json:"workers,omitempty" jsonschema:"minimum=1,maximum=256"`
	WorkerClass     string        `yaml:"worker_class,omitempty" json:"worker_class,omitempty" jsonschema:"enum=sync,enum=gthread,enum=async"`
	Threads         int           `yaml:"threads,omitempty" json:"threads,omitempty" jsonschema:"minimum=1,maximum=1024"`
	Timeout         time.Duration `yaml:"timeout" json:"timeout,omitempty" jsonschema:"type=string"`
	GracefulTimeout time.Duration `yaml:"graceful_timeout,omitempty" json:"graceful_timeout,omitempty" jsonschema:"type=string"`

	Logging       string        `yaml:"logging,omitempty" json:"logging,omitempty" jsonschema:"enum=per-pid,enum=shared,enum=shared-lock,enum=stdout"`
	IO            string        `yaml:"io,omitempty" json:"io,omitempty" jsonschema:"enum=executor,enum=blocking"`
	Recovery      string        `yaml:"recovery,omitempty" json:"recovery,omitempty" jsonschema:"enum=restart,enum=none"`
	Cleanup       string        `yaml:"cleanup,omitempty" json:"cleanup,omitempty" jsonschema:"enum=drain,enum=none"`
	Heartbeat     string        `yaml:"heartbeat,omitempty" json:"heartbeat,omitempty" jsonschema:"enum=memory,enum=tmpfile"`
	HeartbeatFrom string        `yaml:"heartbeat_from,omitempty" json:"heartbeat_from,omitempty" jsonschema:"enum=request,enum=loop"`
	MaxTasks      int           `yaml:"max_concurrent_tasks,omitempty" json:"max_concurrent_tasks,omitempty" jsonschema:"minimum=1"`
	TaskTimeout   time.Duration `yaml:"task_timeout,omitempty" json:"task_timeout,omitempty" jsonschema:"type=string"`
	// Respawn false: the arbiter does not replace a worker that died.
	Respawn *bool `yaml:"respawn,omitempty" json:"respawn,omitempty"`
}
