package sockdiag

import (
	"encoding/binary"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/kernel/eintr"
)

const (
	sockDiagByFamily = 20
	inetDiagInfo     = 2
	inetDiagMemory   = 7  // INET_DIAG_SKMEMINFO: nine numbers
	memoryDrops      = 32 // of these, in bytes: SK_MEMINFO_DROPS
	headerSize       = 16
	inetRequestSize  = 56
	sockidSize       = 48 // struct inet_diag_sockid
	messageSize      = 72 // struct inet_diag_msg
)

// A Conn asks the kernel for sockets over one sock_diag socket. It needs no privilege. One goroutine may use it.
type Conn struct {
	fd  int
	seq uint32
	req []byte
	buf []byte
	to  unix.SockaddrNetlink
}

// Close closes it.
func (c *Conn) Close() { unix.Close(c.fd) }

// dump sends a request, whose body is given, and hands each answer's body to each.
func (c *Conn) dump(body []byte, each func(body []byte) error) error {
	c.seq++
	c.req = c.message(c.req[:0], body, unix.NLM_F_REQUEST|unix.NLM_F_DUMP)
	if err := unix.Sendto(c.fd, c.req, 0, &c.to); err != nil {
		return err
	}
	for {
		n, err := c.receive()
		if err != nil {
			return err
		}
		if done, err := parseDump(c.buf[:n], c.seq, each); done || err != nil {
			return err
		}
	}
}

func (c *Conn) message(into, body []byte, flags uint16) []byte {
	order := binary.NativeEndian
	into = order.AppendUint32(into, uint32(headerSize+len(body)))
	into = order.AppendUint16(into, sockDiagByFamily)
	into = order.AppendUint16(into, flags)
	into = order.AppendUint32(into, c.seq)
	into = order.AppendUint32(into, 0)
	return append(into, body...)
}

// receive is read, not recvfrom: the latter makes an address for each message, and a socket that nobody knows gets
// answers of the kernel only.
func (c *Conn) receive() (int, error) {
	return eintr.Retry(func() (int, error) { return unix.Read(c.fd, c.buf) })
}

// batch is how many sockets are asked for at once.
const batch = 64

// ask asks for single sockets by their names, each in the time that a look into the table takes, and hands the
// answers to each. One that is gone has none.
func (c *Conn) ask(bodies func(i int) []byte, count int, each func(body []byte) error) error {
	for from := 0; from < count; from += batch {
		c.seq++
		c.req = c.req[:0]
		n := min(batch, count-from)
		for i := range n {
			c.req = c.message(c.req, bodies(from+i), unix.NLM_F_REQUEST)
		}
		if err := unix.Sendto(c.fd, c.req, 0, &c.to); err != nil {
			return err
		}
		for answers := 0; answers < n; {
			size, err := c.receive()
			if err != nil {
				return err
			}
			some, err := parseAnswers(c.buf[:size], c.seq, each)
			if err != nil {
				return err
			}
			answers += some
		}
	}
	return nil
}
