package probe

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/kernel/eintr"
)

// A connection is one socket on the server's side, from inet_diag or unix_diag (sock_diag(7)).
type connection struct {
	state       uint8
	local       bool   // a unix socket: it has no times and no count of bytes
	port        uint16 // of our side
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
	family      uint8
	id          [sockidSize]byte // addresses, ports and a cookie: names this one socket to the kernel
}

// TCP states, include/net/tcp_states.h.
const (
	tcpEstablished = 1
	tcpCloseWait   = 8
	tcpListen      = 10
)

const servedStates = 1<<tcpEstablished | 1<<tcpCloseWait | 1<<tcpListen

const (
	sockDiagByFamily = 20
	inetDiagInfo     = 2
	headerSize       = 16
	inetRequestSize  = 56
	sockidSize       = 48 // struct inet_diag_sockid
	messageSize      = 72 // struct inet_diag_msg
)

// A netlink asks the kernel for sockets over one sock_diag socket. It needs no privilege. One goroutine may use it.
type netlink struct {
	fd  int
	seq uint32
	req []byte
	buf []byte
	to  unix.SockaddrNetlink
}

func openNetlink() (*netlink, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		return nil, fmt.Errorf("ask the kernel for sockets (sock_diag): %w", err)
	}
	// A dump is made on the fly as it is read: it ends, but a bug in between must not hang the probe.
	limit := unix.NsecToTimeval(int64(time.Second))
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &limit); err != nil {
		return nil, errors.Join(fmt.Errorf("limit the wait for sock_diag: %w", err), unix.Close(fd))
	}
	return &netlink{fd: fd, buf: make([]byte, 64<<10), to: unix.SockaddrNetlink{Family: unix.AF_NETLINK}}, nil
}

func (r *netlink) close() { unix.Close(r.fd) }

// dump sends a request, whose body is given, and hands each answer's body to each.
func (r *netlink) dump(body []byte, each func(body []byte) error) error {
	r.seq++
	r.req = r.message(r.req[:0], body, unix.NLM_F_REQUEST|unix.NLM_F_DUMP)
	if err := unix.Sendto(r.fd, r.req, 0, &r.to); err != nil {
		return err
	}
	for {
		n, err := r.receive()
		if err != nil {
			return err
		}
		if done, err := parseDump(r.buf[:n], r.seq, each); done || err != nil {
			return err
		}
	}
}

func (r *netlink) message(into, body []byte, flags uint16) []byte {
	order := binary.NativeEndian
	into = order.AppendUint32(into, uint32(headerSize+len(body)))
	into = order.AppendUint16(into, sockDiagByFamily)
	into = order.AppendUint16(into, flags)
	into = order.AppendUint32(into, r.seq)
	into = order.AppendUint32(into, 0)
	return append(into, body...)
}

// receive is read, not recvfrom: the latter makes an address for each message, and a socket that nobody knows gets answers of the kernel only.
func (r *netlink) receive() (int, error) {
	return eintr.Retry(func() (int, error) { return unix.Read(r.fd, r.buf) })
}

// batch is how many sockets are asked for at once.
const batch = 64

// ask asks for single sockets by their names, each in the time that a look into the table takes, and hands the answers to each. One that is gone has none.
func (r *netlink) ask(bodies func(i int) []byte, count int, each func(body []byte) error) error {
	for from := 0; from < count; from += batch {
		r.seq++
		r.req = r.req[:0]
		n := min(batch, count-from)
		for i := range n {
			r.req = r.message(r.req, bodies(from+i), unix.NLM_F_REQUEST)
		}
		if err := unix.Sendto(r.fd, r.req, 0, &r.to); err != nil {
			return err
		}
		for answers := 0; answers < n; {
			size, err := r.receive()
			if err != nil {
				return err
			}
			some, err := parseAnswers(r.buf[:size], r.seq, each)
			if err != nil {
				return err
			}
			answers += some
		}
	}
	return nil
}

// parseAnswers goes through answers to single questions and counts them; an error in one says that the socket is no more.
func parseAnswers(data []byte, seq uint32, each func(body []byte) error) (answers int, err error) {
	order := binary.NativeEndian
	for len(data) >= headerSize {
		size, kind := int(order.Uint32(data)), order.Uint16(data[4:])
		if size < headerSize || size > len(data) {
			return answers, errDump
		}
		from, body := order.Uint32(data[8:]), data[headerSize:size]
		data = data[min((size+3)&^3, len(data)):]
		if from != seq {
			continue
		}
		answers++
		if kind == sockDiagByFamily {
			if err := each(body); err != nil {
				return answers, err
			}
		}
	}
	return answers, nil
}

// An inetSource tells the TCP sockets with one local port that are listening, established or closed by the client only.
type inetSource struct {
	netlink *netlink
	port    uint16
	body    [inetRequestSize]byte
	both    time.Time      // when both families were last asked for
	has     map[uint8]bool // families that have sockets of this port
	crowd   bool           // its listeners are not found by their names
}

