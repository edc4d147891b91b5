package redis

import (
	"context"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// An answer is a script that is to be run.
type answer struct {
	script *redis.Script
	keys   []string
	args   []any
}

// answers are sent in their order, many at once, for as long as it takes until the server has heard them.
type answers struct {
	client *redis.Client
	mu     sync.Mutex
	queued []answer
	more   chan struct{}
	stop   context.CancelFunc
	ended  chan struct{}
	over   chan struct{} // no more will come
}

// atOnce is how many are sent before the first is waited for.
const atOnce = 256

func newAnswers(c *redis.Client) *answers {
	ctx, stop := context.WithCancel(context.Background())
	a := &answers{client: c, more: make(chan struct{}, 1), stop: stop, ended: make(chan struct{}), over: make(chan struct{})}
	go a.send(ctx)
	return a
}

func (a *answers) add(s *redis.Script, keys []string, args ...any) {
	a.mu.Lock()
	a.queued = append(a.queued, answer{s, keys, args})
	a.mu.Unlock()
	select {
	case a.more <- struct{}{}:
	default:
	}
}

func (a *answers) send(ctx context.Context) {
	defer close(a.ended)
	for ctx.Err() == nil {
		a.mu.Lock()
		now := a.queued[:min(len(a.queued), atOnce)]
		a.mu.Unlock()
		if len(now) == 0 {
			select {
			case <-a.more:
				continue
			case <-ctx.Done():
			case <-a.over:
			}
			return
		}
		if !a.sent(ctx, now) {
			pause(ctx, askAgain)
			continue
		}
		a.mu.Lock()
		a.queued = a.queued[len(now):]
		a.mu.Unlock()
	}
}

// sent says whether the server heard them. What it refuses would be refused again.
func (a *answers) sent(ctx context.Context, all []answer) bool {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	p := a.client.Pipeline()
	for _, one := range all {
		// By its text: a server that was started again knows no script by its number.
		one.script.Eval(ctx, p, one.keys, one.args...)
	}
	results, err := p.Exec(ctx)
	if err == nil {
		return true
	}
	for _, r := range results {
		if err := r.Err(); err != nil && err != redis.Nil && !refused(err) {
			return false
		}
	}
	return true
}

// close waits until all were heard, for as long as limit.
func (a *answers) close(limit time.Duration) {
	close(a.over)
	t := time.NewTimer(limit)
	defer t.Stop()
	select {
	case <-a.ended:
	case <-t.C:
	}
	a.stop()
	<-a.ended
}
