package worker

import (
	"errors"
	"fmt"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A poller is an epoll descriptor with the listeners in it.
type poller struct {
	epfd      int
	wake      int
	listeners []int
	listening bool
}

func newPoller(wake int, listeners []int) (*poller, error) {
	epfd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("make a poller: %w", err)
	}
	p := &poller{epfd: epfd, wake: wake, listeners: listeners}
	if err := p.add(wake, unix.EPOLLIN); err != nil {
		return nil, errors.Join(err, unix.Close(epfd))
	}
	return p, nil
}

func (p *poller) close() { _ = unix.Close(p.epfd) }

func (p *poller) add(fd int, events uint32) error {
	return unix.EpollCtl(p.epfd, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: events, Fd: int32(fd)})
}

func (p *poller) change(fd int, events uint32) error {
	return unix.EpollCtl(p.epfd, unix.EPOLL_CTL_MOD, fd, &unix.EpollEvent{Events: events, Fd: int32(fd)})
}

func (p *poller) remove(fd int) error {
	return unix.EpollCtl(p.epfd, unix.EPOLL_CTL_DEL, fd, nil)
}

// listen puts the listeners in or takes them out. EPOLLEXCLUSIVE: of all workers that wait for the same listener, not
// every one is woken for a connection.
func (p *poller) listen(on bool) {
	if on == p.listening {
		return
	}
	p.listening = on
	for _, fd := range p.listeners {
		if on {
			_ = p.add(fd, unix.EPOLLIN|unix.EPOLLEXCLUSIVE)
		} else {
			_ = p.remove(fd)
		}
	}
}

func (p *poller) wait(events []unix.EpollEvent, limit time.Duration) (int, error) {
	n, err := unix.EpollWait(p.epfd, events, int(limit.Milliseconds()))
	if errors.Is(err, unix.EINTR) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("wait for connections: %w", err)
	}
	return n, nil
}

// soonLimit is how long soon waits, milliseconds.
const soonLimit = 1

// soon waits for what comes at once, and does so without telling Go's scheduler: as long as requests come one after
// the other the scheduler's watchdog thread sees nothing to watch and sleeps, which saves a fifth of what a request
// costs. The scheduler has one processor less for the other threads meanwhile, so the wait is short. What the
// scheduler wants of this thread it asks by a signal, which ends the wait.
func (p *poller) soon(events []unix.EpollEvent) int {
	n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(p.epfd), uintptr(unsafe.Pointer(&events[0])),
		uintptr(len(events)), soonLimit, 0, 0)
	if errno != 0 {
		return 0 // a signal; anything else wait will meet too
	}
	return int(n)
}

func (p *poller) drainWake() {
	var count [8]byte
	_, _ = unix.Read(p.wake, count[:])
}

// noDelay sends small answers at once; it fails on unix sockets, which do so anyway.
func noDelay(fd int) { _ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1) }
