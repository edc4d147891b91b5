package tasks

import (
	"github.com/hangtime-dev/hangtime/reference-server/eventloop"
	"github.com/hangtime-dev/hangtime/reference-server/jetstream"
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

func newBackend(p Parts) (Backend, error) {
	if p.Config.Tasks == settings.JetStream {
		access, err := jetstream.ReadAccess(p.Engine)
		if err != nil {
			return nil, err
		}
		return newJetStream(access, p)
	}
	if p.Config.Limits != "bounded" {
		return newMemory(0), nil
	}
	return newMemory(p.Config.MaxConcurrentTasks + p.Config.TaskQueue), nil
}
