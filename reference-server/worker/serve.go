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

// step answers the first request in what was read; done is false when it is not there yet.
func (w *Worker) step(c *conn, keep bool) (done bool) {
	n, needsContinue, p := web.Parse(c.in, &c.req)
	switch {
	case p != nil:
		c.answer.Reset()
		c.answer.Fail(p.Status, p.Reason)
		c.close = true
		c.out = c.answer.Append(c.out, true, false)
		c.in = c.in[:0]
		return true
	case n == 0:
		if needsContinue && !c.told {
			c.told = true
			c.out = append(c.out, "HTTP/1.1 100 Continue\r\n\r\n"...)
		}
		return false
	}
	began := w.clock.Now()
	w.page.Busy.Store(uint64(began))
	c.answer.Reset()
	w.route(&c.req, &c.answer)
	served := w.served.Add(1)
	w.page.Requests.Store(uint64(served))
	w.place.Requests.Store(uint64(served))
	w.page.Busy.Store(0)
	if w.birth.MaxRequests > 0 && served == int64(w.birth.MaxRequests) {
		w.tell("max-requests", "requests", served)
		w.alive.Store(false)
	}
	c.close = c.close || c.req.Close || !keep || !w.alive.Load()
	if head := string(c.req.Method) == "HEAD"; c.answer.Later > 0 {
		w.hold(c, head)
	} else {
		c.out = c.answer.Append(c.out, c.close, head)
	}
	c.told = false
	c.in = c.in[:copy(c.in, c.in[n:])]
	return true
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

// stopListening closes the listening sockets, once the request side takes no more connections: when the last process
// has closed one, clients are refused instead of left waiting.
func (w *Worker) stopListening() {
	for _, fd := range w.fds {
		_ = unix.Close(fd)
	}
	w.fds = nil
}
