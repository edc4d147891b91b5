package jetstream

import (
	"context"
	"time"

	"github.com/nats-io/nats.go"
	js "github.com/nats-io/nats.go/jetstream"

	"github.com/hangtime-dev/hangtime/reference-server/board"
)

// lookEvery is how often the engine is asked how its queue is.
const lookEvery = 200 * time.Millisecond

// Follow asks the engine how the queue is and writes it on the board, until ctx ends.
func Follow(ctx context.Context, conn *nats.Conn, b *board.Board, now func() int64) {
	for ctx.Err() == nil {
		if q, err := look(ctx, conn, b.Held()); err == nil {
			b.SetQueue(q, now())
		}
		pause(ctx, lookEvery)
	}
}

// look tells what waits from what the workers hold. Of a task that is not to be tried before a time the engine says the
// same as of one that a worker has.
func look(ctx context.Context, conn *nats.Conn, held int) (q board.Queue, err error) {
	engine, err := js.New(conn)
	if err != nil {
		return q, err
	}
	ctx, cancel := context.WithTimeout(ctx, connectLimit)
	defer cancel()
	consumer, err := engine.Consumer(ctx, Stream, Workers)
	if err != nil {
		return q, err
	}
	stream, err := engine.Stream(ctx, Stream)
	if err != nil {
		return q, err
	}
	state := stream.CachedInfo().State
	q.InFlight = min(consumer.CachedInfo().NumAckPending, held)
	q.Depth = max(0, int(state.Msgs)-q.InFlight)
	if state.Msgs > 0 {
		q.Oldest = max(0, time.Since(state.FirstTime))
	}
	return q, nil
}
