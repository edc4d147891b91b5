// Package rabbitmq keeps the reference server's tasks in RabbitMQ: a program that imports it has the backend `rabbitmq`.
package rabbitmq

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
	return lending.New(p, newEngine(own, p.Board), own.Policy), nil
}
