package probe

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A connection is one TCP socket on the server's side, from inet_diag (sock_diag(7)).
type connection struct {
	state       uint8
	port        uint16 // local
	peer        uint16 // the client's
	inode       uint32 // 0: no process has it: it waits in the backlog
	unread      uint32 // bytes; for a listener the connections in its backlog
	unsent      uint32 // bytes; for a listener the limit of its backlog
	received    uint64 // bytes, since it was made
	sent        uint64
	lastReceive time.Duration // ago; since it was made where nothing was received. Steps of 4 ms
	lastSend    time.Duration // ago
	segmentsIn  uint32        // with data
	segmentsOut uint32
}

// TCP states, include/net/tcp_states.h.
const (
	tcpEstablished = 1
	tcpFinWait1    = 4
	tcpFinWait2    = 5
	tcpCloseWait   = 8
	tcpListen      = 10
)

const servedStates = 1<<tcpEstablished | 1<<tcpCloseWait | 1<<tcpListen

const (
	sockDiagByFamily = 20
	inetDiagInfo     = 2
	headerSize       = 16
	requestSize      = headerSize + 56
	messageSize      = 72 // struct inet_diag_msg
)

// A socketReader asks the kernel for TCP sockets over one netlink socket. It needs no privilege. One goroutine may use it.
type socketReader struct {
	fd  int
	seq uint32
	buf []byte
}

func openSocketReader() (*socketReader, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		return nil, fmt.Errorf("ask the kernel for sockets (sock_diag): %w", err)
	}
	// A dump is made on the fly as it is read: it ends, but a bug in between must not hang the probe.
	limit := unix.NsecToTimeval(int64(time.Second))
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &limit); err != nil {
		return nil, errors.Join(fmt.Errorf("limit the wait for sock_diag: %w", err), unix.Close(fd))
	}
	return &socketReader{fd: fd, buf: make([]byte, 128<<10)}, nil
}

func (r *socketReader) close() { unix.Close(r.fd) }

// onPort appends to into all sockets with the local port that are listening, established or closed by the client only.
func (r *socketReader) onPort(port uint16, into []connection) ([]connection, error) {
	for _, family := range []uint8{unix.AF_INET, unix.AF_INET6} {
		var err error
		if into, err = r.dump(family, port, into); err != nil {
			return into, fmt.Errorf("read the sockets on port %d: %w", port, err)
		}
	}
	return into, nil
}

func (r *socketReader) dump(family uint8, port uint16, into []connection) ([]connection, error) {
	r.seq++
	order := binary.NativeEndian
	req := make([]byte, requestSize)
	order.PutUint32(req, requestSize)
	order.PutUint16(req[4:], sockDiagByFamily)
	order.PutUint16(req[6:], unix.NLM_F_REQUEST|unix.NLM_F_DUMP)
	order.PutUint32(req[8:], r.seq)
	req[16], req[17], req[18] = family, unix.IPPROTO_TCP, 1<<(inetDiagInfo-1)
	order.PutUint32(req[20:], servedStates)
	binary.BigEndian.PutUint16(req[24:], port) // the kernel leaves out all others
	if err := unix.Sendto(r.fd, req, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return into, err
	}
	for {
		n, err := retry(func() (int, error) {
			n, _, err := unix.Recvfrom(r.fd, r.buf, 0)
			return n, err
		})
		if err != nil {
			return into, err
		}
		var done bool
		if into, done, err = parseDump(r.buf[:n], r.seq, into); done || err != nil {
			return into, err
		}
	}
}

var errDump = errors.New("malformed answer of sock_diag")

// parseDump reads the netlink messages of one datagram; answers to earlier questions, left over after an error, are passed over.
func parseDump(data []byte, seq uint32, into []connection) (_ []connection, done bool, err error) {
	order := binary.NativeEndian
	for len(data) >= headerSize {
		size, kind := int(order.Uint32(data)), order.Uint16(data[4:])
		if size < headerSize || size > len(data) {
			return into, true, errDump
		}
		from, body := order.Uint32(data[8:]), data[headerSize:size]
		data = data[min((size+3)&^3, len(data)):]
		if from != seq {
			continue
		}
		switch kind {
		case unix.NLMSG_DONE:
			return into, true, nil
		case unix.NLMSG_ERROR:
			if len(body) < 4 {
				return into, true, errDump
			}
			return into, true, unix.Errno(-int32(order.Uint32(body)))
		case sockDiagByFamily:
			c, err := parseConnection(body)
			if err != nil {
				return into, true, err
			}
			into = append(into, c)
		}
	}
	return into, false, nil
}

func parseConnection(body []byte) (connection, error) {
	if len(body) < messageSize {
		return connection{}, errDump
	}
	order := binary.NativeEndian
	c := connection{
		state: body[1], port: binary.BigEndian.Uint16(body[4:]), peer: binary.BigEndian.Uint16(body[6:]),
		unread: order.Uint32(body[56:]), unsent: order.Uint32(body[60:]), inode: order.Uint32(body[68:]),
	}
	for rest := body[messageSize:]; len(rest) >= 4; {
		size := int(order.Uint16(rest))
		if size < 4 || size > len(rest) {
			return c, errDump
		}
		if order.Uint16(rest[2:]) == inetDiagInfo {
			c.fill(rest[4:size])
		}
		rest = rest[min((size+3)&^3, len(rest)):]
	}
	return c, nil
}

// fill takes what is used of struct tcp_info; an older kernel sends a shorter one.
func (c *connection) fill(info []byte) {
	var full unix.TCPInfo
	copy(unsafe.Slice((*byte)(unsafe.Pointer(&full)), unsafe.Sizeof(full)), info)
	c.received, c.sent = full.Bytes_received, full.Bytes_sent
	c.segmentsIn, c.segmentsOut = full.Data_segs_in, full.Data_segs_out
	c.lastReceive = time.Duration(full.Last_data_recv) * time.Millisecond
	c.lastSend = time.Duration(full.Last_data_sent) * time.Millisecond
}
