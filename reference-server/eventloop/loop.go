// Package eventloop is a single-threaded event loop with asyncio's words, on one real thread: a callback that blocks,
// blocks that thread in the kernel, where it can be seen. It is no scheduler: nothing interrupts a callback.
package eventloop

import (
	"container/heap"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// ErrClosed is what a closed loop says. A loop that was stopped and not closed says nothing and keeps what it is
// given for ever, as asyncio's does.
var ErrClosed = errors.New("event loop is closed")

// idleTurn is how long the loop waits at most before it turns: an idle loop gives a sign of life so often.
const idleTurn = 250 * time.Millisecond

// Options are what a loop tells others. All functions are called on the loop's thread.
type Options struct {
	Name  string                                 // of its thread
	Now   func() int64                           // CLOCK_MONOTONIC, nanoseconds
	Turn  func(now int64)                        // at every turn
	Slow  func(label uint64, took time.Duration) // a callback took longer than Limit
	Limit time.Duration                          // 0: 100 ms, as asyncio
	// How long a callback waited for the loop: since it was ready, or its timer was due.
	Lag    func(late time.Duration)
	Failed func(label uint64, problem any) // a callback panicked; the loop goes on
	Busy   func(since int64)               // a callback begins (its time) or the loop waits (0)
}

// A Loop runs callbacks one after the other.
type Loop struct {
	opts   Options
	epfd   int
	evfd   int
	timers timers // touched by the loop's thread alone
	batch  []Callback
	exit   error

	mu       sync.Mutex
	ready    []Callback
	sleeping bool // the loop's thread waits in epoll_wait: whoever adds work must wake it
	stopping bool
	closed   bool

	running atomic.Bool
	tid     atomic.Int64
}

// New makes a loop that does not run yet.
func New(opts Options) (*Loop, error) {
	if opts.Limit == 0 {
		opts.Limit = 100 * time.Millisecond
	}
	epfd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("make an event loop: %w", err)
	}
	evfd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		_ = unix.Close(epfd)
		return nil, fmt.Errorf("make an event loop: %w", err)
	}
	if err := unix.EpollCtl(epfd, unix.EPOLL_CTL_ADD, evfd,
		&unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(evfd)}); err != nil {
		return nil, errors.Join(fmt.Errorf("make an event loop: %w", err), unix.Close(epfd), unix.Close(evfd))
	}
	return &Loop{opts: opts, epfd: epfd, evfd: evfd}, nil
}

// RunForever makes the calling goroutine the loop until Stop; the goroutine stays on its thread for good, so it must
// be one that was made for this.
func (l *Loop) RunForever() error {
	LockThread(l.opts.Name)
	l.tid.Store(int64(unix.Gettid()))
	l.running.Store(true)
	defer l.running.Store(false)
	events := make([]unix.EpollEvent, 8)
	for {
		now := l.opts.Now()
		if l.opts.Turn != nil {
			l.opts.Turn(now)
		}
		wait, stop := l.collect(now)
		if stop {
			return nil
		}
		if wait != 0 {
			if _, err := unix.EpollWait(l.epfd, events, wait); err != nil && !errors.Is(err, unix.EINTR) {
				return fmt.Errorf("event loop: epoll_wait: %w", err)
			}
			l.awake()
		}
		l.due(l.opts.Now())
		l.run()
		if l.exit != nil {
			return l.exit
		}
	}
}

// Exit ends the loop after the callbacks of this turn, as an exception that is no Exception ends run_forever: what
// waits is left. Only callbacks of this loop may call it.
func (l *Loop) Exit(why error) { l.exit = why }

// call keeps one callback's panic from ending the others.
func (l *Loop) call(c Callback) {
	defer func() {
		if problem := recover(); problem != nil && l.opts.Failed != nil {
			l.opts.Failed(c.Label, problem)
		}
	}()
	c.Run()
}

