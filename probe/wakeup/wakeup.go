// Package wakeup waits for whatever comes first: the next tick, the end of a process, or being told to stop.
package wakeup

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/kernel/eintr"
)

// A Waiter is an epoll instance that Go's own poller waits for: a goroutine that blocks in a system call of its own
// keeps Go's monitor thread turning, which costs more than all that is read in a tick. One goroutine may wait; any may
// call Rouse.
type Waiter struct {
	epoll int
	wake  int // eventfd: told to stop
	file  *os.File
	conn  syscall.RawConn
	buf   [32]unix.EpollEvent
	ended []int // pids that came up since the last call of Ended
}

// New prepares to wait.
func New() (*Waiter, error) {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("make an epoll instance: %w", err)
	}
	wake, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("make an eventfd: %w", err), unix.Close(epoll))
	}
	w := &Waiter{epoll: epoll, wake: wake}
	err = errors.Join(unix.SetNonblock(epoll, true), w.Watch(wake, 0))
	if err == nil {
		w.file = os.NewFile(uintptr(epoll), "ends of processes")
		if w.conn, err = w.file.SyscallConn(); err == nil {
			err = w.file.SetReadDeadline(time.Time{}) // fails where Go's poller does not take it
		}
	}
	if err != nil {
		closed := func() error { return unix.Close(epoll) }
		if w.file != nil {
			// The descriptor is its own: closed beside it, it would later close another's of the same number.
			closed = w.file.Close
		}
		return nil, errors.Join(fmt.Errorf("prepare to wait: %w", err), unix.Close(wake), closed())
	}
	return w, nil
}

// Watch makes fd end a wait when it becomes readable; pid is what Ended says then, 0: nothing.
func (w *Waiter) Watch(fd, pid int) error {
	return unix.EpollCtl(w.epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(pid)})
}

// Forget takes a descriptor out again.
func (w *Waiter) Forget(fd int) { _ = unix.EpollCtl(w.epoll, unix.EPOLL_CTL_DEL, fd, nil) }

// Rouse ends the wait, and every later one.
func (w *Waiter) Rouse() {
	_, _ = unix.Write(w.wake, []byte{1, 0, 0, 0, 0, 0, 0, 0}) // fails only when it is roused already
}

// Wait returns at the given time, when a process ended, or when roused.
func (w *Waiter) Wait(until time.Time) {
	if err := w.file.SetReadDeadline(until); err != nil {
		return
	}
	_ = w.conn.Read(func(uintptr) bool { return w.poll() }) // an error is the deadline
}

// poll notes what is there and says whether anything is.
func (w *Waiter) poll() bool {
	n, err := eintr.Retry(func() (int, error) { return unix.EpollWait(w.epoll, w.buf[:], 0) })
	if err != nil {
		return false
	}
	for _, ev := range w.buf[:max(n, 0)] {
		if ev.Fd > 0 {
			w.ended = append(w.ended, int(ev.Fd))
		}
	}
	return n > 0
}

// Ended are the processes that ended since the last call; a pid stands in it again until its descriptor is forgotten.
func (w *Waiter) Ended() []int {
	w.poll()
	ended := w.ended
	w.ended = w.ended[:0]
	return ended
}

// Close gives back what is open.
func (w *Waiter) Close() {
	_ = w.file.Close()
	unix.Close(w.wake)
}
