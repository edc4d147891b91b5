package jetstream

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/hangtime-dev/hangtime/reference-server/lending"
	"github.com/hangtime-dev/hangtime/reference-server/settings"
)

// Name is what the backend is called in the settings.
const Name = "jetstream"

// Settings are what the engine can be told, and how to reach it.
type Settings struct {
	URL    string // of an engine that is not ours; empty: one of our own
	Creds  string // file
	CA     string // file
	Sync   string // always, interval
	Dir    string // store of our own engine; empty: a folder in the log directory
	Store  int    // MiB
	Window time.Duration
	lending.Policy
}

// Defaults are those that lose nothing.
func Defaults() settings.BackendSettings {
	return &Settings{Sync: "always", Store: 256, Window: 2 * time.Minute, Policy: lending.DefaultPolicy()}
}

// Of are those of a server.
func Of(q *settings.Queue) *Settings { return q.Backends[Name].(*Settings) }

// OwnEngine says whether the tasks are in an engine that the arbiter starts.
func OwnEngine(q *settings.Queue) bool { return q.Tasks == Name && Of(q).URL == "" }

// Options are settings.BackendSettings'.
func (s *Settings) Options() []settings.Option {
	return slices.Concat([]settings.Option{
		{Name: "tasks-url", Value: &s.URL,
			Help: "nats:// or tls:// of a NATS server with JetStream, or of several of a cluster with commas between them; empty: an engine of the server's own"},
		{Name: "tasks-creds", Value: &s.Creds, Help: "file with the credentials for tasks-url"},
		{Name: "tasks-ca", Value: &s.CA, Help: "file with the certificates that vouch for tasks-url"},
		{Name: "tasks-sync", Value: &s.Sync, Choices: []string{"always", "interval"},
			Help: "is each task on the disk before it is accepted (always), or within two minutes (interval); of the server's own engine"},
		{Name: "tasks-dir", Value: &s.Dir,
			Help: "directory that the server's own engine keeps tasks in; empty: tasks in the log directory"},
		{Name: "task-store", Value: &s.Store, Help: "MiB that tasks may take in the engine; beyond it: 503 (jetstream)"},
	}, s.Policy.Options("task", Name), []settings.Option{
		{Name: "task-window", Value: &s.Window,
			Help: "time in which a task with a key that came before is taken for the same task (jetstream)"},
	})
}

// Wrong says what is wrong with them.
func (s *Settings) Wrong(chosen bool) []error {
	all := s.Policy.Wrong("task")
	bad := func(format string, args ...any) { all = append(all, fmt.Errorf(format, args...)) }
	if s.Window < 100*time.Millisecond {
		bad("task-window: want 100ms or more, got %v", s.Window)
	}
	if s.Store < 1 {
		bad("task-store: want 1 or more, got %d", s.Store)
	}
	if s.URL == "" {
		for name, value := range map[string]string{"tasks-creds": s.Creds, "tasks-ca": s.CA} {
			if value != "" {
				bad("%s: want tasks-url, which it is for", name)
			}
		}
		return all
	}
	if !chosen {
		bad("tasks: want %s, which tasks-url is for", Name)
	}
	for one := range strings.SplitSeq(s.URL, ",") {
		u, err := url.Parse(one)
		if err != nil || u.Host == "" || u.Scheme != "nats" && u.Scheme != "tls" {
			bad("tasks-url: want an address such as nats://127.0.0.1:4222 or tls://nats.example.com:4222, or several with commas between them")
			break
		}
	}
	return all
}
