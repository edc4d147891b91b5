package arbiter

import (
	"context"
	"sync"

	"github.com/nats-io/nats.go"

	"github.com/hangtime-dev/hangtime/reference-server/board"
	"github.com/hangtime-dev/hangtime/reference-server/jetstream"
	"github.com/hangtime-dev/hangtime/reference-server/settings"
)

// A Lender is the arbiter's hold on an engine that lends tasks to workers. While it is open it writes on the board how
// the queue is.
type Lender interface {
	// GiveBack is told what a worker that has ended still held: it is to be given out again now. It does not wait:
	// while the engine is away it is kept until it is back.
	GiveBack(owner uint64, loans []board.Loan) error
	// Close is called when every worker has left.
	Close() error
}

// LenderParts are what a Lender is made of.
type LenderParts struct {
	Queue *settings.Queue
	Board *board.Board
	Now   func() int64 // CLOCK_MONOTONIC, nanoseconds
	// Vanished tells that the engine's queue was found to be gone, and how many tasks were lost with it; it waits until
	// that is heard, or until ctx ends.
	Vanished func(ctx context.Context, lost int)
}

// lenders are those of backends that are modules of their own, by name.
var lenders = map[string]func(LenderParts) (Lender, error){}

// AddLender makes one known, before an arbiter is made. open makes the queue ready before the first worker starts.
func AddLender(name string, open func(LenderParts) (Lender, error)) { lenders[name] = open }

// A jetStreamLender is a connection to a JetStream.
type jetStreamLender struct {
	conn   *nats.Conn
	stop   context.CancelFunc // of who asks how the queue is
	asking sync.WaitGroup
}

// lendFromJetStream makes the queue ready, and says whether tasks are to be given to it several at once.
func lendFromJetStream(access jetstream.Access, p LenderParts) (l Lender, batch bool, err error) {
	conn, err := access.Connect("arbiter")
	if err != nil {
		return nil, false, err
	}
	ctx, stop := context.WithCancel(context.Background())
	if batch, err = jetstream.Declare(ctx, conn, p.Queue); err != nil {
		stop()
		conn.Close()
		return nil, false, err
	}
	open := &jetStreamLender{conn: conn, stop: stop}
	open.asking.Go(func() {
		jetstream.Follow(ctx, conn, p.Queue, p.Board, p.Now, func(lost int) { p.Vanished(ctx, lost) })
	})
	return open, batch, nil
}

func (l *jetStreamLender) GiveBack(_ uint64, loans []board.Loan) error {
	return jetstream.GiveBack(l.conn, loans)
}

func (l *jetStreamLender) Close() (err error) {
	l.stop()
	l.asking.Wait()
	if l.conn.IsConnected() {
		err = l.conn.FlushTimeout(engineEndLimit) // what was given back last
	}
	l.conn.Close()
	return err
}
