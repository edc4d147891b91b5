package sockdiag

import (
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// Inet tells the TCP sockets with one local port that are listening, established or closed by the client only.
type Inet struct {
	conn  *Conn
	port  uint16
	body  [inetRequestSize]byte
	both  time.Time      // when both families were last asked for
	has   map[uint8]bool // families that have sockets of this port
	crowd bool           // its listeners are not found by their names
}

// OpenInet prepares to ask for those of a port, in a network namespace as Open takes it.
func OpenInet(netns string, port uint16) (*Inet, error) {
	n, err := Open(netns)
	if err != nil {
		return nil, err
	}
	return &Inet{conn: n, port: port, has: map[uint8]bool{}}, nil
}

// Close closes it.
func (s *Inet) Close() { s.conn.Close() }

// Port is the one whose sockets it tells.
func (s *Inet) Port() uint16 { return s.port }

// bothEvery is how often the family of addresses is asked for that had no socket of the port.
const bothEvery = 10 * time.Second

// All goes through the kernel's whole table of connections, 1 ms and more where the machine has much memory and so a
// large table.
func (s *Inet) All(into []Connection) ([]Connection, error) {
	s.crowd = false // it is tried again
	return s.dump(into, served)
}

func (s *Inet) dump(into []Connection, states uint32) ([]Connection, error) {
	both := time.Since(s.both) >= bothEvery
	for _, family := range []uint8{unix.AF_INET, unix.AF_INET6} {
		if !both && !s.has[family] {
			continue
		}
		before := len(into)
		err := s.conn.dump(inetRequest(s.body[:], family, unix.IPPROTO_TCP, states, s.port), func(body []byte) error {
			c, err := parseConnection(body)
			into = append(into, c)
			return err
		})
		if err != nil {
			return into, fmt.Errorf("read the sockets on port %d: %w", s.port, err)
		}
		if states == served {
			s.has[family] = len(into) > before
		}
	}
	if both && states == served {
		s.both = time.Now()
	}
	return into, nil
}

// Some asks for the given ones by name, which is a look into a table for each. To find listeners otherwise the kernel
// goes through a table of up to 65,536 places; that is done where one is not found by its name: it is gone, or
// several share the port (SO_REUSEPORT), of which the kernel tells one.
func (s *Inet) Some(into, known []Connection) ([]Connection, error) {
	if s.crowd {
		var err error
		if into, err = s.dump(into, 1<<Listen); err != nil {
			return into, err
		}
		known = slices.DeleteFunc(known, func(c Connection) bool { return c.State == Listen })
	}
	listeners := 0
	for i := range known {
		if known[i].State == Listen {
			listeners++
		}
	}
	err := s.conn.ask(func(i int) []byte {
		inetRequest(s.body[:], known[i].Family, unix.IPPROTO_TCP, served, 0)
		copy(s.body[8:], known[i].ID[:])
		return s.body[:]
	}, len(known), func(body []byte) error {
		c, err := parseConnection(body)
		if err == nil && served>>c.State&1 == 1 {
			into = append(into, c)
			if c.State == Listen {
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
		into = slices.DeleteFunc(into, func(c Connection) bool { return c.State == Listen })
		return s.dump(into, 1<<Listen)
	}
	return into, nil
}

// inetRequest is a struct inet_diag_req_v2; with a port the kernel leaves out the sockets that have another one on our side.
func inetRequest(body []byte, family, protocol uint8, states uint32, port uint16) []byte {
	clear(body)
	body[0], body[1], body[2] = family, protocol, 1<<(inetDiagInfo-1)|1<<(inetDiagMemory-1)
	binary.NativeEndian.PutUint32(body[4:], states)
	binary.BigEndian.PutUint16(body[8:], port)
	return body[:inetRequestSize]
}
