package loadgen

import (
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The kernel notes when a segment came in (SO_TIMESTAMPNS, socket(7); for TCP it is that of the last byte read, see the kernel's
// Documentation/networking/timestamping.rst, 1.1). So an answer has its true moment however late the loop looks at it, and where hits follow one another closely
// the loop need not be woken for each answer: it sleeps until the next hit is due and takes what has come meanwhile. A sleep and its end cost more than all else
// of a hit together. Pieces of an answer that came during one such sleep are read as one: of them the moment of the last is known, the first byte's is not.

const (
	dozeMost   = time.Millisecond // longest sleep in which answers are left lying
	soberAfter = 64               // answers that must come in one piece and with their moment before the loop sleeps (again)
)

// stamp asks the kernel for the moments at which a socket's segments came. Unix sockets have none.
func stamp(fd int) { _ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1) }

// A stampReader reads from sockets and tells when what it read had come.
type stampReader struct {
	message unix.Msghdr
	buffer  unix.Iovec
	control [64]byte // room for one timestamp
}

// receive reads without blocking; came is nanoseconds since 1970, 0 where the kernel says none.
func (r *stampReader) receive(fd int, p []byte) (n int, came int64, errno unix.Errno) {
	r.buffer.Base = unsafe.SliceData(p)
	r.buffer.SetLen(len(p))
	r.message.Iov = &r.buffer
	r.message.SetIovlen(1)
	r.message.Control = &r.control[0]
	for {
		r.message.SetControllen(len(r.control))
		got, _, errno := unix.RawSyscall(unix.SYS_RECVMSG, uintptr(fd), uintptr(unsafe.Pointer(&r.message)), unix.MSG_DONTWAIT)
		switch errno {
		case 0:
			return int(got), r.stamp(), 0
		case unix.EINTR:
		default:
			return 0, 0, errno
		}
	}
}

// stamp is the timestamp in the control data of the last message.
func (r *stampReader) stamp() int64 {
	const head = int(unsafe.Sizeof(unix.Cmsghdr{}))
	if int(r.message.Controllen) < head+int(unsafe.Sizeof(unix.Timespec{})) {
		return 0
	}
	h := (*unix.Cmsghdr)(unsafe.Pointer(&r.control[0]))
	if h.Level != unix.SOL_SOCKET || h.Type != unix.SO_TIMESTAMPNS {
		return 0
	}
	ts := (*unix.Timespec)(unsafe.Pointer(&r.control[head]))
	return ts.Nano()
}

// arrival is when bytes came that were just read, on the run's clock; now is now. The kernel's moment is one of the wall clock, which may have been set since:
// what lies after now or before the hit was sent is not believed.
func (e *fastEngine) arrival(c *conn, came int64) (at, now time.Duration) {
	t := time.Now()
	now = e.job.rec.Since(t)
	if came == 0 {
		return now, now
	}
	at = now - time.Duration(t.UnixNano()-came)
	if at > now || at < c.sent {
		return now, now
	}
	return at, now
}

// awake keeps the loop from sleeping over the next answers: one had no moment, or came in pieces, of which the first one's moment would be lost.
func (e *fastEngine) awake() { e.awakeBy = e.sober }

// watch keeps the loop awake, or no longer, for a connection that is being made or whose request does not fit the socket: the kernel notes no moments of that.
func (e *fastEngine) watch(c *conn, on bool) {
	if c.watched == on {
		return
	}
	c.watched = on
	if on {
		e.watched++
	} else {
		e.watched--
	}
}

// dozes says whether the loop may sleep for so long and leave alone what comes meanwhile.
func (e *fastEngine) dozes(patience time.Duration) bool {
	return e.awakeBy == 0 && e.watched == 0 && patience <= dozeMost && e.busy > 0 && e.busy < e.job.senders
}

// doze sleeps, then returns what is ready. It ends early where a signal comes. Raw for the reason that wait gives.
func (p *poller) doze(d time.Duration) []unix.EpollEvent {
	ts := unix.NsecToTimespec(int64(max(d, 0)))
	_, _, _ = unix.RawSyscall(unix.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&ts)), 0, 0)
	return p.peek()
}
