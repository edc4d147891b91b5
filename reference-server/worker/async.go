package worker

import (
	"errors"
	"fmt"
	"runtime"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/reference-server/web"
)

// serveAsync is one thread for many connections, as gevent's worker: whoever blocks in a handler blocks them all.
func (w *Worker) serveAsync() error {
	if runtime.GOMAXPROCS(0) == 1 {
		runtime.GOMAXPROCS(2) // one for this thread, which keeps it while it waits in soon, one for the others
	}
	p, err := newPoller(w.wake, w.fds)
	if err != nil {
		return err
	}
	defer p.close()
	conns := map[int]*conn{}
	events := make([]unix.EpollEvent, 256)
	swept := w.clock.Now()
	for w.alive.Load() || len(conns) > 0 {
		now := w.turn()
		p.listen(w.alive.Load() && len(conns) < w.cfg.WorkerConnections)
		if !w.alive.Load() {
			w.stopListening()
		}
		n := p.soon(events)
		if n == 0 {
			if n, err = p.wait(events, w.asyncWait(len(conns))); err != nil {
				return err
			}
		}
		for _, e := range events[:n] {
			fd := int(e.Fd)
			switch c := conns[fd]; {
			case c != nil:
				if !w.serveConn(p, c, e.Events) {
					delete(conns, fd)
					w.conns.Add(-1)
					c.end()
				}
			case fd == w.wake:
				p.drainWake()
			default:
				if err := w.acceptAll(p, fd, conns); err != nil {
					return err
				}
			}
		}
		if n < len(events) && (now-swept > int64(sweepStep) || !w.alive.Load()) {
			swept = now
			w.sweep(p, conns, w.clock.Now())
		}
	}
	return nil
}

const sweepStep = 250 * time.Millisecond

func (w *Worker) asyncWait(conns int) time.Duration {
	if conns > 0 {
		return min(w.idleWait(), sweepStep)
	}
	return w.idleWait()
}

// sweep closes connections that were idle for longer than keep-alive. It comes after what is readable was served: on
// a machine without a free processor the thread itself may have been away for that long.
func (w *Worker) sweep(p *poller, conns map[int]*conn, now int64) {
	for fd, c := range conns {
		if c.held.until > 0 {
			if w.ripe(c, now) && !w.goOn(p, c) {
				delete(conns, fd)
				w.conns.Add(-1)
				c.end()
			}
			continue
		}
		if now-c.last > int64(w.cfg.KeepAlive) && !c.readable() {
			delete(conns, fd)
			w.conns.Add(-1)
			c.end()
		}
	}
}

func (w *Worker) acceptAll(p *poller, listener int, conns map[int]*conn) error {
	for len(conns) < w.cfg.WorkerConnections {
		fd, ok, err := accept(listener, unix.SOCK_NONBLOCK)
		if err != nil || !ok {
			return err
		}
		noDelay(fd)
		c := &conn{fd: fd, raw: true, last: w.clock.Now()}
		conns[fd] = c
		w.conns.Add(1)
		if err := p.add(fd, unix.EPOLLIN); err != nil {
			return err
		}
	}
	return nil
}

// serveConn is false when the connection is over.
func (w *Worker) serveConn(p *poller, c *conn, events uint32) bool {
	if c.held.until > 0 && events&(unix.EPOLLIN|unix.EPOLLHUP|unix.EPOLLERR) != 0 {
		n, err := c.read() // what it sends meanwhile waits, its end does not
		return n > 0 && len(c.in) <= web.MaxHeader+web.MaxBody || errors.Is(err, unix.EAGAIN)
	}
	if len(c.out) == 0 && events&(unix.EPOLLIN|unix.EPOLLHUP|unix.EPOLLERR) != 0 {
		n, err := c.read()
		if err != nil {
			return errors.Is(err, unix.EAGAIN)
		}
		if n == 0 {
			return false
		}
		c.last = w.clock.Now()
		w.stepAll(c)
	}
	if err := c.write(); errors.Is(err, unix.EAGAIN) {
		return p.change(c.fd, unix.EPOLLOUT) == nil
	} else if err != nil {
		return false
	}
	if events&unix.EPOLLOUT != 0 && p.change(c.fd, unix.EPOLLIN) != nil {
		return false
	}
	return !c.close || c.held.until > 0
}

// stepAll answers what has come, up to a request that is answered later.
func (w *Worker) stepAll(c *conn) {
	for !c.close && len(c.in) > 0 && c.held.until == 0 && w.step(c, true) {
	}
}

// goOn writes what became due of a held request, and when that is over answers what came behind it; false: the
// connection is over.
func (w *Worker) goOn(p *poller, c *conn) bool {
	if c.held.until == 0 {
		w.stepAll(c)
	}
	return w.serveConn(p, c, 0)
}

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
