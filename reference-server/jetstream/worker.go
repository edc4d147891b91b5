package jetstream

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	js "github.com/nats-io/nats.go/jetstream"

	"github.com/hangtime-dev/hangtime/reference-server/board"
	"github.com/hangtime-dev/hangtime/reference-server/lending"
	"github.com/hangtime-dev/hangtime/reference-server/tasks"
)

// Times of a worker's client.
const (
	originalLimit = 500 * time.Millisecond
	closeLimit    = time.Second
)

// A worker is lending.Engine: one worker's client of the task engine. An answer that the engine does not hear costs a
// delivery: the board says what became of the task.
type worker struct {
	own       *Settings
	board     *board.Board
	conn      *nats.Conn
	engine    js.JetStream
	puller    *Puller
	publisher *Publisher
	aside     sync.WaitGroup // tasks that are being dead-lettered

	mu   sync.Mutex
	lent map[string]Delivery // by token, what was not answered yet
}

func (w *worker) Start(room func() int, got func(lending.Delivery)) (err error) {
	w.puller, err = Pull(w.conn, room, func(d Delivery) {
		w.mu.Lock()
		w.lent[string(d.Token)] = d
		w.mu.Unlock()
		got(lending.Delivery{Token: string(d.Token), Body: d.Body, Earlier: d.Earlier})
	})
	return err
}

// Put publishes the task under its key, or under its own id: however often it is sent the engine keeps it once.
func (w *worker) Put(s lending.Submission) (string, error) {
	key := s.ID
	if s.Key != "" {
		key = "key-" + s.Key
	}
	has, err := w.publisher.Publish(message(s), key)
	if err != nil || !has.Duplicate || s.Key == "" {
		return s.ID, err
	}
	return w.original(s, has.Sequence)
}

// original is the task that was accepted first under a key: this very one, whose first answer was lost, or another.
func (w *worker) original(s lending.Submission, sequence uint64) (id string, err error) {
	own, err := w.board.IDs.Number(s.ID)
	if err != nil {
		return "", err
	}
	if w.board.Tasks.Get(own).PID != 0 {
		return s.ID, nil // somebody runs it
	}
	ctx, cancel := context.WithTimeout(context.Background(), originalLimit)
	defer cancel()
	stream, err := w.engine.Stream(ctx, Stream)
	if err != nil {
		return "", tasks.ErrNoEngine
	}
	stored, err := stream.GetMsg(ctx, sequence)
	switch {
	case err == nil:
		return stored.Header.Get(idHeader), nil
	case !errors.Is(err, js.ErrMsgNotFound):
		return "", tasks.ErrNoEngine
	}
	// It has ended, whichever it was.
	if w.board.Tasks.Get(own).State.Ended() {
		return s.ID, nil
	}
	if n := w.board.Keys.Ended(s.Hash); n != 0 {
		return w.board.IDs.Of(n), nil
	}
	return "", tasks.ErrForgotten
}

func (w *worker) Ask() { w.puller.Ask() }

// answered is the loan that a token is of, which needs no more answers.
func (w *worker) answered(token string) Delivery {
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.lent[token]
	delete(w.lent, token)
	return d
}

func (w *worker) Ended(token string) { _ = w.answered(token).Token.Ended(w.conn) }

func (w *worker) Again(token string, after time.Duration) {
	_ = w.answered(token).Token.Again(w.conn, after) // what the engine does not hear it finds out after task-ack-wait
}

// Aside puts a task into the dead letters, and only then out of the queue; beside the loop, for the engine may take its
// time. When that fails the task is given out again, and put aside then.
func (w *worker) Aside(token, reason string, tries int) {
	d := w.answered(token)
	id := d.ID
	if id == "" {
		id = token // somebody else's message, which is no task
	}
	w.aside.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), PublishLimit)
		defer cancel()
		if _, err := w.engine.PublishMsg(ctx, deadLetter(d, reason, tries), js.WithMsgID("dead-"+id)); err == nil {
			_ = d.Token.Aside(w.conn, reason)
		}
	})
}

func (w *worker) Runs(tokens []string) {
	for _, t := range tokens {
		_ = Token(t).Runs(w.conn) // an engine that is away asks for nothing
	}
}

func (w *worker) Stop() { w.puller.Stop() }

// Close tells the engine the last answers. What is still held then the arbiter gives back.
func (w *worker) Close() error {
	w.aside.Wait()
	var err error
	if w.conn.IsConnected() {
		err = w.conn.FlushTimeout(closeLimit)
	}
	w.conn.Close()
	return err
}

func (w *worker) Guarantees() tasks.Guarantees {
	g := tasks.Guarantees{
		Name:       Name,
		WorkerDies: "survived: what it held is given to another worker at once, and may be done twice",
		EngineDies: "survived: the arbiter starts it again on the same store, and requests wait for it for up to " + PublishLimit.String(),
		PowerCut:   "survived: each task is on the disk before it is accepted (tasks-sync: always)",
		SameKey:    fmt.Sprintf("one is done, if the second comes within %v", w.own.Window),
		Fails:      w.own.Fails(),
	}
	if w.own.Sync != "always" {
		g.PowerCut = "not survived: what was accepted in the last two minutes is not on the disk yet (survived only with tasks-sync: always)"
	}
	if w.own.URL != "" {
		g.EngineDies = "as the servers at tasks-url are set: with three replicas one of three may die"
		g.PowerCut = "as the servers at tasks-url are set: survived only with sync_interval: always"
	}
	return g
}
