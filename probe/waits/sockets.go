package waits

import (
	"net/netip"
	"time"

	"github.com/hangtime-dev/hangtime/kernel/sockdiag"
)

// sockets is all sockets of the server's network namespace at one moment.
type sockets struct {
	netns  string
	conn   *sockdiag.Conn // nil: not opened yet
	at     time.Time
	flows  map[uint32]sockdiag.Flow // by inode
	byEnds map[[2]netip.AddrPort]uint32
	unix   map[uint32]sockdiag.UnixSocket
	heard  map[netip.AddrPort]uint32 // listeners
	asked  map[uint32]uint32         // listeners of unix sockets, by the inodes of those that they have not accepted
}

// maxFlows bounds it.
const maxFlows = 1 << 17

func (t *sockets) close() {
	if t.conn != nil {
		t.conn.Close()
	}
}

// tableLife is how long a picture of the machine's sockets stands: it is only wanted while something hangs.
const tableLife = time.Second

func (t *sockets) fresh() bool { return t.flows != nil && time.Since(t.at) < tableLife }

// read reads all sockets anew.
func (t *sockets) read(trouble func(what string, err error)) error {
	if t.conn == nil {
		conn, err := sockdiag.Open(t.netns)
		if err != nil {
			trouble("find the other end of a socket", err)
			return err
		}
		t.conn = conn
	}
	t.at = time.Now()
	t.flows, t.unix = map[uint32]sockdiag.Flow{}, map[uint32]sockdiag.UnixSocket{}
	t.asked = map[uint32]uint32{}
	t.byEnds, t.heard = map[[2]netip.AddrPort]uint32{}, map[netip.AddrPort]uint32{}
	for _, protocol := range []string{"tcp", "udp"} {
		err := t.conn.Flows(protocol, sockdiag.AllStates, func(one sockdiag.Flow) error {
			if one.Inode != 0 && len(t.flows) < maxFlows {
				t.flows[one.Inode] = one
				t.byEnds[[2]netip.AddrPort{one.Local, one.Remote}] = one.Inode
			}
			if one.State == sockdiag.Listen {
				t.heard[one.Local] = one.Inode
			}
			return nil
		})
		if err != nil && protocol == "tcp" { // udp_diag may be missing
			trouble("read the sockets of the machine", err)
			return err
		}
	}
	err := t.conn.UnixSockets(sockdiag.AllStates, func(one sockdiag.UnixSocket) error {
		if len(t.unix) < maxFlows {
			t.unix[one.Inode] = one
			for _, inode := range one.Pending {
				t.asked[inode] = one.Inode
			}
		}
		return nil
	})
	if err != nil {
		trouble("read the unix sockets of the machine", err)
	}
	return nil
}

// otherEnd is the other end of a unix socket, or the listening socket that has not accepted it; 0: it is not known.
func (t *sockets) otherEnd(one sockdiag.UnixSocket) uint32 {
	if one.Peer != 0 {
		return one.Peer
	}
	return t.asked[one.Inode]
}

// heardAt is the listening socket of an address on this machine; 0: none.
func (t *sockets) heardAt(at netip.AddrPort) uint32 {
	if inode := t.heard[at]; inode != 0 {
		return inode
	}
	for _, any := range []netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified()} {
		if inode := t.heard[netip.AddrPortFrom(any, at.Port())]; inode != 0 &&
			(at.Addr().IsLoopback() || t.local(at.Addr())) {
			return inode
		}
	}
	return 0
}

// local says whether an address is one of this machine's: one of its sockets has it.
func (t *sockets) local(addr netip.Addr) bool {
	for _, one := range t.flows {
		if one.Local.Addr() == addr {
			return true
		}
	}
	return false
}
