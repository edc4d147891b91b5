package scenarios

import "time"

// A Server is what is put under load. The options have gunicorn's names and defaults where gunicorn has them; empty ones take the server's default.
type Server struct {
	// Kind: reference is hangtime's own server, started for each variant.
	Kind string `yaml:"kind" json:"kind,omitempty" jsonschema:"enum=reference"`

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
