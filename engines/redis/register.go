// Package redis keeps the reference server's tasks in Redis: a program that imports it has the backend `redis`.
package redis

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
	c, err := open(own)
	if err != nil {
		return nil, err
	}
	e := newEngine(c, own, p)
	return lending.New(p, e, own.Policy), nil
}
