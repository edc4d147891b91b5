package temporal

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/hangtime-dev/hangtime/reference-server/lending"
	"github.com/hangtime-dev/hangtime/reference-server/tasks"
)

// Times of a worker's client. A request waits for a server that is away, once.
const (
	putLimit   = 3 * time.Second
	closeLimit = time.Second
)

// An engine is lending.Engine.
type engine struct {
	client   client.Client
	own      *Settings
	identity string // what Temporal calls this worker
	answers  *answers
	bound    *bound

	stop  context.CancelFunc
	ended sync.WaitGroup
	wake  chan struct{} // there may be room again
	polls atomic.Int64  // questions for a task that are open
	one   sync.Mutex    // deliveries are told one after the other

	mu    sync.Mutex
	loans map[string][]byte // what Temporal wants to hear of an attempt, by its token
}

func newEngine(own *Settings, p tasks.Parts) (*engine, error) {
	identity := "hangtime worker " + p.Board.IDs.Of(p.Owner.Number)
	c, err := open(own, identity)
	if err != nil {
		return nil, err
	}
	return &engine{client: c, own: own, identity: identity, answers: newAnswers(), loans: map[string][]byte{}, wake: make(chan struct{}, 1),
		bound: &bound{queue: p.Board.Queue, limit: p.Config.TaskQueue, now: p.Clock.Now}}, nil
}

func (e *engine) Start(room func() int, got func(lending.Delivery)) error {
	ctx, stop := context.WithCancel(context.Background())
	e.stop = stop
	e.ended.Go(func() { e.lend(ctx, room, got) })
	return nil
}

func (e *engine) Ask() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// Put starts an activity. When Temporal says nothing it may have it all the same: then the task will be done although
// its request was refused.
func (e *engine) Put(s lending.Submission) (string, error) {
	if !e.bound.admit() {
		return "", tasks.ErrFull
	}
	ctx, cancel := context.WithTimeout(context.Background(), putLimit)
	defer cancel()
	name, first := nameOf(s, e.own.Queue), s.ID
	err := start(ctx, e.client, e.own, name, s)
	var before *serviceerror.ActivityExecutionAlreadyStarted
	if errors.As(err, &before) {
		first, err = firstUnder(ctx, e.client, name)
	}
	if err != nil && !refused(err) {
		err = tasks.ErrNoEngine
	}
	return first, err
}

// answer is for the one attempt that a token names; Temporal refuses it when the attempt is no longer lent.
func (e *engine) answer(token string, said error) {
	e.mu.Lock()
	attempt, ok := e.loans[token]
	delete(e.loans, token)
	e.mu.Unlock()
	if ok {
		e.answers.add(func(ctx context.Context) error { return e.client.CompleteActivity(ctx, attempt, nil, said) })
	}
	e.Ask()
}

func (e *engine) Ended(token string) { e.answer(token, nil) }

func (e *engine) Again(token string, after time.Duration) { e.answer(token, again(after)) }

func (e *engine) Aside(token, reason string, tries int) { e.answer(token, aside(reason, tries)) }

// Runs sends the heartbeats. What is not heard does no harm: it is said three times before it is missed.
func (e *engine) Runs(tokens []string) {
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), askLimit)
		defer cancel()
		for _, t := range tokens {
			e.mu.Lock()
			attempt, ok := e.loans[t]
			e.mu.Unlock()
			if ok {
				_ = e.client.RecordActivityHeartbeat(ctx, attempt)
			}
		}
	}()
}

// Stop takes the open questions back. A task that Temporal had just sent as an answer to one is lent again after
// temporal-ack-wait.
func (e *engine) Stop() {
	e.stop()
	e.ended.Wait()
}

func (e *engine) Close() error {
	e.answers.close(closeLimit)
	e.client.Close()
	return nil
}

func (e *engine) Guarantees() tasks.Guarantees { return guarantees(e.own) }
