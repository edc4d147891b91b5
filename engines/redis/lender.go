package redis

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/hangtime-dev/hangtime/reference-server/arbiter"
	"github.com/hangtime-dev/hangtime/reference-server/board"
)

// Times of the arbiter's client.
const (
	declareLimit = 15 * time.Second
	lookEvery    = 50 * time.Millisecond // and moves what is due
	deadFor      = 3 * time.Second       // in which a dead worker may still be lent something, by a server that has not seen its connection close
)

// A lender looks after the queue for one arbiter. Several that share it do each other no harm.
type lender struct {
	client *redis.Client
	own    *Settings
	keys   []string
	board  *board.Board
	now    func() int64
	gone   func(ctx context.Context, lost int)
	made   string // what the server calls the queue that is looked after
	stop   context.CancelFunc
	looks  chan struct{} // closed when it looks no more
	wake   chan struct{}

	mu   sync.Mutex
	dead map[string]time.Time // readers that have died, and until when they are asked about
}

func openLender(p arbiter.LenderParts) (arbiter.Lender, error) {
	own := Of(p.Queue)
	c, err := open(own)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	l := &lender{client: c, own: own, keys: keys(own.Queue), board: p.Board, now: p.Now, gone: p.Vanished, stop: stop,
		looks: make(chan struct{}), wake: make(chan struct{}, 1), dead: map[string]time.Time{}}
	for until := time.Now().Add(declareLimit); ; pause(ctx, askAgain) {
		err := l.declare(ctx)
		if err == nil {
			break
		}
		if refused(err) || time.Now().After(until) {
			stop()
			return nil, errors.Join(fmt.Errorf("make the task queue at redis-url: %w", err), c.Close())
		}
	}
	go l.look(ctx)
	return l, nil
}

// declare makes what the workers read from, where it is not there, and learns which queue that is.
func (l *lender) declare(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	for _, stream := range []int{fresh, back} {
		err := l.client.XGroupCreateMkStream(ctx, l.keys[stream-1], group, "0").Err()
		if err != nil && !strings.HasPrefix(err.Error(), "BUSYGROUP") {
			return err
		}
	}
	p := l.client.TxPipeline()
	p.SetNX(ctx, madeKey(l.own.Queue), rand.Text(), 0)
	made := p.Get(ctx, madeKey(l.own.Queue))
	_, err := p.Exec(ctx)
	l.made = made.Val()
	return err
}

func (l *lender) look(ctx context.Context) {
	defer close(l.looks)
	for ctx.Err() == nil {
		if err := l.tend(ctx); errors.Is(err, errGone) {
			l.gone(ctx, l.board.Leases.Vanish(l.now()))
			for l.declare(ctx) != nil && ctx.Err() == nil {
				pause(ctx, askAgain)
			}
		}
		t := time.NewTimer(lookEvery)
		select {
		case <-t.C:
		case <-l.wake:
		case <-ctx.Done():
		}
		t.Stop()
	}
}

// errGone is what a server says that has another queue than the one that was made, or none: somebody emptied it, or it
// was started again without its file.
var errGone = errors.New("the queue is gone")

// tend takes back what dead workers have, and what a worker whose loop stands still has had for too long; it makes
// what is due wait, and writes on the board how the queue is.
func (l *lender) tend(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	switch made, err := l.client.Get(ctx, madeKey(l.own.Queue)).Result(); {
	case errors.Is(err, redis.Nil), err == nil && made != l.made:
		return errGone
	case err != nil:
		return err
	}
	for name, until := range l.died() {
		if err := backScript.Run(ctx, l.client, l.keys, group, 0, name).Err(); err != nil && !errors.Is(err, redis.Nil) {
			return err
		}
		if time.Now().After(until) {
			l.forget(name)
		}
	}
	p := l.client.Pipeline()
	backScript.Eval(ctx, p, l.keys, group, l.own.AckWait.Milliseconds(), "")
	dueScript.Eval(ctx, p, l.keys)
	lent, again := p.XPending(ctx, l.keys[fresh-1], group), p.XPending(ctx, l.keys[back-1], group)
	open := p.ZCard(ctx, l.keys[2])
	oldest := p.ZRangeWithScores(ctx, l.keys[2], 0, 0)
	clock := p.Time(ctx)
	if _, err := p.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
		return err
	}
	q := board.Queue{InFlight: int(lent.Val().Count + again.Val().Count)}
	q.Depth = max(0, int(open.Val())-q.InFlight)
	for _, z := range oldest.Val() {
		q.Oldest = max(0, time.Duration(clock.Val().UnixMilli()-int64(z.Score))*time.Millisecond)
	}
	l.board.Queue.Set(q, l.now())
	return nil
}

func (l *lender) died() map[string]time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.dead)
}

func (l *lender) forget(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.dead, name)
}

// GiveBack goes by what the server says that the worker has, which is all that the board knows of and more: what was on
// its way to it.
func (l *lender) GiveBack(owner uint64, _ []board.Loan) error {
	l.mu.Lock()
	l.dead[reader(l.board, owner)] = time.Now().Add(deadFor)
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default:
	}
	return nil
}

// Close gives back what the last workers had.
func (l *lender) Close() error {
	l.stop()
	<-l.looks
	err := l.tend(context.Background())
	if !refused(err) {
		err = nil // a server that is away gives it back after redis-ack-wait
	}
	return errors.Join(err, l.client.Close())
}
