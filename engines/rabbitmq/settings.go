package rabbitmq

import (
	"fmt"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/hangtime-dev/hangtime/reference-server/lending"
	"github.com/hangtime-dev/hangtime/reference-server/settings"
)

// Name is what the backend is called in the settings.
const Name = "rabbitmq"

// Settings are how to reach the broker, and what becomes of tasks that fail.
type Settings struct {
	URL   string
	Queue string // of tasks; those for later and the dead letters have names that begin so
	lending.Policy
}

// Defaults are those of the backend jetstream.
func Defaults() settings.BackendSettings {
	return &Settings{URL: "amqp://guest:guest@127.0.0.1:5672/", Queue: "hangtime", Policy: lending.DefaultPolicy()}
}

// Of are those of a server.
func Of(q *settings.Queue) *Settings { return q.Backends[Name].(*Settings) }

// Options are settings.BackendSettings'.
func (s *Settings) Options() []settings.Option {
	return append([]settings.Option{
		{Name: "rabbitmq-url", Value: &s.URL,
			Help: "amqp:// or amqps:// of the broker that keeps tasks, with its password and virtual host (rabbitmq)"},
		{Name: "rabbitmq-queue", Value: &s.Queue, Help: "name of the queue there; servers that use the same share it (rabbitmq)"},
	}, s.Policy.Options(Name, Name)...)
}

// Wrong says what is wrong with them.
func (s *Settings) Wrong(chosen bool) []error {
	if !chosen {
		return nil
	}
	all := s.Policy.Wrong(Name)
	bad := func(format string, args ...any) { all = append(all, fmt.Errorf(format, args...)) }
	if _, err := amqp.ParseURI(s.URL); err != nil {
		bad("rabbitmq-url: want an address such as amqp://user:password@127.0.0.1:5672/")
	}
	if s.Queue == "" || len(s.Queue) > 200 { // a name has 255 bytes at most
		bad("rabbitmq-queue: want a name of 1 to 200 bytes, got %d", len(s.Queue))
	}
	return all
}
