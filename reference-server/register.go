package refserver

import (
	"github.com/hangtime-dev/hangtime/reference-server/arbiter"
	"github.com/hangtime-dev/hangtime/reference-server/settings"
	"github.com/hangtime-dev/hangtime/reference-server/tasks"
)

// A Backend of tasks that is a module of its own.
type Backend struct {
	Name     string
	Settings func() settings.BackendSettings                   // with the defaults
	Worker   func(tasks.Parts) (tasks.Backend, error)          // made in each worker
	Lender   func(arbiter.LenderParts) (arbiter.Lender, error) // made once, in the arbiter
}

// Register makes a backend one that tasks may wait in; only from the init function of the package that has it.
func Register(b Backend) {
	tasks.AddBackend(b.Name, b.Settings, b.Worker)
	arbiter.AddLender(b.Name, b.Lender)
}
