package rabbitmq

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/hangtime-dev/hangtime/reference-server/board"
	"github.com/hangtime-dev/hangtime/reference-server/lending"
	"github.com/hangtime-dev/hangtime/reference-server/tasks"
)

// Times of a worker's client. A request waits for a broker that is away, once.
const (
	putLimit   = 3 * time.Second
	putTry     = time.Second
	closeLimit = time.Second
	watchEvery = 100 * time.Millisecond
)

// An engine is lending.Engine. The broker sees by itself that a worker has died: its connection closes, and what was
// lent on it is lent again at once.
type engine struct {
	own     *Settings
	board   *board.Board
	current atomic.Pointer[session]
	stop    context.CancelFunc
	ended   sync.WaitGroup
	aside   sync.WaitGroup // answers that wait for the broker
	most    int            // loans at once
	got     func(lending.Delivery)
	turns   atomic.Int64 // when the worker's loop turned last, Unix ns

	mu      sync.Mutex
	lending *amqp.Channel // nil: nothing is lent
	channel int           // its number
	loans   map[string]*loan
}

func newEngine(own *Settings, b *board.Board) *engine {
	return &engine{own: own, board: b, loans: map[string]*loan{}}
}

func (e *engine) Start(room func() int, got func(lending.Delivery)) error {
	ctx, stop := context.WithCancel(context.Background())
	e.stop, e.most, e.got = stop, room(), got
	e.turns.Store(time.Now().UnixNano())
	e.ended.Go(func() { e.keep(ctx) })
	return nil
}

// keep connects, and connects again.
func (e *engine) keep(ctx context.Context) {
	for ctx.Err() == nil {
		s, err := dial(e.own.URL, "hangtime worker", max(time.Second, e.own.AckWait/2))
		if err != nil {
			pause(ctx, askAgain)
			continue
		}
		e.current.Store(s)
		for ctx.Err() == nil && !s.conn.IsClosed() {
			if !e.turned() || e.lend(ctx, s) != nil {
				pause(ctx, watchEvery)
			}
		}
		if ctx.Err() == nil {
			e.current.Store(nil)
		}
	}
}

// turned says whether the loop of this worker turns.
func (e *engine) turned() bool { return time.Since(time.Unix(0, e.turns.Load())) < e.own.AckWait }

// lend passes on what the broker lends, as many at once as this worker has room for, until the connection is lost or
// the worker's loop stands still: then the channel is closed, and the broker lends what was open on it to another.
func (e *engine) lend(ctx context.Context, s *session) error {
	c, err := s.conn.Channel()
	if err != nil {
		return err
	}
	if err := c.Qos(e.most, 0, false); err != nil {
		return err
	}
	deliveries, err := c.Consume(e.own.Queue, "tasks", false, false, false, false, nil)
	if err != nil {
		return err
	}
	e.mu.Lock()
	e.lending, e.channel = c, e.channel+1
	e.mu.Unlock()
	watch := time.NewTicker(watchEvery)
	defer watch.Stop()
	for {
		select {
		case d, ok := <-deliveries:
			if !ok {
				return errNoWord
			}
			e.deliver(d)
		case <-watch.C:
			if !e.turned() {
				e.mu.Lock()
				e.lending, e.loans = nil, map[string]*loan{}
				e.mu.Unlock()
				return c.Close()
			}
		case <-ctx.Done():
			return c.Cancel("tasks", false) // what it has been lent it still answers
		}
	}
}

func (e *engine) deliver(d amqp.Delivery) {
	l := loanOf(d)
	e.mu.Lock()
	t := token(e.channel, d.DeliveryTag)
	e.loans[t] = l
	e.mu.Unlock()
	if left := time.Until(l.due); left > 0 {
		e.later(t, left, l.lent)
		return
	}
	e.got(lending.Delivery{Token: t, Body: d.Body, Earlier: int(l.lent)})
}

func (e *engine) Ask() {} // the broker lends the next when one was answered

// Runs lets the watch know.
func (e *engine) Runs([]string) { e.turns.Store(time.Now().UnixNano()) }

// Put publishes until the broker has said that it has it. The broker knows no keys, but the board does: a task with
// the key of one that this server has accepted is that one. Should that one not have reached the broker, as its worker
// died on the way, it has now; should it have, it is there twice under one id, and done once.
func (e *engine) Put(s lending.Submission) (string, error) {
	id, body := s.ID, s.Body
	if s.Hash != 0 {
		if n := e.board.Keys.Ended(s.Hash); n != 0 {
			return e.board.IDs.Of(n), nil
		}
		own, err := e.board.IDs.Number(s.ID)
		if err != nil {
			return "", err
		}
		if n := e.board.Keys.Open(s.Hash, own); n != 0 {
			id = e.board.IDs.Of(n)
			if body, err = lending.Renamed(body, id); err != nil {
				return "", err
			}
		}
	}
	queue, due := e.own.Queue, time.Time{}
	if s.Delay > 0 {
		queue, due = laterName(e.own.Queue, step(s.Delay)), time.Now().Add(s.Delay)
	}
	for until := time.Now().Add(putLimit); ; time.Sleep(askAgain) {
		err := e.publish(queue, message(id, body, 0, due))
		switch {
		case err == nil:
			return id, nil
		case errors.Is(err, errFull):
			return "", tasks.ErrFull
		case time.Now().After(until):
			return "", tasks.ErrNoEngine
		}
	}
}

func (e *engine) publish(queue string, m amqp.Publishing) error {
	s := e.current.Load()
	if s == nil {
		return errNoWord
	}
	ctx, cancel := context.WithTimeout(context.Background(), putTry)
	defer cancel()
	return s.put(ctx, queue, m)
}

// Stop asks for no more.
func (e *engine) Stop() {
	e.stop()
	e.ended.Wait()
}

// Close closes the connection; what is still lent on it is lent to another.
func (e *engine) Close() error {
	e.aside.Wait()
	s := e.current.Load()
	if s == nil || s.conn.IsClosed() {
		return nil
	}
	return s.conn.CloseDeadline(time.Now().Add(closeLimit))
}
