package probe

import (
	"fmt"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// A flow is one TCP or UDP socket of the machine.
type flow struct {
	protocol      string
	state         uint8
	inode         uint32
	local, remote netip.AddrPort
	silent        time.Duration // since the other side last sent; -1: never, or not known
}

// A socketTable is all sockets of the machine at one moment.
type socketTable struct {
	at     time.Time
	flows  map[uint32]flow // by inode
	byEnds map[[2]netip.AddrPort]uint32
	unix   map[uint32]unixSocket
}

// tableLife is how long it stands: it is only wanted while something hangs.
const tableLife = time.Second

// maxFlows bounds it.
const maxFlows = 1 << 17

const allStates = 1<<12 - 1

// table reads all sockets anew where that was long ago.
func (e *farEnds) table() (*socketTable, error) {
	if e.sockets.flows != nil && time.Since(e.sockets.at) < tableLife {
		return &e.sockets, nil
	}
	if e.netlink == nil {
		n, err := openNetlink()
		if err != nil {
			return nil, err
		}
		e.netlink = n
	}
	t := socketTable{at: time.Now(), flows: map[uint32]flow{}, byEnds: map[[2]netip.AddrPort]uint32{}, unix: map[uint32]unixSocket{}}
	var body [inetRequestSize]byte
	for _, protocol := range []uint8{unix.IPPROTO_TCP, unix.IPPROTO_UDP} {
		for _, family := range []uint8{unix.AF_INET, unix.AF_INET6} {
			err := e.netlink.dump(inetRequest(body[:], family, protocol, allStates, 0), func(body []byte) error {
				f, err := parseFlow(body, protocol)
				if err == nil && f.inode != 0 && len(t.flows) < maxFlows {
					t.flows[f.inode] = f
					t.byEnds[[2]netip.AddrPort{f.local, f.remote}] = f.inode
				}
				return err
			})
			if err != nil && protocol == unix.IPPROTO_TCP { // udp_diag may be missing
				return nil, fmt.Errorf("read the sockets of the machine: %w", err)
			}
		}
	}
	err := e.netlink.dump(unixRequest(allStates), func(body []byte) error {
		s, err := parseUnix(body)
		if err == nil && len(t.unix) < maxFlows {
			t.unix[s.inode] = s
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the unix sockets of the machine: %w", err)
	}
	e.sockets = t
	return &e.sockets, nil
}

func parseFlow(body []byte, protocol uint8) (flow, error) {
	c, err := parseConnection(body)
	if err != nil {
		return flow{}, err
	}
	f := flow{protocol: "tcp", state: c.state, inode: c.inode, silent: -1, local: address(body[0], body[8:24], c.port), remote: address(body[0], body[24:40], c.peer)}
	if protocol == unix.IPPROTO_UDP {
		f.protocol = "udp"
	}
	if c.received > 0 {
		f.silent = c.lastReceive
	}
	if f.remote.Port() == 0 {
		f.remote = netip.AddrPort{}
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
var stateNames = [...]string{1: "ESTAB", 2: "SYN-SENT", 3: "SYN-RECV", 4: "FIN-WAIT-1", 5: "FIN-WAIT-2", 6: "TIME-WAIT", 7: "UNCONN", 8: "CLOSE-WAIT", 9: "LAST-ACK", 10: "LISTEN", 11: "CLOSING"}

func socketState(n uint8) string {
	if int(n) < len(stateNames) {
		return stateNames[n]
	}
	return fmt.Sprint("state ", n)
}

// socketWait is a thread that waits for a socket, with who is at the other end.
func (w *watcher) socketWait(one *worker, tid, fd int, op string) history.Event {
	link, err := w.proc.Link(one.PID, fd)
	if err != nil {
		return nil
	}
	inode, ok := proc.SocketInode(link)
	if !ok {
		return nil
	}
	wait := history.SocketWait{PID: one.PID, TID: tid, FD: fd, Op: op, Silent: -1}
	t, err := w.ends.table()
	if err != nil {
		w.trouble("find the other end of a socket", err)
		return wait
	}
	if f, ok := t.flows[inode]; ok {
		if f.state == tcpListen {
			return nil
		}
		w.fillFlow(t, &wait, f)
		return wait
	}
	if s, ok := t.unix[inode]; ok {
		if s.state == tcpListen {
			return nil
		}
		w.fillUnix(t, &wait, s)
		return wait
	}
	wait.Family = "another kind of"
	return wait
}

func (w *watcher) fillFlow(t *socketTable, wait *history.SocketWait, f flow) {
	wait.Family, wait.State, wait.Silent, wait.Local = f.protocol, socketState(f.state), f.silent, f.local.String()
	if !f.remote.IsValid() {
		return
	}
	wait.Remote = f.remote.String()
	if s, ok := w.sockets.tcp(); ok && f.protocol == "tcp" && f.local.Port() == s.port {
		wait.Client = true
	}
	if other, ok := t.byEnds[[2]netip.AddrPort{f.remote, f.local}]; ok {
		wait.Peers = w.socketOwners(other, wait.PID)
		return
	}
	if f.state == 2 { // no other end yet: who listens there?
		for inode, one := range t.flows {
			if one.state == tcpListen && one.local.Port() == f.remote.Port() && (one.local.Addr() == f.remote.Addr() || one.local.Addr().IsUnspecified()) {
				wait.Peers = w.socketOwners(inode, wait.PID)
			}
		}
	}
}

func (w *watcher) fillUnix(t *socketTable, wait *history.SocketWait, s unixSocket) {
	wait.Family, wait.State, wait.Local = "unix", socketState(s.state), s.name
	if s.peer == 0 {
		return
	}
	wait.Remote = t.unix[s.peer].name
	if wait.Remote == "" {
		wait.Remote = fmt.Sprintf("unix socket %d", s.peer)
	}
	wait.Client = w.sockets != nil && s.name != "" && "unix:"+s.name == w.target.Address
	wait.Peers = w.socketOwners(s.peer, wait.PID)
}

// socketOwners are the processes that have a socket; where the asking process has both ends itself, it is among them.
func (w *watcher) socketOwners(inode uint32, asks int) []history.Peer {
	var out []history.Peer
	seen := map[int]bool{}
	own := false
	for _, end := range w.ends.of(fmt.Sprintf("socket:[%d]", inode)) {
		if end.pid == asks {
			own = true
		} else if !seen[end.pid] && len(out) < maxPeers {
			seen[end.pid] = true
			out = append(out, w.peer(end.pid))
		}
	}
	if own && len(out) == 0 {
		out = append(out, w.peer(asks))
	}
	return out
}

// tcp is the source of TCP sockets; ok is false where the server is on a unix socket, or none is looked at.
func (c *connections) tcp() (*inetSource, bool) {
	if c == nil {
		return nil, false
	}
	s, ok := c.source.(*inetSource)
	return s, ok
}
