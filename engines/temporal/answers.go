package temporal

import (
	"context"
	"sync"
	"time"
)

// answers are said beside whoever gives them, for as long as it takes until the server has heard each or will not.
type answers struct {
	ctx  context.Context
	stop context.CancelFunc
	open sync.WaitGroup
}

func newAnswers() *answers {
	ctx, stop := context.WithCancel(context.Background())
	return &answers{ctx: ctx, stop: stop}
}

// add has one said. What the server refuses it would refuse again: it has taken the attempt back meanwhile.
func (a *answers) add(say func(context.Context) error) {
	a.open.Go(func() {
		for a.ctx.Err() == nil {
			ctx, cancel := context.WithTimeout(a.ctx, askLimit)
			err := say(ctx)
			cancel()
			if err == nil || refused(err) {
				return
			}
			pause(a.ctx, askAgain)
		}
	})
}

// close waits until all were heard, for as long as limit.
func (a *answers) close(limit time.Duration) {
	late := time.AfterFunc(limit, a.stop)
	defer late.Stop()
	a.open.Wait()
	a.stop()
}
