// Package procevents hears of births and ends of processes when they happen, by the kernel's process events
// (<linux/cn_proc.h>, the kernel's Documentation/driver-api/connector.rst).
package procevents

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// A Listener hears of the children that a process makes and of their ends. It tells how a child ended also where
// nobody else may ask: before Linux 6.15 only the parent itself may. One goroutine may use it.
type Listener struct {
	fd   int
	buf  [256]byte
	ends map[int]unix.WaitStatus
	born map[int]time.Time // heard of in the last second
}

// Where things lie in a message: struct nlmsghdr of 16 bytes, struct cn_msg of 20, struct proc_event: its kind, a
// processor, a time, and what it is about.
const (
	eventWhat  = 36
	eventData  = 52
	eventLeast = eventData + 24

	eventNone = 0 // the answer to a request
	eventFork = 1
	eventExit = 1 << 31

	connectorProcess = 1 // CN_IDX_PROC and CN_VAL_PROC
	connectorListen  = 1 // PROC_CN_MCAST_LISTEN
	connectorIgnore  = 2 // PROC_CN_MCAST_IGNORE
)

// An event is one birth or end.
type event struct {
	pid    int
	ended  bool
	status unix.WaitStatus // of an end
}

// Open needs CAP_NET_ADMIN (root) in the machine's first user and pid namespaces, and a kernel with CONFIG_PROC_EVENTS.
func Open(parent int) (_ *Listener, err error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_CONNECTOR)
	if err != nil {
		return nil, fmt.Errorf("open a socket to the kernel's connector: %w", err)
	}
	c := &Listener{fd: fd, ends: map[int]unix.WaitStatus{}, born: map[int]time.Time{}}
	defer func() {
		if err != nil {
			unix.Close(fd)
		}
	}()
	// The machine's other processes are nothing to wake for.
	filter, err := ofParent(uint32(parent))
	if err != nil {
		return nil, err
	}
	if err := unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER,
		&unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}); err != nil {
		return nil, fmt.Errorf("filter process events: %w", err)
	}
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: connectorProcess}); err != nil {
		return nil, fmt.Errorf("listen to process events: %w", err)
	}
	if err := c.ask(connectorListen); err != nil {
		return nil, fmt.Errorf("ask for process events: %w", err)
	}
	// The answer is there when the request returns. In a namespace there is none.
	if n, err := unix.Read(fd, c.buf[:]); err != nil || n < eventWhat+4 {
		return nil, errors.New("the kernel does not answer (it has no process events, or this is a container)")
	}
	return c, nil
}

// ask sends one request.
func (c *Listener) ask(op uint32) error {
	var m []byte
	put32 := func(v uint32) { m = binary.NativeEndian.AppendUint32(m, v) }
	put16 := func(v uint16) { m = binary.NativeEndian.AppendUint16(m, v) }
	put32(16 + 20 + 4)
	put16(unix.NLMSG_DONE)
	put16(0)
	put32(0)
	put32(0)
	put32(connectorProcess)
	put32(connectorProcess)
	put32(0)
	put32(0)
	put16(4)
	put16(0)
	put32(op)
	return unix.Sendto(c.fd, m, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK})
}

// ofParent lets births and ends of a process's children pass, and answers. A filter reads numbers as the network
// writes them.
func ofParent(parent uint32) ([]unix.SockFilter, error) {
	number := func(v uint32) uint32 { return binary.BigEndian.Uint32(binary.NativeEndian.AppendUint32(nil, v)) }
	load := func(at uint32) bpf.Instruction { return bpf.LoadAbsolute{Off: at, Size: 4} }
	const pass, drop = 256, 0
	raw, err := bpf.Assemble([]bpf.Instruction{
		load(eventWhat),
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: number(eventExit), SkipTrue: 8},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: number(eventNone), SkipTrue: 14},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: number(eventFork), SkipTrue: 14},
		// A birth: of which process, and no thread's.
		load(eventData + 4), // parent's tgid
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: number(parent), SkipTrue: 12},
		load(eventData + 8), // child's pid
		bpf.TAX{},
		load(eventData + 12), // child's tgid
		bpf.JumpIfX{Cond: bpf.JumpEqual, SkipTrue: 7, SkipFalse: 8},
		// An end: the same.
		load(eventData), // pid
		bpf.TAX{},
		load(eventData + 4), // tgid
		bpf.JumpIfX{Cond: bpf.JumpNotEqual, SkipTrue: 4},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: number(parent), SkipTrue: 2}, // where it is itself the only worker
		load(eventData + 20), // parent's tgid
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: number(parent), SkipTrue: 1},
		bpf.RetConstant{Val: pass},
		bpf.RetConstant{Val: drop},
	})
	if err != nil {
		return nil, fmt.Errorf("assemble a filter for process events: %w", err)
	}
	var filter []unix.SockFilter
	for _, one := range raw {
		filter = append(filter, unix.SockFilter{Code: one.Op, Jt: one.Jt, Jf: one.Jf, K: one.K})
	}
	return filter, nil
}

// maxKnown bounds the births and the ends that are kept.
const maxKnown = 4096

// Hear takes what has happened since the last call and says whether a child was born.
func (c *Listener) Hear(now time.Time) (born bool) {
	for pid, at := range c.born {
		if now.Sub(at) > time.Second {
			delete(c.born, pid)
		}
	}
	for {
		n, err := unix.Read(c.fd, c.buf[:])
		if errors.Is(err, unix.EINTR) || errors.Is(err, unix.ENOBUFS) {
			continue // of the second, some were lost: they are found as without this
		}
		if err != nil {
			return born
		}
		switch ev, ok := parse(c.buf[:n]); {
		case !ok:
		case ev.ended:
			if len(c.ends) >= maxKnown {
				clear(c.ends)
			}
			c.ends[ev.pid] = ev.status
		case len(c.born) < maxKnown:
			c.born[ev.pid] = now
			born = true
		}
	}
}

// parse reads one message.
func parse(m []byte) (event, bool) {
	if len(m) < eventLeast {
		return event{}, false
	}
	number := func(at int) uint32 { return binary.NativeEndian.Uint32(m[at:]) }
	ev := event{pid: int(int32(number(eventData)))}
	switch number(eventWhat) {
	case eventFork:
		ev.pid = int(int32(number(eventData + 8)))
	case eventExit:
		ev.ended, ev.status = true, unix.WaitStatus(number(eventData+8))
	default:
		return event{}, false
	}
	return ev, ev.pid > 0
}

// FD becomes readable when something has happened.
func (c *Listener) FD() int { return c.fd }

// Born is when a child was heard to be born; ok is false for one that was born more than a second ago, or not heard of.
func (c *Listener) Born(pid int) (at time.Time, ok bool) {
	at, ok = c.born[pid]
	return at, ok
}

// Lately says whether any was born within the last second.
func (c *Listener) Lately() bool { return len(c.born) > 0 }

// Ended is how a child ended, told once.
func (c *Listener) Ended(pid int) (unix.WaitStatus, bool) {
	status, ok := c.ends[pid]
	delete(c.ends, pid)
	return status, ok
}

// Close ends it.
func (c *Listener) Close() {
	_ = c.ask(connectorIgnore) // older kernels count their listeners
	unix.Close(c.fd)
}
