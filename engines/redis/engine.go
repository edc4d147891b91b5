package redis

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/hangtime-dev/hangtime/reference-server/lending"
	"github.com/hangtime-dev/hangtime/reference-server/tasks"
)

// Times of a worker's client.
const (
	putTry     = 500 * time.Millisecond
	putWindow  = 10 * time.Second // in which a task without a key that is sent again is known
	readFor    = time.Second
	closeLimit = time.Second
)

// An engine is lending.Engine.
type engine struct {
	client  *redis.Client
	reading *redis.Client // of its own: it is closed while it waits for tasks
	own     *Settings
	keys    []string
	limit   int
	reader  string
	answers *answers
	told    atomic.Pointer[tasks.Guarantees]

	stop  context.CancelFunc
	ended sync.WaitGroup
	room  chan struct{} // there may be room again
}

func newEngine(c *redis.Client, own *Settings, p tasks.Parts) *engine {
	options := *c.Options()
	e := &engine{client: c, reading: redis.NewClient(&options), own: own, keys: keys(own.Queue),
		limit: p.Config.TaskQueue, reader: reader(p.Board, p.Owner.Number), room: make(chan struct{}, 1)}
	e.answers = newAnswers(c)
	unknown := guarantees(own, nil)
	e.told.Store(&unknown)
	return e
}

func (e *engine) Start(room func() int, got func(lending.Delivery)) error {
	ctx, stop := context.WithCancel(context.Background())
	e.stop = stop
	e.ended.Go(func() { e.read(ctx, room, got) })
	e.ended.Go(func() { e.learn(ctx) })
	return nil
}

// read asks for as many tasks as there is room for, and never for more: what this worker has and is not at work on
// would wait with it although others are free.
func (e *engine) read(ctx context.Context, room func() int, got func(lending.Delivery)) {
	for ctx.Err() == nil {
		n := room()
		if n <= 0 {
			select {
			case <-e.room:
			case <-ctx.Done():
			}
			continue
		}
		// What came back has waited before. A question at two streams may be answered with as many of each, so the
		// one that waits asks only when nothing has come back.
		if !e.lend(ctx, got, n, -1, back) {
			e.lend(ctx, got, n, readFor, back, fresh)
		}
	}
}

// lend passes on what there is in some of the streams, at most n of each, and says whether there was something. block
// is for how long to wait for it; below 0: not.
func (e *engine) lend(ctx context.Context, got func(lending.Delivery), n int, block time.Duration, streams ...int) bool {
	args := redis.XReadGroupArgs{Group: group, Consumer: e.reader, Count: int64(n), Block: block}
	numbers := map[string]int{}
	for _, s := range streams {
		args.Streams = append(args.Streams, e.keys[s-1])
		numbers[e.keys[s-1]] = s
	}
	for range streams {
		args.Streams = append(args.Streams, ">")
	}
	all, err := e.reading.XReadGroup(ctx, &args).Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		pause(ctx, askAgain)
	}
	for _, s := range all {
		for _, m := range s.Messages {
			body, _ := m.Values["body"].(string)
			lent, _ := m.Values["lent"].(string)
			earlier, _ := strconv.Atoi(lent) // of one that another program put there: none
			got(lending.Delivery{Token: fmt.Sprintf("%d/%s", numbers[s.Stream], m.ID), Body: []byte(body), Earlier: earlier})
		}
	}
	return len(all) > 0
}

// learn asks how the server is set, until it has said so or refused to.
func (e *engine) learn(ctx context.Context) {
	for ctx.Err() == nil {
		set, err := persistence(ctx, e.client)
		if err == nil {
			g := guarantees(e.own, set)
			e.told.Store(&g)
		}
		if err == nil || refused(err) {
			return
		}
		pause(ctx, askLimit)
	}
}

func (e *engine) Ask() {
	select {
	case e.room <- struct{}{}:
	default:
	}
}

// Put sends until the server has said that it has it. When it says nothing it may have it all the same: then the task
// will be done although its request was refused.
func (e *engine) Put(s lending.Submission) (string, error) {
	seen, window := "id:"+s.ID, putWindow
	if s.Key != "" {
		seen, window = "key:"+s.Key, e.own.Window
	}
	all := append(e.keys[:len(e.keys):len(e.keys)], strings.TrimSuffix(e.keys[0], "tasks")+seen)
	for until := time.Now().Add(putLimit); ; {
		ctx, cancel := context.WithTimeout(context.Background(), putTry)
		first, err := putScript.Run(ctx, e.client, all, s.ID, s.Body, e.limit, window.Milliseconds(),
			s.Delay.Milliseconds()).Text()
		cancel()
		switch {
		case err == nil && first == "", full(err):
			return "", tasks.ErrFull
		case err == nil:
			return first, nil
		case refused(err):
			return "", fmt.Errorf("give the task to redis: %w", err)
		case time.Now().After(until):
			return "", tasks.ErrNoEngine
		}
		time.Sleep(askAgain) // to ask at once would only heat the processor
	}
}

// answer runs a script on a loan, whose token is its stream's number and its entry.
func (e *engine) answer(s *redis.Script, token string, more ...any) {
	stream, entry, _ := strings.Cut(token, "/")
	e.answers.add(s, e.keys, append([]any{group, stream, entry}, more...)...)
}

func (e *engine) Ended(token string) { e.answer(endedScript, token) }

func (e *engine) Again(token string, after time.Duration) {
	e.answer(againScript, token, after.Milliseconds())
}

func (e *engine) Aside(token, reason string, tries int) {
	e.answer(asideScript, token, e.limit, reason, tries)
}

// Runs makes the loans young again. What is not heard does no harm: it is said three times before it is missed.
func (e *engine) Runs(tokens []string) {
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), askLimit)
		defer cancel()
		for _, stream := range []int{fresh, back} {
			var entries []string
			for _, t := range tokens {
				if entry, ok := strings.CutPrefix(t, fmt.Sprintf("%d/", stream)); ok {
					entries = append(entries, entry)
				}
			}
			if len(entries) > 0 {
				e.client.XClaimJustID(ctx, &redis.XClaimArgs{Stream: e.keys[stream-1], Group: group, Consumer: e.reader,
					Messages: entries})
			}
		}
	}()
}

// Stop closes the connection that waits for tasks. What the server had just sent there it still counts as lent to this
// worker, and the arbiter gives it back with the rest.
func (e *engine) Stop() {
	e.stop()
	_ = e.reading.Close() // it was only read
	e.ended.Wait()
}

func (e *engine) Close() error {
	e.answers.close(closeLimit)
	return e.client.Close()
}

func (e *engine) Guarantees() tasks.Guarantees { return *e.told.Load() }
