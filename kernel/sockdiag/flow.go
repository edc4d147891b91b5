package sockdiag

import (
	"fmt"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"
)

// A Flow is one TCP or UDP socket of a network namespace, with both its addresses.
type Flow struct {
	Protocol      string // "tcp" or "udp"
	State         uint8
	Inode         uint32         // 0: no process has it
	Local, Remote netip.AddrPort // Remote is not valid where there is no other side
	Silent        time.Duration  // since the other side last sent, in steps of 4 ms; -1: never, or not known
	Spoke         time.Duration  // since our side last sent, or where it never did since the socket was made; 0: not known
	Sent          uint64         // bytes, those sent again included (tcpi_bytes_sent, since Linux 4.19)
	Unsent        uint32         // bytes that the other side has not acknowledged
	Unread        uint32         // bytes that came and were not taken
}

// Flows hands over the sockets of a protocol ("tcp" or "udp") that are in one of the given states, by bit. An error
// of each ends it.
func (c *Conn) Flows(protocol string, states uint32, each func(Flow) error) error {
	number := uint8(unix.IPPROTO_TCP)
	if protocol == "udp" {
		number = unix.IPPROTO_UDP
	}
	var body [inetRequestSize]byte
	for _, family := range []uint8{unix.AF_INET, unix.AF_INET6} {
		err := c.dump(inetRequest(body[:], family, number, states, 0), func(body []byte) error {
			f, err := parseFlow(body, number)
			if err != nil {
				return err
			}
			return each(f)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// UnixSockets hands over the unix sockets that are in one of the given states.
func (c *Conn) UnixSockets(states uint32, each func(UnixSocket) error) error {
	return c.dump(unixRequest(states), func(body []byte) error {
		s, err := parseUnix(body)
		if err != nil {
			return err
		}
		return each(s)
	})
}

func parseFlow(body []byte, protocol uint8) (Flow, error) {
	c, err := parseConnection(body)
	if err != nil {
		return Flow{}, err
	}
	f := Flow{Protocol: "tcp", State: c.State, Inode: c.Inode, Silent: -1, Local: address(body[0], body[8:24], c.Port),
		Remote: address(body[0], body[24:40], c.Peer)}
	if protocol == unix.IPPROTO_UDP {
		f.Protocol = "udp"
	}
	if c.Received > 0 {
		f.Silent = c.LastReceive
	}
	f.Spoke, f.Sent, f.Unsent, f.Unread = c.LastSend, c.Sent, c.Unsent, c.Unread
	if f.Remote.Port() == 0 {
		f.Remote = netip.AddrPort{}
	}
	return f, nil
}

func address(family uint8, raw []byte, port uint16) netip.AddrPort {
	if family == unix.AF_INET {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(raw[:4])), port)
	}
	return netip.AddrPortFrom(netip.AddrFrom16([16]byte(raw[:16])).Unmap(), port)
}

// stateNames are as ss(8) writes them, by number (include/net/tcp_states.h).
var stateNames = [...]string{1: "ESTAB", 2: "SYN-SENT", 3: "SYN-RECV", 4: "FIN-WAIT-1", 5: "FIN-WAIT-2", 6: "TIME-WAIT",
	7: "UNCONN", 8: "CLOSE-WAIT", 9: "LAST-ACK", 10: "LISTEN", 11: "CLOSING"}

// StateName words a state.
func StateName(n uint8) string {
	if int(n) < len(stateNames) {
		return stateNames[n]
	}
	return fmt.Sprint("state ", n)
}
