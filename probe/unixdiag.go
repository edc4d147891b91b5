package probe

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"golang.org/x/sys/unix"
)

// A unixSocket is what unix_diag says of one (sock_diag(7), include/uapi/linux/unix_diag.h).
type unixSocket struct {
	state  uint8 // as of TCP: 1 established, 10 listening
	inode  uint32
	peer   uint32 // inode of the other end; 0: none
	name   string // bound to; an abstract one begins with "@"
	unread uint32 // bytes; for a listener the connections in its backlog
	limit  uint32 // for a listener: of its backlog
}

const (
	unixRequestSize = 24
	unixMessageSize = 16
	// UDIAG_SHOW_NAME | UDIAG_SHOW_PEER | UDIAG_SHOW_RQLEN
	unixShow = 1 | 4 | 16
)

func unixRequest(states uint32) []byte {
	body := make([]byte, unixRequestSize)
	body[0] = unix.AF_UNIX
	binary.NativeEndian.PutUint32(body[4:], states)
	binary.NativeEndian.PutUint32(body[12:], unixShow)
	return body
}

func parseUnix(body []byte) (unixSocket, error) {
	if len(body) < unixMessageSize {
		return unixSocket{}, errDump
	}
	order := binary.NativeEndian
	s := unixSocket{state: body[2], inode: order.Uint32(body[4:])}
	for rest := body[unixMessageSize:]; len(rest) >= 4; {
		size := int(order.Uint16(rest))
		if size < 4 || size > len(rest) {
			return s, errDump
		}
		value := rest[4:size]
		switch kind := order.Uint16(rest[2:]); {
		case kind == 0 && len(value) > 0 && value[0] == 0:
			s.name = "@" + string(value[1:])
		case kind == 0:
			s.name = string(bytes.TrimRight(value, "\x00"))
		case kind == 2 && len(value) >= 4:
			s.peer = order.Uint32(value)
		case kind == 4 && len(value) >= 8:
			s.unread, s.limit = order.Uint32(value), order.Uint32(value[4:])
		}
		rest = rest[min((size+3)&^3, len(rest)):]
	}
	return s, nil
}

// A unixSource tells the unix sockets of one name: the listener, and what was accepted from it, which bears its name. There is no TCP_INFO for them: a connection that a
// worker has is held to be a request since it was first seen, for those who speak over unix sockets (nginx to its upstreams) make one connection for each by default.
type unixSource struct {
	netlink *netlink
	name    string
	body    []byte
}

func openUnix(name string) (*unixSource, error) {
	n, err := openNetlink()
	if err != nil {
		return nil, err
	}
	return &unixSource{n, name, unixRequest(1<<tcpEstablished | 1<<tcpListen)}, nil
}

func (s *unixSource) close() { s.netlink.close() }

// some is all: the kernel's table of unix sockets is small.
func (s *unixSource) some(into, _ []connection) ([]connection, error) { return s.all(into) }

func (s *unixSource) all(into []connection) ([]connection, error) {
	err := s.netlink.dump(s.body, func(body []byte) error {
		one, err := parseUnix(body)
		if err == nil && one.name == s.name {
			into = append(into, connection{state: one.state, local: true, inode: one.inode, unread: one.unread, unsent: one.limit, received: 1})
		}
		return err
	})
	if err != nil {
		return into, fmt.Errorf("read the sockets at %s: %w", s.name, err)
	}
	return into, nil
}
