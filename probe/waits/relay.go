package waits

import (
	"net/netip"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/kernel/sockdiag"
)

// relayed is the answer that a process waits for while its loop waits for events, as one that passes requests on does, and
// says so in its link; nil: it waits for none, or for those of several servers, of which nobody knows which belongs to
// whom, or the chain ends there. Only TCP says who spoke last.
func (f *Finder) relayed(link *history.Link, server Server) history.Event {
	t, err := f.host.table()
	if err != nil {
		return nil
	}
	wait := history.SocketWait{PID: link.PID, Op: "epoll_wait", Family: "tcp"}
	ofServer, returns := false, false
	for _, inode := range f.ownSockets(link.PID, Server{}) {
		flow, ok := t.flows[inode]
		if !ok || t.heardAt(flow.Local) != 0 { // it was accepted
			continue
		}
		remote, _, owes := f.host.owes(t, inode, link.PID, Server{})
		if !owes {
			continue
		}
		if wait.Remote != "" && wait.Remote != remote {
			return nil
		}
		wait.Remote, wait.Peers = remote, f.host.peersOf(t, inode, link.PID)
		ofServer = server.Ports[flow.Remote.Port()] && t.heardAt(flow.Remote) != 0
		returns = returns || ofServer && !t.accepted(flow)
	}
	switch {
	case wait.Remote == "" || ofServer && !returns: // what the server has taken may be the very request that waits for the link
		return nil
	case returns:
		link.Idle, link.Does = false, "has passed a request on to "+wait.Remote+", where it waits to be accepted by the very server that waits for it"
		return nil
	}
	link.Idle, link.Does = false, "waits for an answer of "+wait.Remote
	return wait
}

// accepted says whether a process has the other end of a connection.
func (t *sockets) accepted(flow sockdiag.Flow) bool {
	return t.byEnds[[2]netip.AddrPort{flow.Remote, flow.Local}] != 0
}
