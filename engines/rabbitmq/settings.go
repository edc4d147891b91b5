package rabbitmq

import (
	"fmt"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/hangtime-dev/hangtime/reference-server/settings"
)

// Name is what the backend is called in the settings.
const Name = "rabbitmq"

// Settings are how to reach the broker, and what becomes of tasks that fail.
type Settings struct {
	URL     string
	Queue   string // of tasks; those for later and the dead letters have names that begin so
	Tries   int
	Backoff time.Duration // before the second try; twice as long before each one that follows
	AckWait time.Duration
}

// Defaults are those of the backend jetstream.
func Defaults() settings.BackendSettings {
	return &Settings{URL: "amqp://guest:guest@127.0.0.1:5672/", Queue: "hangtime", Tries: 5,
		Backoff: 500 * time.Millisecond, AckWait: 30 * time.Second}
}

// Of are those of a server.
func Of(q *settings.Queue) *Settings { return q.Backends[Name].(*Settings) }

// Options are settings.BackendSettings'.
func (s *Settings) Options() []settings.Option {
	return []settings.Option{
		{Name: "rabbitmq-url", Value: &s.URL,
			Help: "amqp:// or amqps:// of the broker that keeps tasks, with its password and virtual host (rabbitmq)"},
		{Name: "rabbitmq-queue", Value: &s.Queue, Help: "name of the queue there; servers that use the same share it (rabbitmq)"},
		{Name: "rabbitmq-tries", Value: &s.Tries,
			Help: "times that a task is started before it is dead-lettered; the last time it runs alone in its worker (rabbitmq)"},
		{Name: "rabbitmq-backoff", Value: &s.Backoff,
			Help: "pause after a task's first failed try; each further one is twice as long (rabbitmq)"},
		{Name: "rabbitmq-ack-wait", Value: &s.AckWait,
			Help: "a task whose worker's loop has not turned for so long is given to another (rabbitmq)"},
	}
}

// Wrong says what is wrong with them.
func (s *Settings) Wrong(chosen bool) []error {
	if !chosen {
		return nil
	}
	var all []error
	bad := func(format string, args ...any) { all = append(all, fmt.Errorf(format, args...)) }
	if _, err := amqp.ParseURI(s.URL); err != nil {
		bad("rabbitmq-url: want an address such as amqp://user:password@127.0.0.1:5672/")
	}
	if s.Queue == "" || len(s.Queue) > 200 { // a name has 255 bytes at most
		bad("rabbitmq-queue: want a name of 1 to 200 bytes, got %d", len(s.Queue))
	}
	if s.Tries < 2 {
		bad("rabbitmq-tries: want 2 or more, so that a task outlives its worker, got %d", s.Tries)
	}
	if s.AckWait < time.Second {
		bad("rabbitmq-ack-wait: want 1s or more, for a loop turns four times a second, got %v", s.AckWait)
	}
	return all
}
