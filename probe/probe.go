package probe

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/kernel/bpf"
	"github.com/hangtime-dev/hangtime/kernel/clock"
	"github.com/hangtime-dev/hangtime/kernel/proc"
	"github.com/hangtime-dev/hangtime/kernel/procevents"
	"github.com/hangtime-dev/hangtime/kernel/sockdiag"
	"github.com/hangtime-dev/hangtime/probe/waits"
)

// A Target is a server to watch.
type Target struct {
	Arbiter int    // the process whose children are the workers
	Address string // "127.0.0.1:8000" or "unix:/run/app.sock": where it listens; empty: no sockets are looked at
	Single  bool   // the arbiter is itself the only worker

	Others []string // further addresses where it listens
	Netns  string   // its network namespace as a path; empty: our own
	Query  bool     // the part of a request's address behind "?" may be recorded

	HangAfter time.Duration // as in history.ServerStarted; the probe makes nothing of it
}

// addresses are all where it listens.
func (t Target) addresses() []string {
	if t.Address == "" {
		return t.Others
	}
	return append([]string{t.Address}, t.Others...)
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
	ticked chan struct{} // holds one

	mu      sync.Mutex
	workers []Worker
}

// Watch begins to watch and returns when the workers that are there now are known. It goes on until ctx ends or Close is called.
func Watch(ctx context.Context, target Target, rec *history.Recorder) (*Probe, error) {
	return watch(ctx, "/proc", target, rec)
}

func watch(ctx context.Context, root proc.FS, target Target, rec *history.Recorder) (*Probe, error) {
	ctx, cancel := context.WithCancel(ctx)
	w, err := newWatcher(ctx, root, target, rec)
	if err != nil {
		cancel()
		return nil, err
	}
	p := &Probe{cancel: cancel, done: make(chan struct{}), ticked: make(chan struct{}, 1)}
	w.probe = p
	w.tick(ctx, time.Now())
	var helpers sync.WaitGroup
	helpers.Go(func() {
		<-ctx.Done()
		w.waiter.rouse()
	})
	go func() {
		defer close(p.done)
		w.run(ctx)
		helpers.Wait()
		w.close()
	}()
	return p, nil
}

// Ticked gets something each time that a look at everything is over and recorded: ten times a second, unless the machine is too busy. Who reads the records then needs no
// wake-up of its own, which costs more than the reading. It holds one: who is late misses the others.
func (p *Probe) Ticked() <-chan struct{} { return p.ticked }

// newWatcher prepares to watch; ctx must end before the watcher is closed.
func newWatcher(ctx context.Context, root proc.FS, target Target, rec *history.Recorder) (*watcher, error) {
	if _, err := root.Stat(target.Arbiter); err != nil {
		return nil, fmt.Errorf("look at the arbiter, process %d: %w", target.Arbiter, err)
	}
	waiter, err := newWaiter()
	if err != nil {
		return nil, err
	}
	var sockets *connections
	if len(target.addresses()) > 0 {
		if sockets, err = openSockets(target); err != nil {
			waiter.close()
			return nil, err
		}
	}
	var tap *bpf.Signals
	var family *procevents.Listener
	if root == "/proc" {
		if tap, err = bpf.OpenSignals(); err != nil {
			tap = nil // then who sent a signal is inferred; hangtime doctor says what it takes
		}
		if family, err = procevents.Open(target.Arbiter); err != nil {
			family = nil // then births are seen at the next tick, and how others' children ended where the kernel tells it otherwise
		} else if waiter.watch(family.FD(), 0) != nil {
			family.Close()
			family = nil
		}
	}
	w := &watcher{
		tap: tap, family: family, proc: root, target: target, rec: rec, waiter: waiter, brood: proc.ChildrenOf(root, target.Arbiter), clocks: clock.Start(ctx, root), sockets: sockets,
		groups: newGroups(root), languages: languages(),
		refused: map[int]time.Time{}, goExe: map[string]bool{}, line: make([]byte, 1024), said: map[string]bool{}, probe: &Probe{},
	}
	w.waits = waits.New(root, target.Netns, func(what string, err error) {
		if errors.Is(err, os.ErrPermission) {
			w.unreadable(err, what)
		} else {
			w.trouble(what, err)
		}
	})
	return w, nil
}

// openSockets opens what tells of the sockets at each address of the server.
func openSockets(target Target) (*connections, error) {
	all := sources{}
	for _, address := range target.addresses() {
		one, err := openSource(target.Netns, address)
		if err != nil {
			all.Close()
			return nil, err
		}
		all = append(all, one)
	}
	return openConnections(all), nil
}

func openSource(netns, address string) (source, error) {
	if name, ok := strings.CutPrefix(address, "unix:"); ok {
		return sockdiag.OpenUnix(netns, name)
	}
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return nil, fmt.Errorf("address of the server: %w", err)
	}
	return sockdiag.OpenInet(netns, at.Port())
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
