package http1

import (
	"fmt"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// readable are the events after which a read says something.
const readable = unix.EPOLLIN | unix.EPOLLRDHUP | unix.EPOLLHUP | unix.EPOLLERR

// watched is what each connection is registered for, once: edge triggered, so that no call is needed between hits.
const watched = unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLRDHUP | unix.EPOLLET

// A poller waits for sockets with the precision of the kernel's timers. epoll_wait(2), which Go's own network poller
// uses, counts in milliseconds: at 5,000/s it sends five hits at a time.
type poller struct {
	fd     int
	wake   *waker
	coarse bool
	events [256]unix.EpollEvent
}

// A waker ends the wait of a poller; any goroutine may call stir, at any time.
type waker struct {
	mu   sync.Mutex
	fd   int // an eventfd
	open bool
}

func (w *waker) stir() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.open {
		one := [8]byte{1}
		_, _ = unix.Write(w.fd, one[:]) // full means that it is awake already
	}
}

func newPoller(w *waker) (*poller, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("epoll_create1: %w", err)
	}
	wake, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("eventfd: %w", err)
	}
	w.mu.Lock()
	w.fd, w.open = wake, true
	w.mu.Unlock()
	p := &poller{fd: fd, wake: w}
	if err := unix.EpollCtl(fd, unix.EPOLL_CTL_ADD, wake, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: -1}); err != nil {
		p.close()
		return nil, fmt.Errorf("epoll_ctl: %w", err)
	}
	return p, nil
}

func (p *poller) close() {
	p.wake.mu.Lock()
	p.wake.open = false
	unix.Close(p.wake.fd)
	p.wake.mu.Unlock()
	unix.Close(p.fd)
}

func (p *poller) calm() {
	var n [8]byte
	_, _ = unix.Read(p.wake.fd, n[:])
}

// add registers a connection; gen tells its events from those of one that had the same place before.
func (p *poller) add(fd int, index int32, gen uint32) error {
	ev := unix.EpollEvent{Events: watched, Fd: index, Pad: int32(gen)}
	_, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_CTL, uintptr(p.fd), unix.EPOLL_CTL_ADD, uintptr(fd),
		uintptr(unsafe.Pointer(&ev)), 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// peek returns what is ready now.
func (p *poller) peek() []unix.EpollEvent {
	n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(p.fd), uintptr(unsafe.Pointer(&p.events)),
		uintptr(len(p.events)), 0, 0, 0)
	if errno != 0 {
		return nil
	}
	return p.events[:n]
}

// wait returns what is ready, after at most d. It may return nothing before: Go's scheduler interrupts a thread that it
// has not heard of for 10 ms.
//
// The call is raw although it blocks. Told of each wait, the scheduler hands the thread's place on, wakes its monitor
// by a futex and has it look around every 20 µs for the next millisecond: at 1,000 hits a second that costs ten times
// what the hits do. Garbage collection stops the thread by a signal, which ends the wait.
func (p *poller) wait(d time.Duration) []unix.EpollEvent {
	var n uintptr
	var errno unix.Errno
	if !p.coarse {
		ts := unix.NsecToTimespec(int64(max(d, 0)))
		n, _, errno = unix.RawSyscall6(unix.SYS_EPOLL_PWAIT2, uintptr(p.fd), uintptr(unsafe.Pointer(&p.events)),
			uintptr(len(p.events)),
			uintptr(unsafe.Pointer(&ts)), 0, 0)
		p.coarse = errno == unix.ENOSYS // before Linux 5.11
	}
	if p.coarse {
		n, _, errno = unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(p.fd), uintptr(unsafe.Pointer(&p.events)),
			uintptr(len(p.events)),
			uintptr((d+time.Millisecond-1)/time.Millisecond), 0, 0)
	}
	if errno != 0 {
		return nil
	}
	return p.events[:n]
}

// sleep sleeps, then returns what is ready. It ends early where a signal comes. Raw for the reason that wait gives.
func (p *poller) sleep(d time.Duration) []unix.EpollEvent {
	ts := unix.NsecToTimespec(int64(max(d, 0)))
	_, _, _ = unix.RawSyscall(unix.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&ts)), 0, 0)
	return p.peek()
}
