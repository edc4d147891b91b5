package jetstream

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go"
	js "github.com/nats-io/nats.go/jetstream"

	"github.com/hangtime-dev/hangtime/reference-server/board"
	"github.com/hangtime-dev/hangtime/reference-server/settings"
)

// lookEvery is how often the engine is asked how its queue is.
const lookEvery = 200 * time.Millisecond

// Follow asks the engine how the queue is and writes it on the board, until ctx ends. A queue that is gone it makes
// anew, and tells vanished how many tasks were lost with it.
func Follow(ctx context.Context, conn *nats.Conn, cfg *settings.Queue, b *board.Board, now func() int64, vanished func(lost int)) {
	var made time.Time // when the queue was made; zero: it was not seen yet
	for ctx.Err() == nil {
		q, since, err := look(ctx, conn, b.Workers.Held())
		missing := errors.Is(err, js.ErrStreamNotFound)
		if !made.IsZero() && (missing || err == nil && !since.Equal(made)) {
			vanished(b.Leases.Vanish(now()))
			made = time.Time{}
		}
		switch {
		case err == nil:
			made = since
			b.Queue.Set(q, now())
		case missing || errors.Is(err, js.ErrConsumerNotFound):
			_, _ = Declare(ctx, conn, cfg) // what fails is tried again
		}
		pause(ctx, lookEvery)
	}
}

// look tells what waits from what the workers hold, and when the queue was made. Of a task that is not to be tried before
// a time the engine says the same as of one that a worker has.
func look(ctx context.Context, conn *nats.Conn, held int) (q board.Queue, made time.Time, err error) {
	engine, err := js.New(conn)
	if err != nil {
		return q, made, err
	}
	ctx, cancel := context.WithTimeout(ctx, connectLimit)
	defer cancel()
	stream, err := engine.Stream(ctx, Stream)
	if err != nil {
		return q, made, err
	}
	consumer, err := stream.Consumer(ctx, Workers)
	if err != nil {
		return q, made, err
	}
	state := stream.CachedInfo().State
	q.InFlight = min(consumer.CachedInfo().NumAckPending, held)
	q.Depth = max(0, int(state.Msgs)-q.InFlight)
	if state.Msgs > 0 {
		q.Oldest = max(0, time.Since(state.FirstTime))
	}
	return q, stream.CachedInfo().Created, nil
}
