package settings

import (
	"fmt"
	"net/url"
	"time"
)

// wrong says what is wrong with where tasks wait.
func (q *Queue) wrong() []error {
	var all []error
	bad := func(format string, args ...any) { all = append(all, fmt.Errorf(format, args...)) }
	if q.TaskTries < 2 {
		bad("task-tries: want 2 or more, so that a task outlives its worker, got %d", q.TaskTries)
	}
	if q.TaskAckWait < time.Second {
		bad("task-ack-wait: want 1s or more, for a loop turns four times a second, got %v", q.TaskAckWait)
	}
	if q.TaskWindow < 100*time.Millisecond {
		bad("task-window: want 100ms or more, got %v", q.TaskWindow)
	}
	if q.TaskStore < 1 {
		bad("task-store: want 1 or more, got %d", q.TaskStore)
	}
	if q.TasksURL == "" {
		for name, value := range map[string]string{"tasks-creds": q.TasksCreds, "tasks-ca": q.TasksCA} {
			if value != "" {
				bad("%s: want tasks-url, which it is for", name)
			}
		}
		return all
	}
	if q.Tasks != JetStream {
		bad("tasks: want %s, which tasks-url is for, got %q", JetStream, q.Tasks)
	}
	u, err := url.Parse(q.TasksURL)
	if err != nil || u.Host == "" || u.Scheme != "nats" && u.Scheme != "tls" {
		bad("tasks-url: want an address such as nats://127.0.0.1:4222 or tls://nats.example.com:4222")
	}
	return all
}
