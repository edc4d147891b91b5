package waits

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/hangtime-dev/hangtime/history"
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
		}
		return nil
	})
	if err != nil {
		trouble("read the unix sockets of the machine", err)
	}
	return nil
}

// socket is a thread that waits for a socket, with who is at the other end.
func (h *host) socket(s Subject, m member, op string, out bool, more int, server Server) history.Event {
	wait := history.SocketWait{PID: s.PID, TID: s.TID, FD: m.fd, Op: op, Silent: -1, More: more, Full: out}
	t, err := h.table()
	if err != nil {
		return wait
	}
	if flow, ok := t.flows[m.socket]; ok {
		if flow.State == sockdiag.Listen {
			return nil
		}
		h.flow(t, &wait, flow, server)
		return wait
	}
	if one, ok := t.unix[m.socket]; ok {
		if one.State == sockdiag.Listen {
			return nil
		}
		h.unixSocket(t, &wait, one, server)
		return wait
	}
	wait.Family = "another kind of"
	return wait
}

func (h *host) flow(t *sockets, wait *history.SocketWait, flow sockdiag.Flow, server Server) {
	wait.Family, wait.State, wait.Silent, wait.Local = flow.Protocol, sockdiag.StateName(flow.State), flow.Silent, flow.Local.String()
	wait.Asked, wait.Unread = flow.Spoke, int(flow.Unsent)
	if flow.State == sockdiag.SynSent {
		wait.Full = false // it waits to be connected, not to send
	}
	if !flow.Remote.IsValid() {
		return
	}
	wait.Remote = flow.Remote.String()
	if flow.Protocol == "tcp" && server.Ports[flow.Local.Port()] {
		wait.Client = true
	}
	wait.Own = !wait.Client && flow.Protocol == "tcp" && server.Ports[flow.Remote.Port()] && t.heardAt(flow.Remote) != 0
	if other, ok := t.byEnds[[2]netip.AddrPort{flow.Remote, flow.Local}]; ok {
		wait.Peers = h.owners(other, wait.PID)
	} else if inode := t.heardAt(flow.Remote); inode != 0 && (flow.State == sockdiag.SynSent || wait.Own || flow.Protocol == "tcp") {
		wait.Peers = h.owners(inode, wait.PID) // it is not accepted yet: who listens there?
	}
	h.says(wait)
}

// heardAt is the listening socket of an address on this machine; 0: none.
func (t *sockets) heardAt(at netip.AddrPort) uint32 {
	if inode := t.heard[at]; inode != 0 {
		return inode
	}
	for _, any := range []netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified()} {
		if inode := t.heard[netip.AddrPortFrom(any, at.Port())]; inode != 0 && (at.Addr().IsLoopback() || t.local(at.Addr())) {
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

func (h *host) unixSocket(t *sockets, wait *history.SocketWait, one sockdiag.UnixSocket, server Server) {
	wait.Family, wait.State, wait.Local = "unix", sockdiag.StateName(one.State), one.Name
	if one.Peer == 0 {
		return
	}
	wait.Remote = t.unix[one.Peer].Name
	if wait.Remote == "" {
		wait.Remote = fmt.Sprintf("unix socket %d", one.Peer)
	}
	wait.Client = one.Name != "" && server.Names[one.Name]
	wait.Peers = h.owners(one.Peer, wait.PID)
	h.says(wait)
}

// says adds what the process at the other end says of itself in its title, where it has written one (setproctitle(3)).
func (h *host) says(wait *history.SocketWait) {
	if len(wait.Peers) > 0 && wait.Peers[0].PID != wait.PID {
		wait.Does = titleOf(h.fs, wait.Peers[0].PID)
	}
}
