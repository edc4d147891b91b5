package redis

import (
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/hangtime-dev/hangtime/reference-server/settings"
)

// Name is what the backend is called in the settings.
const Name = "redis"

// Settings are how to reach the server, and what becomes of tasks that fail.
type Settings struct {
	URL     string
	Queue   string // name before all keys; servers with one name share one queue
	Tries   int
	Backoff time.Duration // before the second try; twice as long before each one that follows
	AckWait time.Duration
	Window  time.Duration
}

// Defaults are those of the backend jetstream.
func Defaults() settings.BackendSettings {
	return &Settings{URL: "redis://127.0.0.1:6379/0", Queue: "hangtime", Tries: 5, Backoff: 500 * time.Millisecond,
		AckWait: 30 * time.Second, Window: 2 * time.Minute}
}

// Of are those of a server.
func Of(q *settings.Queue) *Settings { return q.Backends[Name].(*Settings) }

// Options are settings.BackendSettings'.
func (s *Settings) Options() []settings.Option {
	return []settings.Option{
		{Name: "redis-url", Value: &s.URL, Help: "redis:// or rediss:// of the server that keeps tasks, with its password (redis)"},
		{Name: "redis-queue", Value: &s.Queue, Help: "name of the queue there; servers that use the same share it (redis)"},
		{Name: "redis-tries", Value: &s.Tries,
			Help: "times that a task is started before it is dead-lettered; the last time it runs alone in its worker (redis)"},
		{Name: "redis-backoff", Value: &s.Backoff,
			Help: "pause after a task's first failed try; each further one is twice as long (redis)"},
		{Name: "redis-ack-wait", Value: &s.AckWait,
			Help: "a task whose worker's loop has not turned for so long is given to another (redis)"},
		{Name: "redis-window", Value: &s.Window,
			Help: "time in which a task with a key that came before is taken for the same task (redis)"},
	}
}

// Wrong says what is wrong with them.
func (s *Settings) Wrong(chosen bool) []error {
	if !chosen {
		return nil
	}
	var all []error
	bad := func(format string, args ...any) { all = append(all, fmt.Errorf(format, args...)) }
	if _, err := redis.ParseURL(s.URL); err != nil {
		bad("redis-url: want an address such as redis://127.0.0.1:6379/0")
	}
	if s.Queue == "" || strings.ContainsAny(s.Queue, "{} ") {
		bad("redis-queue: want a name without spaces and braces, got %q", s.Queue)
	}
	if s.Tries < 2 {
		bad("redis-tries: want 2 or more, so that a task outlives its worker, got %d", s.Tries)
	}
	if s.AckWait < time.Second {
		bad("redis-ack-wait: want 1s or more, for a loop turns four times a second, got %v", s.AckWait)
	}
	if s.Window < 100*time.Millisecond {
		bad("redis-window: want 100ms or more, got %v", s.Window)
	}
	return all
}
