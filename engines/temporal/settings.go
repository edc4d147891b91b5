package temporal

import (
	"fmt"
	"net"
	"strings"

	"github.com/hangtime-dev/hangtime/reference-server/lending"
	"github.com/hangtime-dev/hangtime/reference-server/settings"
)

// Name is what the backend is called in the settings.
const Name = "temporal"

// Settings are how to reach the server, and what becomes of tasks that fail.
type Settings struct {
	Address   string // HOST:PORT
	Namespace string
	Queue     string // Temporal's task queue; servers with one name share one queue
	TLS       bool
	Key       string // of Temporal Cloud, or of whoever else asks for one
	lending.Policy
}

// Defaults are those of the backend jetstream.
func Defaults() settings.BackendSettings {
	return &Settings{Address: "127.0.0.1:7233", Namespace: "default", Queue: "hangtime", Policy: lending.DefaultPolicy()}
}

// Of are those of a server.
func Of(q *settings.Queue) *Settings { return q.Backends[Name].(*Settings) }

// Options are settings.BackendSettings'.
func (s *Settings) Options() []settings.Option {
	return append([]settings.Option{
		{Name: "temporal-address", Value: &s.Address, Help: "HOST:PORT of the server that keeps tasks (temporal)"},
		{Name: "temporal-namespace", Value: &s.Namespace, Help: "namespace there, which exists already (temporal)"},
		{Name: "temporal-queue", Value: &s.Queue, Help: "name of the task queue there; servers that use the same share it (temporal)"},
		{Name: "temporal-tls", Value: &s.TLS, Help: "connect with TLS; an API key is never sent without (temporal)"},
		{Name: "temporal-api-key", Value: &s.Key, Help: "API key, such as Temporal Cloud's (temporal)"},
	}, s.Policy.Options(Name, Name)...)
}

// Wrong says what is wrong with them.
func (s *Settings) Wrong(chosen bool) []error {
	if !chosen {
		return nil
	}
	all := s.Policy.Wrong(Name)
	bad := func(format string, args ...any) { all = append(all, fmt.Errorf(format, args...)) }
	if _, port, err := net.SplitHostPort(s.Address); err != nil || port == "" {
		bad("temporal-address: want an address such as 127.0.0.1:7233, got %q", s.Address)
	}
	if s.Namespace == "" {
		bad("temporal-namespace: want a name, such as default")
	}
	if s.Queue == "" || strings.ContainsAny(s.Queue, `'"\`) || strings.HasPrefix(s.Queue, "/") { // it is asked for in quotes
		bad("temporal-queue: want a name without quotes that does not begin with a slash, got %q", s.Queue)
	}
	return all
}
