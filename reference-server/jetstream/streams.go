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

// Declare makes the queue as the settings say, or changes it to that, and says whether tasks are to be given to it
// several at once: where each is synced to a disk or sent to replicas, and by a server of version 2.12 or later. Only the arbiter does: were it the workers, each that is started while a
// cluster has no leader would die of it.
func Declare(ctx context.Context, conn *nats.Conn, cfg *settings.Queue) (batch bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, declareLimit)
	defer cancel()
	for ctx.Err() == nil {
		if batch, err = declare(ctx, conn, cfg); err == nil {
			return batch, nil
		}
		var refused *js.APIError
		if errors.As(err, &refused) && refused.Code != unavailable && refused.ErrorCode != noPeers {
			break // it will not be otherwise later
		}
		pause(ctx, askAgain)
	}
	if last := conn.LastError(); last != nil && !conn.IsConnected() {
		return false, fmt.Errorf("reach the task engine within %v: %w", declareLimit, last)
	}
	return false, fmt.Errorf("make the task queue at %s: %w", conn.ConnectedUrlRedacted(), err)
}

// unavailable is the code of an engine that cannot do now what it can later; noPeers is the number of a cluster that has
// not found enough of its members yet, nats-server's errors.json: JSClusterNoPeersErrF.
const (
	unavailable = 503
	noPeers     = js.ErrorCode(10005)
)

// replicas is how often a cluster keeps a new queue, so that one of its servers may die.
const replicas = 3

func declare(ctx context.Context, conn *nats.Conn, cfg *settings.Queue) (batch bool, err error) {
	engine, err := js.New(conn)
	if err != nil {
		return false, err
	}
	ctx, cancel := context.WithTimeout(ctx, connectLimit)
	defer cancel()
	own := Of(cfg)
	tasks, err := engine.CreateOrUpdateStream(ctx, js.StreamConfig{Name: Stream, Subjects: []string{Ready},
		Retention: js.WorkQueuePolicy, Storage: js.FileStorage, Discard: js.DiscardNew, Duplicates: own.Window,
		MaxMsgs: int64(cfg.TaskQueue), MaxBytes: int64(own.Store) << 20, AllowAtomicPublish: true,
		Replicas: replicasOf(ctx, engine, conn, Stream)})
	if err != nil {
		return false, err
	}
	if _, err := engine.CreateOrUpdateStream(ctx, js.StreamConfig{Name: DeadStream, Subjects: []string{Dead},
		Storage: js.FileStorage, MaxMsgs: int64(cfg.TaskQueue), MaxBytes: int64(own.Store) << 20,
		Replicas: replicasOf(ctx, engine, conn, DeadStream)}); err != nil {
		return false, err
	}
	// How often a task may be tried is for whoever gets it to say, see package tasks: the engine would count deliveries
	// that no task was started for.
	_, err = engine.CreateOrUpdateConsumer(ctx, Stream, js.ConsumerConfig{Durable: Workers, FilterSubject: Ready,
		AckPolicy: js.AckExplicitPolicy, AckWait: own.AckWait, MaxDeliver: -1, MaxAckPending: -1})
	is := tasks.CachedInfo().Config
	return is.AllowAtomicPublish && (is.Replicas > 1 || own.URL == "" && own.Sync == "always"), err
}

// replicasOf is how often a stream is kept: one that is there already as before, a new one in a cluster three times.
func replicasOf(ctx context.Context, engine js.JetStream, conn *nats.Conn, stream string) int {
	if there, err := engine.Stream(ctx, stream); err == nil {
		return there.CachedInfo().Config.Replicas
	}
	if conn.ConnectedClusterName() != "" {
		return replicas
	}
	return 1
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