// collect takes what is ready, and says how many milliseconds the loop may wait.
func (l *Loop) collect(now int64) (wait int, stop bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stopping {
		l.stopping = false
		return 0, true
	}
	l.batch, l.ready = l.ready, l.batch[:0]
	if len(l.batch) > 0 {
		return 0, false
	}
	limit := idleTurn
	if len(l.timers) > 0 {
		limit = min(limit, max(0, time.Duration(l.timers[0].due-now)))
	}
	l.sleeping = limit > 0
	// Rounded up: a millisecond early would be a turn for nothing.
	return int((limit + time.Millisecond - 1) / time.Millisecond), false
}

func (l *Loop) awake() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.sleeping {
		var count [8]byte
		_, _ = unix.Read(l.evfd, count[:]) // somebody woke it: the counter goes back to 0
	}
	l.sleeping = false
	l.batch, l.ready = l.ready, l.batch[:0]
}

// due moves timers that have run out behind what is ready.
func (l *Loop) due(now int64) {
	for len(l.timers) > 0 && l.timers[0].due <= now {
		t := heap.Pop(&l.timers).(*Timer)
		t.callback.since = t.due
		l.batch = append(l.batch, t.callback)
	}
}

func (l *Loop) run() {
	if len(l.batch) == 0 {
		return
	}
	began := l.opts.Now()
	for i, c := range l.batch {
		if l.opts.Busy != nil {
			l.opts.Busy(began)
		}
		if l.opts.Lag != nil {
			l.opts.Lag(time.Duration(max(0, began-c.since)))
		}
		l.call(c)
		l.batch[i] = Callback{}
		ended := l.opts.Now()
		if took := time.Duration(ended - began); took > l.opts.Limit && l.opts.Slow != nil {
			l.opts.Slow(c.Label, took)
		}
		began = ended
	}
	if l.opts.Busy != nil {
		l.opts.Busy(0)
	}
}

// CallSoon runs c at the next turn. Only callbacks of this loop may call it: it wakes nobody.
func (l *Loop) CallSoon(c Callback) {
	c.since = l.opts.Now()
	l.mu.Lock()
	l.ready = append(l.ready, c)
	l.mu.Unlock()
}

// CallSoonThreadsafe is CallSoon for every other thread.
func (l *Loop) CallSoonThreadsafe(c Callback) error {
	c.since = l.opts.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return ErrClosed
	}
	l.ready = append(l.ready, c)
	l.wake()
	return nil
}

// CallLater runs c after d. Only callbacks of this loop may call it.
func (l *Loop) CallLater(d time.Duration, c Callback) *Timer {
	t := &Timer{due: l.opts.Now() + int64(d), callback: c}
	heap.Push(&l.timers, t)
	return t
}

// Cancel forgets t, whether it ran or not. Only callbacks of this loop may call it.
func (l *Loop) Cancel(t *Timer) {
	if t != nil && t.index >= 0 {
		heap.Remove(&l.timers, t.index)
	}
}

// wake is called with the mutex held.
func (l *Loop) wake() {
	if !l.sleeping {
		return
	}
	l.sleeping = false
	one := [8]byte{1}
	_, _ = unix.Write(l.evfd, one[:]) // it fails only when the counter is full, and then the loop wakes anyway
}

// Stop lets the loop end after the callback that runs now; what is ready stays. From any thread.
func (l *Loop) Stop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stopping = true
	l.wake()
}

// Running says whether RunForever runs.
func (l *Loop) Running() bool { return l.running.Load() }

// TID is the loop's thread; 0 before it ran.
func (l *Loop) TID() int { return int(l.tid.Load()) }

// Waiting is how many callbacks are ready and were not yet taken.
func (l *Loop) Waiting() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.ready)
}

// Close gives the loop's descriptors back and makes it refuse work; it must have stopped.
func (l *Loop) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	l.closed = true
	l.ready = nil
	return errors.Join(unix.Close(l.epfd), unix.Close(l.evfd))
}
