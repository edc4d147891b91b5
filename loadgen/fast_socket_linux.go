package loadgen

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The system calls of the loop. Those that cannot block are made raw: telling Go's scheduler about each costs a tenth of a hit.

// readable are the events after which a read says something.
const readable = unix.EPOLLIN | unix.EPOLLRDHUP | unix.EPOLLHUP | unix.EPOLLERR

// watched is what each connection is registered for, once: edge triggered, so that no call is needed between hits.
const watched = unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLRDHUP | unix.EPOLLET

// send writes to a socket without blocking and without SIGPIPE.
func send(fd int, p []byte) (int, unix.Errno) {
	for {
		n, _, errno := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), unix.MSG_NOSIGNAL|unix.MSG_DONTWAIT, 0, 0)
		if errno != unix.EINTR {
			return int(n), errno
		}
	}
}

// receive reads from a socket without blocking.
func receive(fd int, p []byte) (int, unix.Errno) {
	for {
		n, _, errno := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), unix.MSG_DONTWAIT, 0, 0)
		if errno != unix.EINTR {
			return int(n), errno
		}
	}
}

// closeSocket closes at once; the kernel goes on sending what was written.
func closeSocket(fd int) { _, _, _ = unix.RawSyscall(unix.SYS_CLOSE, uintptr(fd), 0, 0) }

// A poller waits for sockets with the precision of the kernel's timers. epoll_wait(2), which Go's own network poller uses, counts in milliseconds:
// at 5,000/s it sends five hits at a time.
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
	_, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_CTL, uintptr(p.fd), unix.EPOLL_CTL_ADD, uintptr(fd), uintptr(unsafe.Pointer(&ev)), 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// peek returns what is ready now.
func (p *poller) peek() []unix.EpollEvent {
	n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(p.fd), uintptr(unsafe.Pointer(&p.events)), uintptr(len(p.events)), 0, 0, 0)
	if errno != 0 {
		return nil
	}
	return p.events[:n]
}

// wait returns what is ready, after at most d. It may return nothing before: Go's scheduler interrupts a thread that it has not heard of for 10 ms.
//
// The call is raw although it blocks. Told of each wait, the scheduler hands the thread's place on, wakes its monitor by a futex and has it look around every
// 20 µs for the next millisecond: at 1,000 hits a second that costs ten times what the hits do. Garbage collection stops the thread by a signal, which ends the wait.
func (p *poller) wait(d time.Duration) []unix.EpollEvent {
	var n uintptr
	var errno unix.Errno
	if !p.coarse {
		ts := unix.NsecToTimespec(int64(max(d, 0)))
		n, _, errno = unix.RawSyscall6(unix.SYS_EPOLL_PWAIT2, uintptr(p.fd), uintptr(unsafe.Pointer(&p.events)), uintptr(len(p.events)), uintptr(unsafe.Pointer(&ts)), 0, 0)
		p.coarse = errno == unix.ENOSYS // before Linux 5.11
	}
	if p.coarse {
		n, _, errno = unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(p.fd), uintptr(unsafe.Pointer(&p.events)), uintptr(len(p.events)), uintptr((d+time.Millisecond-1)/time.Millisecond), 0, 0)
	}
	if errno != 0 {
		return nil
	}
	return p.events[:n]
}

// threadCPU is the processor time of the calling thread (CLOCK_THREAD_CPUTIME_ID, clock_gettime(2)).
func threadCPU() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts); err != nil {
		return 0
	}
	return time.Duration(ts.Nano())
}

// An address is one that a server's name stands for.
type address struct {
	family int
	to     unix.Sockaddr
	text   string
}

// dial begins a connection; it is usually not there yet when it returns.
func (a *address) dial() (fd int, connected bool, err error) {
	fd, err = unix.Socket(a.family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, false, fmt.Errorf("socket: %w", err)
	}
	if a.family != unix.AF_UNIX {
		// Without it the end of a large request waits for the server's acknowledgement (Nagle).
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	}
	switch err = unix.Connect(fd, a.to); err {
	case nil:
		return fd, true, nil
	case unix.EINPROGRESS:
		return fd, false, nil
	}
	closeSocket(fd)
	return -1, false, fmt.Errorf("connect to %s: %w", a.text, err)
}

// connectError is why a connection did not come about.
func connectError(fd int, a *address) error {
	n, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err == nil && n != 0 {
		err = unix.Errno(n)
	}
	if err == nil {
		err = unix.ECONNRESET
	}
	return fmt.Errorf("connect to %s: %w", a.text, err)
}

// localPort is our end of a connection; 0 where it has none.
func localPort(fd int) uint16 {
	sa, err := unix.Getsockname(fd)
	if err != nil {
		return 0
	}
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return uint16(sa.Port)
	case *unix.SockaddrInet6:
		return uint16(sa.Port)
	}
	return 0
}

// mostAddresses of one name are tried.
const mostAddresses = 64

// resolve finds all addresses of host:port, in the resolver's order; socket is a unix socket's path, which goes before.
func resolve(ctx context.Context, hostport, socket string, resolver *net.Resolver) ([]address, error) {
	if socket != "" {
		return []address{{unix.AF_UNIX, &unix.SockaddrUnix{Name: socket}, socket}}, nil
	}
	host, portText, err := net.SplitHostPort(hostport)
	if err != nil {
		return nil, err
	}
	port, err := resolver.LookupPort(ctx, "tcp", portText)
	if err != nil {
		return nil, err
	}
	ips, err := resolver.LookupIPAddr(ctx, host)
	if err != nil {
		return nil, err
	}
	var all []address
	for _, ip := range ips[:min(len(ips), mostAddresses)] {
		text := net.JoinHostPort(ip.String(), strconv.Itoa(port))
		if v4 := ip.IP.To4(); v4 != nil {
			all = append(all, address{unix.AF_INET, &unix.SockaddrInet4{Port: port, Addr: [4]byte(v4)}, text})
			continue
		}
		to := &unix.SockaddrInet6{Port: port, Addr: [16]byte(ip.IP.To16())}
		if zone, err := net.InterfaceByName(ip.Zone); err == nil {
			to.ZoneId = uint32(zone.Index)
		}
		all = append(all, address{unix.AF_INET6, to, text})
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s has no address", host)
	}
	return all, nil
}
