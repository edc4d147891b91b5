package tasks

import (
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
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

// lockOrders is in which order each of two jobs takes the pair; with `lock-order: opposite` each takes first what the
// other takes last.
func lockOrders(pair *[2]mutex, opposite bool) [2][2]*mutex {
	first, second := &pair[0], &pair[1]
	orders := [2][2]*mutex{{first, second}, {first, second}}
	if opposite {
		orders[1] = [2]*mutex{second, first}
	}
	return orders
}

// takeBoth takes two locks, and holds the first for a time before it takes the second.
func takeBoth(order [2]*mutex, between time.Duration) {
	order[0].lock()
	defer order[0].unlock()
	_ = sleep(between) // a sleep that fails only makes it shorter
	order[1].lock()
	order[1].unlock()
}
