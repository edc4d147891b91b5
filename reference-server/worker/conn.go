package worker

import (
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/reference-server/web"
)

// A conn is one connection. It belongs to one thread at a time.
type conn struct {
	fd     int
	raw    bool   // it never blocks: Go's scheduler need not know of its system calls
	in     []byte // bytes that were read and not yet understood
	out    []byte // the answers
	sent   int    // of out, how much was written
	last   int64  // when it was last used
	close  bool   // after out was written
	told   bool   // it was told to go on with its body
	held   held   // a request that is answered later; no other is looked at meanwhile
	req    web.Request
	answer web.Answer
}

// A held request is one whose answer is not due yet: a long poll, which is answered at its end, or a stream of
// events. Times are of the worker's clock.
type held struct {
	until int64 // 0: none is held
	next  int64 // when the next event is due; 0: it is a long poll
	head  bool  // the body is not wanted

	promised bool // it waits for its answer's promise, and for no time
}

const readSize = 4 << 10

// accept takes one connection from a listener that does not block; ok is false when none waits.
func accept(listener, flags int) (fd int, ok bool, err error) {
	for {
		fd, _, err = unix.Accept4(listener, unix.SOCK_CLOEXEC|flags)
		switch {
		case err == nil:
			return fd, true, nil
		case errors.Is(err, unix.EINTR), errors.Is(err, unix.ECONNABORTED):
		case errors.Is(err, unix.EAGAIN):
			return 0, false, nil
		default:
			return 0, false, fmt.Errorf("accept: %w", err)
		}
	}
}

// read appends what has come; n is 0 at the end of the stream.
func (c *conn) read() (n int, err error) {
	if cap(c.in)-len(c.in) < readSize/2 {
		grown := make([]byte, len(c.in), 2*cap(c.in)+readSize)
		copy(grown, c.in)
		c.in = grown
	}
	for {
		n, err = c.call(unix.SYS_RECVFROM, c.in[len(c.in):cap(c.in)], 0)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if n > 0 {
			c.in = c.in[:len(c.in)+n]
		}
		return n, err
	}
}

// call is recv or send of the bytes in p, recv(2), send(2).
func (c *conn) call(number uintptr, p []byte, flags uintptr) (int, error) {
	var n uintptr
	var errno unix.Errno
	if c.raw {
		n, _, errno = unix.RawSyscall6(number, uintptr(c.fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))),
			uintptr(len(p)), flags, 0, 0)
	} else {
		n, _, errno = unix.Syscall6(number, uintptr(c.fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))),
			uintptr(len(p)), flags, 0, 0)
	}
	if errno != 0 {
		return -1, errno
	}
	return int(n), nil
}

// readable says whether something has come that was not read yet; the end of the stream is nothing.
func (c *conn) readable() bool {
	var one [1]byte
	n, _, err := unix.Recvfrom(c.fd, one[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
	return err == nil && n > 0
}

// write writes out; with a blocking socket all of it.
func (c *conn) write() error {
	for c.sent < len(c.out) {
		n, err := c.call(unix.SYS_SENDTO, c.out[c.sent:], unix.MSG_NOSIGNAL)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return err
		}
		c.sent += n
	}
	c.out, c.sent = c.out[:0], 0
	return nil
}

// eventsHead begins a stream: it has no length, so it ends with its connection.
const eventsHead = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\nConnection: close\r\n\r\n"

// hold keeps a request whose answer comes later.
func (c *conn) hold(now int64, head bool) {
	c.held = held{until: now + int64(c.answer.Later), head: head}
	if c.answer.Stream && !head {
		c.held.next = now
		c.out = append(c.out, eventsHead...)
	}
}

// end closes a connection so that what was written reaches the client even when it sent more than was read: a close
// with unread bytes would reset it.
func (c *conn) end() {
	_ = unix.Shutdown(c.fd, unix.SHUT_WR)
	var rest [4096]byte
	for range 16 {
		n, _, err := unix.Recvfrom(c.fd, rest[:], unix.MSG_DONTWAIT)
		if n <= 0 || err != nil {
			break
		}
	}
	_ = unix.Close(c.fd)
}
