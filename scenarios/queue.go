package scenarios

import "time"

// A Queue is where the workers of a task queue take their tasks from.
type Queue struct {
	// System is what the workers are of; docs/tasks.md says what each must have set so that it can be followed.
	System string `yaml:"system" json:"system" jsonschema:"required" choice:"queue"`
	// Broker is the URL of the Redis server that holds the queue, such as redis://127.0.0.1:6379/0; empty: what the
	// environment says in HANGTIME_BROKER, which keeps a password out of the file and the recording.
	Broker string `yaml:"broker,omitempty" json:"broker,omitempty"`
	// Results is the URL of the Redis server that Celery keeps results in; empty: HANGTIME_RESULTS, or else the broker.
	Results string `yaml:"results,omitempty" json:"results,omitempty"`
	// Name of the queue; empty: the system's own default, celery or default.
	Name string `yaml:"name,omitempty" json:"name,omitempty"`
	// Retries is how often RQ is to try a job again, as its Retry(max=…); 0: a job has one try.
	Retries int `yaml:"retries,omitempty" json:"retries,omitempty" jsonschema:"minimum=1,maximum=1000"`
	// Timeout is how long RQ lets a job run; empty: 180 s, its default.
	Timeout time.Duration `yaml:"timeout,omitempty" json:"timeout,omitempty" jsonschema:"type=string"`
}

// The systems of queues.
const (
	Celery = "celery"
	RQ     = "rq"
)

// QueueSystems are all there are.
func QueueSystems() []string { return []string{Celery, RQ} }

// queue judges the keys of a queue.
func (v *validation) queue(s Server) {
	q := s.Queue
	switch {
	case q == nil:
		return
	case s.Kind != Command && s.Kind != Attach:
		v.add("server.queue", "has no meaning for kind "+s.Kind, "it belongs to kinds command and attach")
	case s.Address != "":
		v.add("server.address", "stands beside queue", "workers of a queue accept nowhere: tasks reach them through its broker")
	}
	if q.System == RQ {
		if q.Results != "" {
			v.add("server.queue.results", "has no meaning for system rq", "RQ keeps results where the jobs are")
		}
		return
	}
	for _, k := range []struct {
		name string
		set  bool
		hint string
	}{
		{"retries", q.Retries != 0, "in Celery the task itself says what becomes of it: acks_late, reject_on_worker_lost"},
		{"timeout", q.Timeout != 0, "in Celery the workers say how long a task may run: task_time_limit"},
	} {
		if k.set {
			v.add("server.queue."+k.name, "has no meaning for system "+q.System, k.hint)
		}
	}
}
