package probe

import (
	"context"
	"sync"
	"time"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/kernel/proc"
	"github.com/hangtime-dev/hangtime/probe/discovery"
)

// A Probe watches until it is closed.
type Probe struct {
	watcher *watcher
	cancel  context.CancelFunc
	done    chan struct{}
}

// Watch begins to watch and returns when the workers that are there now are known. It goes on until ctx ends or Close
// is called.
func Watch(ctx context.Context, target discovery.Target, rec *history.Recorder) (*Probe, error) {
	return begin(ctx, "/proc", target, rec)
}

func begin(ctx context.Context, root proc.FS, target discovery.Target, rec *history.Recorder) (*Probe, error) {
	ctx, cancel := context.WithCancel(ctx)
	w, err := newWatcher(ctx, root, target, rec)
	if err != nil {
		cancel()
		return nil, err
	}
	p := &Probe{watcher: w, cancel: cancel, done: make(chan struct{})}
	w.tick(ctx, time.Now())
	var helpers sync.WaitGroup
	helpers.Go(func() {
		<-ctx.Done()
		w.waiter.Rouse()
	})
	go func() {
		defer close(p.done)
		w.run(ctx)
		helpers.Wait()
		w.close()
	}()
	return p, nil
}

// Ticked gets something each time that a look at everything is over and recorded: ten times a second, unless the
// machine is too busy. Who reads the records then needs no wake-up of its own, which costs more than the reading. It
// holds one: who is late misses the others.
func (p *Probe) Ticked() <-chan struct{} { return p.watcher.ticked }

// Ticks is how many looks at everything are over. Any goroutine may ask.
func (p *Probe) Ticks() int { return int(p.watcher.ticks.Load()) }

// Workers are those that live now, by place. Any goroutine may ask.
func (p *Probe) Workers() []Worker { return p.watcher.roster.published() }

// Close stops watching and waits until nothing more is recorded. A second call has no effect.
func (p *Probe) Close() {
	p.cancel()
	<-p.done
}
