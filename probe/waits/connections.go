package waits

import (
	"net/netip"
	"slices"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/kernel/sockdiag"
)

// Connections are the ends that a process has of connections to a server at a port, and the processes at the other ends
// of its unix sockets, each of which may serve that one alone.
func (f *Finder) Connections(pid int, port uint16, server Server) (tcp []string, peers []int) {
	own := f.ownSockets(pid, server)
	if len(own) == 0 {
		return nil, nil
	}
	t, err := f.host.table()
	if err != nil {
		return nil, nil
	}
	for _, inode := range own {
		if flow, ok := t.flows[inode]; ok {
			if flow.Protocol == "tcp" && flow.Remote.Port() == port && flow.State != sockdiag.Listen {
				tcp = append(tcp, plain(flow.Local).String())
			}
			continue
		}
		one, ok := t.unix[inode]
		if !ok || t.otherEnd(one) == 0 || one.State == sockdiag.Listen || t.unix[t.otherEnd(one)].Name == "" {
			continue
		}
		for _, peer := range f.host.owners(t.otherEnd(one), pid) {
			peers = append(peers, peer.PID)
		}
	}
	slices.Sort(tcp)
	slices.Sort(peers)
	return tcp, slices.Compact(peers)
}

// ClientOf is the process of this machine that has a connection to a server's port from an address, as the server sees
// it; pid 0: none has.
func (f *Finder) ClientOf(client string, port uint16) history.Peer {
	at, err := netip.ParseAddrPort(client)
	if err != nil {
		return history.Peer{}
	}
	t, err := f.host.table()
	if err != nil {
		return history.Peer{}
	}
	for inode, flow := range t.flows {
		if flow.Protocol == "tcp" && plain(flow.Local) == at && flow.Remote.Port() == port {
			return first(f.host.owners(inode, 0))
		}
	}
	return history.Peer{}
}

// ClientOfProcess is the process that is at the other end of the one unix socket that a session's process has accepted;
// pid 0: that is not known.
func (f *Finder) ClientOfProcess(pid int) history.Peer {
	t, err := f.host.table()
	if err != nil {
		return history.Peer{}
	}
	for _, inode := range f.ownSockets(pid, Server{}) {
		if one, ok := t.unix[inode]; ok && one.Name != "" && one.Peer != 0 && one.State != sockdiag.Listen {
			return first(f.host.owners(one.Peer, pid))
		}
	}
	return history.Peer{}
}

// Peer is a process with its command.
func (f *Finder) Peer(pid int) history.Peer { return f.host.peer(pid) }

func first(all []history.Peer) history.Peer {
	if len(all) == 0 {
		return history.Peer{}
	}
	return all[0]
}

// plain is an address as both families write it.
func plain(at netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(at.Addr().Unmap(), at.Port()) }
