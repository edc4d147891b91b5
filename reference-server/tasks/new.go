package tasks

import (
	"fmt"

	"github.com/hangtime-dev/hangtime/reference-server/eventloop"
	"github.com/hangtime-dev/hangtime/reference-server/settings"
)

// NewManager makes one whose loop does not run.
func NewManager(p Parts) (*Manager, error) {
	backend, err := newBackend(p)
	if err != nil {
		return nil, err
	}
	m := &Manager{cfg: p.Config, board: p.Board, owner: p.Owner, page: p.Page, clock: p.Clock, log: p.Log, beat: p.Beat,
		backend: backend, Measures: newMeasures(),
		bench: &workbench{dir: p.Config.LogDir, pid: p.Owner.PID, upstream: &upstream{address: p.Config.Upstream}}}
	m.journal = &journal{wanted: p.Config.Monitoring == "on", log: p.Log, board: p.Board, pid: p.Owner.PID, rss: p.RSS,
		measures: m.Measures}
	m.executor.Store(eventloop.NewExecutor(p.Config.ExecutorThreads))
	if err := backend.Start(m.rouse); err != nil {
		return nil, err
	}
	return m, nil
}

// A row is one backend.
type row struct {
	name     string
	settings func() settings.BackendSettings // with the defaults; nil: it has none of its own
	make     func(Parts) (Backend, error)
}

// backends are all that there are; the first is the default.
var backends []row

func init() { AddBackend("memory", nil, newMemory) }

// AddBackend makes one more known, before any settings are made.
func AddBackend(name string, defaults func() settings.BackendSettings, make func(Parts) (Backend, error)) {
	backends = append(backends, row{name, defaults, make})
	settings.AddBackend(name, defaults)
}

func newBackend(p Parts) (Backend, error) {
	for _, b := range backends {
		if b.name == p.Config.Tasks {
			return b.make(p)
		}
	}
	return nil, fmt.Errorf("tasks: there is no backend %q", p.Config.Tasks)
}
