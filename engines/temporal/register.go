// Package temporal keeps the reference server's tasks in Temporal: a program that imports it has the backend `temporal`.
package temporal

import (
	refserver "github.com/hangtime-dev/hangtime/reference-server"
	"github.com/hangtime-dev/hangtime/reference-server/lending"
	"github.com/hangtime-dev/hangtime/reference-server/tasks"
)

func init() {
	refserver.Register(refserver.Backend{Name: Name, Settings: Defaults, Worker: newWorker, Lender: openLender})
}

func newWorker(p tasks.Parts) (tasks.Backend, error) {
	own := Of(&p.Config.Queue)
	e, err := newEngine(own, p)
	if err != nil {
		return nil, err
	}
	return lending.New(p, e, own.Policy), nil
}
