package jetstream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	js "github.com/nats-io/nats.go/jetstream"

	"github.com/hangtime-dev/hangtime/reference-server/settings"
)

// The names of what the engine holds. All servers that use one engine share one queue.
const (
	Stream     = "HANGTIME_TASKS"
	DeadStream = "HANGTIME_DEAD"
	Workers    = "workers" // the consumer that all workers pull from

	Ready = "hangtime.tasks.ready"
	Dead  = "hangtime.tasks.dead"
)

// declareLimit is how long an engine may take until it holds the queue: a cluster first chooses a leader.
const declareLimit = 15 * time.Second

// Declare makes the queue as the settings say, or changes it to that. Only the arbiter does: were it the workers, each
// that is started while a cluster has no leader would die of it.
func Declare(ctx context.Context, conn *nats.Conn, cfg *settings.Queue) error {
	ctx, cancel := context.WithTimeout(ctx, declareLimit)
	defer cancel()
	var err error
	for ctx.Err() == nil {
		if err = declare(ctx, conn, cfg); err == nil {
			return nil
		}
		var refused *js.APIError
		if errors.As(err, &refused) && refused.Code != unavailable {
			break // it will not be otherwise later
		}
		pause(ctx, askAgain)
	}
	return fmt.Errorf("make the task queue at %s: %w", conn.ConnectedUrlRedacted(), err)
}

// unavailable is the code of an engine that cannot do now what it can later.
const unavailable = 503

func declare(ctx context.Context, conn *nats.Conn, cfg *settings.Queue) error {
	engine, err := js.New(conn)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, connectLimit)
	defer cancel()
	own := Of(cfg)
	if _, err := engine.CreateOrUpdateStream(ctx, js.StreamConfig{Name: Stream, Subjects: []string{Ready},
		Retention: js.WorkQueuePolicy, Storage: js.FileStorage, Discard: js.DiscardNew, Duplicates: own.Window,
		MaxMsgs: int64(cfg.TaskQueue), MaxBytes: int64(own.Store) << 20}); err != nil {
		return err
	}
	if _, err := engine.CreateOrUpdateStream(ctx, js.StreamConfig{Name: DeadStream, Subjects: []string{Dead},
		Storage: js.FileStorage, MaxMsgs: int64(cfg.TaskQueue), MaxBytes: int64(own.Store) << 20}); err != nil {
		return err
	}
	// How often a task may be tried is for whoever gets it to say, see package tasks: the engine would count deliveries
	// that no task was started for.
	_, err = engine.CreateOrUpdateConsumer(ctx, Stream, js.ConsumerConfig{Durable: Workers, FilterSubject: Ready,
		AckPolicy: js.AckExplicitPolicy, AckWait: own.AckWait, MaxDeliver: -1, MaxAckPending: -1})
	return err
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
