package probe

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/history"
)

// A Target is a server to watch.
type Target struct {
	Arbiter int    // the process whose children are the workers
	Address string // "127.0.0.1:8000": where it listens; empty: no sockets are looked at
}

// A Worker is one process of the server that lives.
type Worker struct {
	Place int           // from 1
	PID   int           //
	Start uint64        // clock ticks since boot: with the pid, its identity
	Born  time.Duration // the same on the run's clock
}

const (
	sampleEvery = 100 * time.Millisecond
	// lookTwice is the time between the two looks at a suspicious worker.
	lookTwice = 50 * time.Millisecond
)

// A Probe watches until it is closed.
type Probe struct {
	cancel context.CancelFunc
	done   chan struct{}
	wake   int // eventfd: ends the wait for the next tick; closed with done

	mu      sync.Mutex
	workers []Worker
}

// Watch begins to watch and returns when the workers that are there now are known. It goes on until ctx ends or Close is called.
func Watch(ctx context.Context, target Target, rec *history.Recorder) (*Probe, error) {
	return watch(ctx, "/proc", target, rec)
}

func watch(ctx context.Context, root proc, target Target, rec *history.Recorder) (*Probe, error) {
	if _, err := root.stat(target.Arbiter); err != nil {
		return nil, fmt.Errorf("look at the arbiter, process %d: %w", target.Arbiter, err)
	}
	wake, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("make an eventfd: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	p := &Probe{cancel: cancel, done: make(chan struct{}), wake: wake}
	w := &watcher{
		proc: root, target: target, rec: rec, probe: p, clocks: startCPUClocks(ctx, root),
		finder: holderFinder{root, map[holderKey]foundHolders{}}, said: map[string]bool{},
	}
	if target.Address != "" {
		if err := w.openSockets(); err != nil {
			cancel()
			w.clocks.wait()
			unix.Close(wake)
			return nil, err
		}
	}
	w.tick(ctx, time.Now())
	var helpers sync.WaitGroup
	helpers.Go(func() {
		<-ctx.Done()
		p.rouse()
	})
	go func() {
		defer close(p.done)
		w.run(ctx)
		w.clocks.wait()
		helpers.Wait()
		w.close()
		unix.Close(wake)
	}()
	return p, nil
}

func (w *watcher) openSockets() error {
	address, err := netip.ParseAddrPort(w.target.Address)
	if err != nil {
		return fmt.Errorf("address of the server: %w", err)
	}
	w.sockets, err = openConnections(address.Port())
	return err
}

// rouse ends the wait for the next tick.
func (p *Probe) rouse() {
	one := []byte{1, 0, 0, 0, 0, 0, 0, 0}
	_, _ = unix.Write(p.wake, one) // fails only when it is roused already
}

// Workers are those that live now, by place. Any goroutine may ask.
func (p *Probe) Workers() []Worker {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]Worker(nil), p.workers...)
}

// Close stops watching and waits until nothing more is recorded. A second call has no effect.
func (p *Probe) Close() {
	p.cancel()
	<-p.done
}
