package sockdiag

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"golang.org/x/sys/unix"
)

// A UnixSocket is what unix_diag says of one (sock_diag(7), include/uapi/linux/unix_diag.h).
type UnixSocket struct {
	State  uint8 // as of TCP: 1 established, 10 listening
	Inode  uint32
	Peer   uint32 // inode of the other end; 0: none
	Name   string // bound to; an abstract one begins with "@"
	Unread uint32 // bytes; for a listener the connections in its backlog
	Limit  uint32 // for a listener: of its backlog
	// Of a listener: the inodes of those that connected and that nobody has accepted. These have no Peer yet.
	Pending []uint32
}

const (
	unixRequestSize = 24
	unixMessageSize = 16
	// UDIAG_SHOW_NAME | UDIAG_SHOW_PEER | UDIAG_SHOW_ICONS | UDIAG_SHOW_RQLEN
	unixShow = 1 | 4 | 8 | 16
)

func unixRequest(states uint32) []byte {
	body := make([]byte, unixRequestSize)
	body[0] = unix.AF_UNIX
	binary.NativeEndian.PutUint32(body[4:], states)
	binary.NativeEndian.PutUint32(body[12:], unixShow)
	return body
}

func parseUnix(body []byte) (UnixSocket, error) {
	if len(body) < unixMessageSize {
		return UnixSocket{}, errDump
	}
	order := binary.NativeEndian
	s := UnixSocket{State: body[2], Inode: order.Uint32(body[4:])}
	for rest := body[unixMessageSize:]; len(rest) >= 4; {
		size := int(order.Uint16(rest))
		if size < 4 || size > len(rest) {
			return s, errDump
		}
		value := rest[4:size]
		switch kind := order.Uint16(rest[2:]); {
		case kind == 0 && len(value) > 0 && value[0] == 0:
			s.Name = "@" + string(value[1:])
		case kind == 0:
			s.Name = string(bytes.TrimRight(value, "\x00"))
		case kind == 2 && len(value) >= 4:
			s.Peer = order.Uint32(value)
		case kind == 3:
			for ; len(value) >= 4; value = value[4:] {
				s.Pending = append(s.Pending, order.Uint32(value))
			}
		case kind == 4 && len(value) >= 8:
			s.Unread, s.Limit = order.Uint32(value), order.Uint32(value[4:])
		}
		rest = rest[min((size+3)&^3, len(rest)):]
	}
	return s, nil
}

// Unix tells the unix sockets of one name: the listener, and what was accepted from it, which bears its name. There
// is no TCP_INFO for them: a connection that a worker has is held to be a request since it was first seen, for those
// who speak over unix sockets (nginx to its upstreams) make one connection for each by default.
type Unix struct {
	conn *Conn
	name string
	body []byte
}

// OpenUnix prepares to ask for those of a name; an abstract one begins with "@".
func OpenUnix(netns, name string) (*Unix, error) {
	n, err := Open(netns)
	if err != nil {
		return nil, err
	}
	return &Unix{n, name, unixRequest(1<<Established | 1<<Listen)}, nil
}

// Close closes it.
func (s *Unix) Close() { s.conn.Close() }

// Some is All: the kernel's table of unix sockets is small.
func (s *Unix) Some(into, _ []Connection) ([]Connection, error) { return s.All(into) }

// All appends every one.
func (s *Unix) All(into []Connection) ([]Connection, error) {
	err := s.conn.dump(s.body, func(body []byte) error {
		one, err := parseUnix(body)
		if err == nil && one.Name == s.name {
			into = append(into, Connection{State: one.State, Local: true, Inode: one.Inode, Unread: one.Unread,
				Unsent: one.Limit, Received: 1})
		}
		return err
	})
	if err != nil {
		return into, fmt.Errorf("read the sockets at %s: %w", s.name, err)
	}
	return into, nil
}
