package jetstream

import (
	"errors"

	"github.com/nats-io/nats.go"

	"github.com/hangtime-dev/hangtime/reference-server/board"
)

// GiveBack tells the engine what a dead worker cannot: that its tasks are to be given out again now, and that those
// that had ended have. It does not wait: while the engine is away it is kept until it is back. Without it the engine
// would wait for task-ack-wait: that a connection has closed says nothing to it.
func GiveBack(conn *nats.Conn, loans []board.Loan) error {
	var all []error
	for _, loan := range loans {
		if loan.Ended {
			all = append(all, Token(loan.Token).Ended(conn))
		} else {
			all = append(all, Token(loan.Token).Again(conn, 0))
		}
	}
	return errors.Join(all...)
}
