package redis

import (
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/hangtime-dev/hangtime/reference-server/lending"
	"github.com/hangtime-dev/hangtime/reference-server/settings"
)

// Name is what the backend is called in the settings.
const Name = "redis"

// Settings are how to reach the server, and what becomes of tasks that fail.
type Settings struct {
	URL   string
	Queue string // name before all keys; servers with one name share one queue
	lending.Policy
	Window time.Duration
}

// Defaults are those of the backend jetstream.
func Defaults() settings.BackendSettings {
	return &Settings{URL: "redis://127.0.0.1:6379/0", Queue: "hangtime", Window: 2 * time.Minute,
		Policy: lending.DefaultPolicy()}
}

// Of are those of a server.
func Of(q *settings.Queue) *Settings { return q.Backends[Name].(*Settings) }

// Options are settings.BackendSettings'.
func (s *Settings) Options() []settings.Option {
	return append([]settings.Option{
		{Name: "redis-url", Value: &s.URL, Help: "redis:// or rediss:// of the server that keeps tasks, with its password (redis)"},
		{Name: "redis-queue", Value: &s.Queue, Help: "name of the queue there; servers that use the same share it (redis)"},
		{Name: "redis-window", Value: &s.Window,
			Help: "time in which a task with a key that came before is taken for the same task (redis)"},
	}, s.Policy.Options(Name, Name)...)
}

// Wrong says what is wrong with them.
func (s *Settings) Wrong(chosen bool) []error {
	if !chosen {
		return nil
	}
	all := s.Policy.Wrong(Name)
	bad := func(format string, args ...any) { all = append(all, fmt.Errorf(format, args...)) }
	if _, err := redis.ParseURL(s.URL); err != nil {
		bad("redis-url: want an address such as redis://127.0.0.1:6379/0")
	}
	if s.Queue == "" || strings.ContainsAny(s.Queue, "{} ") {
		bad("redis-queue: want a name without spaces and braces, got %q", s.Queue)
	}
	if s.Window < 100*time.Millisecond {
		bad("redis-window: want 100ms or more, got %v", s.Window)
	}
	return all
}
