package rabbitmq

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/hangtime-dev/hangtime/reference-server/arbiter"
	"github.com/hangtime-dev/hangtime/reference-server/board"
)

// Times of the arbiter's client.
const (
	declareLimit = 15 * time.Second
	lookEvery    = 200 * time.Millisecond
	beatEvery    = 10 * time.Second
)

// A lender makes the queues and looks at them. It gives nothing back: that the broker does, as soon as the connection
// of a worker closes.
type lender struct {
	own   *Settings
	limit int
	board *board.Board
	now   func() int64
	gone  func(ctx context.Context, lost int)
	stop  context.CancelFunc
	looks chan struct{} // closed when it looks no more
}

func openLender(p arbiter.LenderParts) (arbiter.Lender, error) {
	ctx, stop := context.WithCancel(context.Background())
	l := &lender{own: Of(p.Queue), limit: p.Queue.TaskQueue, board: p.Board, now: p.Now, gone: p.Vanished, stop: stop, looks: make(chan struct{})}
	var s *session
	for until := time.Now().Add(declareLimit); s == nil; pause(ctx, askAgain) {
		var err error
		s, err = l.connect()
		var said *amqp.Error
		switch {
		case err == nil:
		case errors.As(err, &said) && said.Code == amqp.PreconditionFailed:
			stop()
			return nil, fmt.Errorf("rabbitmq-queue: want another name, or the task-queue that %s was made with: %w", l.own.Queue, err)
		case time.Now().After(until):
			stop()
			return nil, fmt.Errorf("make the task queue at rabbitmq-url: %w", err)
		}
	}
	go l.look(ctx, s)
	return l, nil
}

// connect gives a connection to a broker that has the queues.
func (l *lender) connect() (*session, error) {
	s, err := dial(l.own.URL, "hangtime arbiter", beatEvery)
	if err != nil {
		return nil, err
	}
	c, err := s.conn.Channel()
	if err == nil {
		err = declare(c, l.own.Queue, l.limit)
	}
	if err == nil {
		err = c.Close()
	}
	if err != nil {
		_ = s.conn.Close() // it is of no use
		return nil, err
	}
	return s, nil
}

// look writes on the board how the queue is. Queues that somebody deleted are made again with the next connection: not
// before every arbiter that shares them has looked, for a queue does not say when it was made.
func (l *lender) look(ctx context.Context, s *session) {
	defer close(l.looks)
	for ctx.Err() == nil {
		if s == nil {
			s, _ = l.connect() // it is tried again
		}
		if s != nil {
			if err := l.ask(s); err != nil {
				if deleted(err) {
					l.gone(ctx, l.board.Leases.Vanish(l.now()))
					pause(ctx, 2*lookEvery)
				}
				_ = s.conn.Close() // the broker has closed the channel
				s = nil
			}
		}
		pause(ctx, lookEvery)
	}
	if s != nil {
		_ = s.conn.CloseDeadline(time.Now().Add(closeLimit)) // it was only asked
	}
}

// deleted says whether the broker knows no such queue, unlike one that it cannot reach just now, of which it says 404
// (AMQP 0-9-1, not-found) too.
func deleted(err error) bool {
	var said *amqp.Error
	return errors.As(err, &said) && said.Code == amqp.NotFound && strings.HasPrefix(said.Reason, "NOT_FOUND - no queue ")
}

func (l *lender) ask(s *session) error {
	c := s.publish
	waiting, err := counted(c, l.own.Queue)
	if err != nil {
		return err
	}
	l.board.Queue.Set(board.Queue{Depth: waiting, InFlight: l.board.Workers.Held()}, l.now())
	return nil
}

func (l *lender) GiveBack(uint64, []board.Loan) error { return nil }

func (l *lender) Close() error {
	l.stop()
	<-l.looks
	return nil
}
