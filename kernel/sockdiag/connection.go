package sockdiag

import (
	"encoding/binary"
	"net/netip"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A Connection is one socket on the server's side, from inet_diag or unix_diag (sock_diag(7)).
type Connection struct {
	State       uint8
	Local       bool          // a unix socket: it has no times and no count of bytes
	Port        uint16        // of our side
	Peer        uint16        // the client's
	Inode       uint32        // 0: no process has it: it waits in the backlog
	Unread      uint32        // bytes; for a listener the connections in its backlog
	Unsent      uint32        // bytes that the other side has not acknowledged; for a listener the limit of its backlog
	Received    uint64        // bytes, since it was made (tcpi_bytes_received, since Linux 4.1)
	Sent        uint64        // the same, those sent again included (tcpi_bytes_sent, since Linux 4.19)
	LastReceive time.Duration // ago; since it was made where nothing was received. Steps of 4 ms
	LastSend    time.Duration // ago
	SegmentsIn  uint32        // with data
	SegmentsOut uint32
	Dropped     uint32 // of a listener: connections that the kernel dropped, because its backlog was full mostly (tcp_listendrop)
	Family      uint8
	ID          [sockidSize]byte // addresses, ports and a cookie: names this one socket to the kernel
}

// States of a socket, of TCP and of all others that have states (include/net/tcp_states.h).
const (
	Established = 1
	SynSent     = 2
	CloseWait   = 8
	Listen      = 10
)

// AllStates asks for sockets of every state.
const AllStates = 1<<12 - 1

// served are the states of sockets that a server has to do with.
const served = 1<<Established | 1<<CloseWait | 1<<Listen

// Named is the connection between two addresses, by which the kernel can be asked for it. An address of IPv4 that is
// mapped is that of an IPv6 socket.
func Named(local, remote netip.AddrPort, inode uint32) Connection {
	c := Connection{State: Established, Port: local.Port(), Peer: remote.Port(), Inode: inode, Family: unix.AF_INET6}
	if local.Addr().Is4() {
		c.Family = unix.AF_INET
	}
	binary.BigEndian.PutUint16(c.ID[0:], local.Port())
	binary.BigEndian.PutUint16(c.ID[2:], remote.Port())
	copy(c.ID[4:], local.Addr().AsSlice())
	copy(c.ID[20:], remote.Addr().AsSlice())
	for i := sockidSize - 8; i < sockidSize; i++ {
		c.ID[i] = 0xff // INET_DIAG_NOCOOKIE: whichever it is
	}
	return c
}

func parseConnection(body []byte) (Connection, error) {
	if len(body) < messageSize {
		return Connection{}, errDump
	}
	order := binary.NativeEndian
	c := Connection{
		Family: body[0], ID: [sockidSize]byte(body[4:]), State: body[1], Port: binary.BigEndian.Uint16(body[4:]),
		Peer:   binary.BigEndian.Uint16(body[6:]),
		Unread: order.Uint32(body[56:]), Unsent: order.Uint32(body[60:]), Inode: order.Uint32(body[68:]),
	}
	for rest := body[messageSize:]; len(rest) >= 4; {
		size := int(order.Uint16(rest))
		if size < 4 || size > len(rest) {
			return c, errDump
		}
		switch order.Uint16(rest[2:]) {
		case inetDiagInfo:
			c.fill(rest[4:size])
		case inetDiagMemory:
			if size >= 4+memoryDrops+4 {
				c.Dropped = order.Uint32(rest[4+memoryDrops:])
			}
		}
		rest = rest[min((size+3)&^3, len(rest)):]
	}
	return c, nil
}

// fill takes what is used of struct tcp_info; an older kernel sends a shorter one.
func (c *Connection) fill(info []byte) {
	var full unix.TCPInfo
	copy(unsafe.Slice((*byte)(unsafe.Pointer(&full)), unsafe.Sizeof(full)), info)
	c.Received, c.Sent = full.Bytes_received, full.Bytes_sent
	c.SegmentsIn, c.SegmentsOut = full.Data_segs_in, full.Data_segs_out
	c.LastReceive = time.Duration(full.Last_data_recv) * time.Millisecond
	c.LastSend = time.Duration(full.Last_data_sent) * time.Millisecond
}
