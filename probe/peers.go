package probe

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/kernel/proc"
	"github.com/hangtime-dev/hangtime/kernel/sockdiag"
)

// A socketTable is all sockets of the machine at one moment.
type socketTable struct {
	at     time.Time
	flows  map[uint32]sockdiag.Flow // by inode
	byEnds map[[2]netip.AddrPort]uint32
	unix   map[uint32]sockdiag.UnixSocket
}

// tableLife is how long it stands: it is only wanted while something hangs.
const tableLife = time.Second

// maxFlows bounds it.
const maxFlows = 1 << 17

// table reads all sockets anew where that was long ago.
func (e *farEnds) table() (*socketTable, error) {
	if e.sockets.flows != nil && time.Since(e.sockets.at) < tableLife {
		return &e.sockets, nil
	}
	if e.netlink == nil {
		n, err := sockdiag.Open("")
		if err != nil {
			return nil, err
		}
		e.netlink = n
	}
	t := socketTable{at: time.Now(), flows: map[uint32]sockdiag.Flow{}, byEnds: map[[2]netip.AddrPort]uint32{}, unix: map[uint32]sockdiag.UnixSocket{}}
	for _, protocol := range []string{"tcp", "udp"} {
		err := e.netlink.Flows(protocol, sockdiag.AllStates, func(f sockdiag.Flow) error {
			if f.Inode != 0 && len(t.flows) < maxFlows {
				t.flows[f.Inode] = f
				t.byEnds[[2]netip.AddrPort{f.Local, f.Remote}] = f.Inode
			}
			return nil
		})
		if err != nil && protocol == "tcp" { // udp_diag may be missing
			return nil, fmt.Errorf("read the sockets of the machine: %w", err)
		}
	}
	err := e.netlink.UnixSockets(sockdiag.AllStates, func(s sockdiag.UnixSocket) error {
		if len(t.unix) < maxFlows {
			t.unix[s.Inode] = s
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the unix sockets of the machine: %w", err)
	}
	e.sockets = t
	return &e.sockets, nil
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
		if f.State == sockdiag.Listen {
			return nil
		}
		w.fillFlow(t, &wait, f)
		return wait
	}
	if s, ok := t.unix[inode]; ok {
		if s.State == sockdiag.Listen {
			return nil
		}
		w.fillUnix(t, &wait, s)
		return wait
	}
	wait.Family = "another kind of"
	return wait
}

func (w *watcher) fillFlow(t *socketTable, wait *history.SocketWait, f sockdiag.Flow) {
	wait.Family, wait.State, wait.Silent, wait.Local = f.Protocol, sockdiag.StateName(f.State), f.Silent, f.Local.String()
	if !f.Remote.IsValid() {
		return
	}
	wait.Remote = f.Remote.String()
	if s, ok := w.sockets.tcp(); ok && f.Protocol == "tcp" && f.Local.Port() == s.Port() {
		wait.Client = true
	}
	if other, ok := t.byEnds[[2]netip.AddrPort{f.Remote, f.Local}]; ok {
		wait.Peers = w.socketOwners(other, wait.PID)
		return
	}
	if f.State == sockdiag.SynSent { // no other end yet: who listens there?
		for inode, one := range t.flows {
			if one.State == sockdiag.Listen && one.Local.Port() == f.Remote.Port() && (one.Local.Addr() == f.Remote.Addr() || one.Local.Addr().IsUnspecified()) {
				wait.Peers = w.socketOwners(inode, wait.PID)
			}
		}
	}
}

func (w *watcher) fillUnix(t *socketTable, wait *history.SocketWait, s sockdiag.UnixSocket) {
	wait.Family, wait.State, wait.Local = "unix", sockdiag.StateName(s.State), s.Name
	if s.Peer == 0 {
		return
	}
	wait.Remote = t.unix[s.Peer].Name
	if wait.Remote == "" {
		wait.Remote = fmt.Sprintf("unix socket %d", s.Peer)
	}
	wait.Client = w.sockets != nil && s.Name != "" && "unix:"+s.Name == w.target.Address
	wait.Peers = w.socketOwners(s.Peer, wait.PID)
}

// socketOwners are the processes that have a socket; where the asking process has both ends itself, it is among them.
func (w *watcher) socketOwners(inode uint32, asks int) []history.Peer {
	var out []history.Peer
	seen := map[int]bool{}
	own := false
	for _, end := range w.farEnds(fmt.Sprintf("socket:[%d]", inode)) {
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
func (c *connections) tcp() (*sockdiag.Inet, bool) {
	if c == nil {
		return nil, false
	}
	s, ok := c.source.(*sockdiag.Inet)
	return s, ok
}
