package http1

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// The kernel notes when a segment came in (SO_TIMESTAMPNS, socket(7); for TCP it is that of the last byte read, see the
// kernel's Documentation/networking/timestamping.rst, 1.1). So an answer has its true moment however late the loop
// looks at it.

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
		got, _, errno := unix.RawSyscall(unix.SYS_RECVMSG, uintptr(fd), uintptr(unsafe.Pointer(&r.message)),
			unix.MSG_DONTWAIT)
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
