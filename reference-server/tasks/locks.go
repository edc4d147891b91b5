package tasks

import (
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/reference-server/eventloop"
)

// A mutex is a lock for which an operating system thread waits in futex(2). sync.Mutex would let the thread do
// something else meanwhile, and say nothing of its owner: this one begins as glibc's pthread_mutex_t does, so that
// whoever watches a C program's locks sees this one's owner, too.
type mutex struct {
	word  atomic.Uint32 // 0 free, 1 taken, 2 taken and somebody waits
	_     uint32        // glibc's count of a recursive one
	owner atomic.Int32  // thread id; 0: nobody
}

const (
	futexWaitPrivate = 128 // FUTEX_WAIT | FUTEX_PRIVATE_FLAG
	futexWakePrivate = 129
)

// lock must be called on a thread that the caller keeps, and unlock on the same.
func (m *mutex) lock() {
	if !m.word.CompareAndSwap(0, 1) {
		for m.word.Swap(2) != 0 {
			// It returns at a wake, at a signal, and at once when the word has changed meanwhile: in each case the
			// word says what to do.
			_, _, _ = unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(&m.word)), futexWaitPrivate, 2, 0, 0, 0)
		}
	}
	m.owner.Store(int32(unix.Gettid()))
}

func (m *mutex) unlock() {
	m.owner.Store(0)
	if m.word.Swap(0) == 2 {
		_, _, _ = unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(&m.word)), futexWakePrivate, 1, 0, 0, 0)
	}
}

// locks is two jobs that take the same two locks, each holding its first for the task's duration before it takes its
// second. In the same order one waits for the other; with `lock-order: opposite` each holds what the other waits for,
// for ever, and whoever comes later waits behind them. Both are the pool's, and with `io: blocking` the second is the
// loop's own thread.
func (m *Manager) locks(r *run) {
	first, second := &m.pair[0], &m.pair[1]
	orders := [2][2]*mutex{{first, second}, {first, second}}
	if m.cfg.LockOrder == "opposite" {
		orders[1] = [2]*mutex{second, first}
	}
	loop, left := m.loop, new(atomic.Int32)
	left.Store(int32(len(orders)))
	job := func(order [2]*mutex) func() {
		return func() {
			takeBoth(order, r.Duration)
			if left.Add(-1) == 0 {
				// A closed loop wants to know nothing any more.
				_ = loop.CallSoonThreadsafe(eventloop.Callback{Label: r.Number, Run: func() { m.ended(r, nil) }})
			}
		}
	}
	if err := m.executor.Load().Submit(job(orders[0])); err != nil {
		m.ended(r, err)
		return
	}
	if m.cfg.IO == "blocking" {
		job(orders[1])()
		return
	}
	if err := m.executor.Load().Submit(job(orders[1])); err != nil {
		m.ended(r, err)
	}
}

func takeBoth(order [2]*mutex, hold time.Duration) {
	order[0].lock()
	defer order[0].unlock()
	_ = sleep(hold) // a sleep that fails only makes it shorter
	order[1].lock()
	order[1].unlock()
}