func openInet(port uint16) (*inetSource, error) {
	n, err := openNetlink()
	if err != nil {
		return nil, err
	}
	return &inetSource{netlink: n, port: port, has: map[uint8]bool{}}, nil
}

func (s *inetSource) close() { s.netlink.close() }

// bothEvery is how often the family of addresses is asked for that had no socket of the port.
const bothEvery = 10 * time.Second

// all goes through the kernel's whole table of connections, 1 ms and more where the machine has much memory and so a large table.
func (s *inetSource) all(into []connection) ([]connection, error) {
	s.crowd = false // it is tried again
	return s.dump(into, servedStates)
}

func (s *inetSource) dump(into []connection, states uint32) ([]connection, error) {
	both := time.Since(s.both) >= bothEvery
	for _, family := range []uint8{unix.AF_INET, unix.AF_INET6} {
		if !both && !s.has[family] {
			continue
		}
		before := len(into)
		err := s.netlink.dump(inetRequest(s.body[:], family, unix.IPPROTO_TCP, states, s.port), func(body []byte) error {
			c, err := parseConnection(body)
			into = append(into, c)
			return err
		})
		if err != nil {
			return into, fmt.Errorf("read the sockets on port %d: %w", s.port, err)
		}
		if states == servedStates {
			s.has[family] = len(into) > before
		}
	}
	if both && states == servedStates {
		s.both = time.Now()
	}
	return into, nil
}

// some asks for the given ones by name, which is a look into a table for each. To find listeners otherwise the kernel goes through a table of up to 65,536 places; that is
// done where one is not found by its name: it is gone, or several share the port (SO_REUSEPORT), of which the kernel tells one.
func (s *inetSource) some(into, known []connection) ([]connection, error) {
	if s.crowd {
		var err error
		if into, err = s.dump(into, 1<<tcpListen); err != nil {
			return into, err
		}
		known = slices.DeleteFunc(known, func(c connection) bool { return c.state == tcpListen })
	}
	listeners := 0
	for i := range known {
		if known[i].state == tcpListen {
			listeners++
		}
	}
	err := s.netlink.ask(func(i int) []byte {
		inetRequest(s.body[:], known[i].family, unix.IPPROTO_TCP, servedStates, 0)
		copy(s.body[8:], known[i].id[:])
		return s.body[:]
	}, len(known), func(body []byte) error {
		c, err := parseConnection(body)
		if err == nil && servedStates>>c.state&1 == 1 {
			into = append(into, c)
			if c.state == tcpListen {
				listeners--
			}
		}
		return err
	})
	if err != nil {
		return into, fmt.Errorf("read the sockets on port %d: %w", s.port, err)
	}
	if listeners > 0 {
		s.crowd = true
		into = slices.DeleteFunc(into, func(c connection) bool { return c.state == tcpListen })
		return s.dump(into, 1<<tcpListen)
	}
	return into, nil
}

// inetRequest is a struct inet_diag_req_v2; with a port the kernel leaves out the sockets that have another one on our side.
func inetRequest(body []byte, family, protocol uint8, states uint32, port uint16) []byte {
	clear(body)
	body[0], body[1], body[2] = family, protocol, 1<<(inetDiagInfo-1)
	binary.NativeEndian.PutUint32(body[4:], states)
	binary.BigEndian.PutUint16(body[8:], port)
	return body[:inetRequestSize]
}

var errDump = errors.New("malformed answer of sock_diag")

// parseDump goes through one message of an answer and says whether the answer is whole. Messages with another number, of a request before that broke off, are passed over.
func parseDump(data []byte, seq uint32, each func(body []byte) error) (done bool, err error) {
	order := binary.NativeEndian
	for len(data) >= headerSize {
		size, kind := int(order.Uint32(data)), order.Uint16(data[4:])
		if size < headerSize || size > len(data) {
			return true, errDump
		}
		from, body := order.Uint32(data[8:]), data[headerSize:size]
		data = data[min((size+3)&^3, len(data)):]
		if from != seq {
			continue
		}
		switch kind {
		case unix.NLMSG_DONE:
			return true, nil
		case unix.NLMSG_ERROR:
			if len(body) < 4 {
				return true, errDump
			}
			return true, unix.Errno(-int32(order.Uint32(body)))
		case sockDiagByFamily:
			if err := each(body); err != nil {
				return true, err
			}
		}
	}
	return false, nil
}

func parseConnection(body []byte) (connection, error) {
	if len(body) < messageSize {
		return connection{}, errDump
	}
	order := binary.NativeEndian
	c := connection{
		family: body[0], id: [sockidSize]byte(body[4:]), state: body[1], port: binary.BigEndian.Uint16(body[4:]), peer: binary.BigEndian.Uint16(body[6:]),
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
