package jetstream

import (
	"fmt"

	js "github.com/nats-io/nats.go/jetstream"

	"github.com/hangtime-dev/hangtime/reference-server/lending"
	"github.com/hangtime-dev/hangtime/reference-server/tasks"
)

func init() { tasks.AddBackend(Name, Defaults, newWorker) }

func newWorker(p tasks.Parts) (tasks.Backend, error) {
	access, err := ReadAccess(p.Engine)
	if err != nil {
		return nil, err
	}
	conn, err := access.Connect(fmt.Sprintf("worker %d", p.Owner.Place))
	if err != nil {
		return nil, err
	}
	engine, err := js.New(conn)
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("use the task engine: %w", err)
	}
	own := Of(&p.Config.Queue)
	return lending.New(p, &worker{own: own, board: p.Board, conn: conn, engine: engine,
		publisher: NewPublisher(conn, access.Batch), lent: map[string]Delivery{}}, own.Policy), nil
}
