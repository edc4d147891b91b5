package waits

import (
	"fmt"
	"net/netip"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/kernel/sockdiag"
)

// socket is a thread that waits for a socket, with who is at the other end.
func (h *host) socket(s Subject, m member, op string, out bool, more int, server Server) history.Event {
	wait := history.SocketWait{PID: s.PID, TID: s.TID, FD: m.fd, Inode: m.socket, Op: op, Silent: -1, More: more, Full: out}
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
	return wait // it was made or closed a moment ago, or is of a kind that is not asked for
}

func (h *host) flow(t *sockets, wait *history.SocketWait, flow sockdiag.Flow, server Server) {
	wait.Family, wait.State, wait.Silent, wait.Local = flow.Protocol, sockdiag.StateName(flow.State), flow.Silent,
		flow.Local.String()
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
		if wait.Peers = h.owners(other, wait.PID); len(wait.Peers) == 0 && !wait.Client {
			if pid := titledFor(h.fs, flow.Local); pid != 0 {
				wait.Peers = []history.Peer{h.peer(pid)}
			}
		}
	} else if inode := t.heardAt(flow.Remote); inode != 0 &&
		(flow.State == sockdiag.SynSent || wait.Own || flow.Protocol == "tcp") {
		wait.Peers = h.owners(inode, wait.PID) // it is not accepted yet: who listens there?
	}
	h.says(wait)
}

func (h *host) unixSocket(t *sockets, wait *history.SocketWait, one sockdiag.UnixSocket, server Server) {
	wait.Family, wait.State, wait.Local = "unix", sockdiag.StateName(one.State), one.Name
	other := t.otherEnd(one)
	if other == 0 {
		return
	}
	wait.Remote = t.unix[other].Name
	if wait.Remote == "" {
		wait.Remote = fmt.Sprintf("unix socket %d", other)
	}
	wait.Client = one.Name != "" && server.Names[one.Name]
	wait.Peers = h.owners(other, wait.PID)
	h.says(wait)
}

// says adds what the process at the other end says of itself in its title, where it has written one (setproctitle(3)).
func (h *host) says(wait *history.SocketWait) {
	if len(wait.Peers) > 0 && wait.Peers[0].PID != wait.PID {
		wait.Does = titleOf(h.fs, wait.Peers[0].PID)
	}
}
