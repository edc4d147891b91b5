package waits

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/kernel/proc"
	"github.com/hangtime-dev/hangtime/kernel/sockdiag"
)

// maxUpstreams bounds how many servers are named.
const maxUpstreams = 8

// Upstream is the servers that a process has asked and that have not answered: connections of its own on which it spoke
// last. A loop that passes requests on waits for these while its threads wait for events.
func (f *Finder) Upstream(pid int, server Server) []history.Unanswered {
	own := f.ownSockets(pid, server)
	if len(own) == 0 {
		return nil
	}
	t, err := f.host.table()
	if err != nil {
		return nil
	}
	by := map[string]*history.Unanswered{}
	for _, inode := range own {
		remote, age, owes := f.host.owes(t, inode, pid, server)
		if !owes {
			continue
		}
		one := by[remote]
		if one == nil {
			one = &history.Unanswered{Remote: remote, Peers: f.host.peersOf(t, inode, pid)}
			by[remote] = one
		}
		one.Count++
		one.Oldest = max(one.Oldest, age)
	}
	var all []history.Unanswered
	for _, one := range by {
		all = append(all, *one)
	}
	slices.SortFunc(all, func(a, b history.Unanswered) int {
		return cmp.Or(b.Count-a.Count, cmp.Compare(a.Remote, b.Remote))
	})
	return all[:min(len(all), maxUpstreams)]
}

// ownSockets are those of a process that are neither the server's listeners nor known to have come from its clients.
func (f *Finder) ownSockets(pid int, server Server) []uint32 {
	var own []uint32
	var fds proc.Folder
	defer fds.Close()
	_ = fds.Links(f.fs, pid, func(link []byte) { // what cannot be read has none
		if inode, ok := proc.SocketInode(link); ok && !server.Listening[inode] && !server.Clients[inode] {
			own = append(own, inode)
		}
	})
	return own
}

// owes says whether the other side of a socket owes an answer, where it leads, and since when.
func (h *host) owes(t *sockets, inode uint32, pid int, server Server) (remote string, age time.Duration, owes bool) {
	if flow, ok := t.flows[inode]; ok {
		if flow.Protocol != "tcp" || server.Ports[flow.Local.Port()] || !flow.Remote.IsValid() {
			return "", 0, false
		}
		switch flow.State {
		case sockdiag.SynSent:
			return flow.Remote.String(), 0, true // it has never spoken: since when it tries the kernel does not say
		case sockdiag.Established, sockdiag.CloseWait:
			return flow.Remote.String(), flow.Spoke, flow.Sent > 0 && (flow.Silent < 0 || flow.Silent > flow.Spoke)
		}
		return "", 0, false
	}
	one, ok := t.unix[inode]
	if !ok || t.otherEnd(one) == 0 || one.State == sockdiag.Listen || server.Names[one.Name] {
		return "", 0, false
	}
	name := t.unix[t.otherEnd(one)].Name
	return name, 0, name != ""
}

// peersOf are the processes at the other end, or those that listen there.
func (h *host) peersOf(t *sockets, inode uint32, pid int) []history.Peer {
	if flow, ok := t.flows[inode]; ok {
		other, ok := t.byEnds[[2]netip.AddrPort{flow.Remote, flow.Local}]
		if !ok {
			other = t.heardAt(flow.Remote)
		}
		if other == 0 {
			return nil
		}
		return h.owners(other, pid)
	}
	return h.owners(t.otherEnd(t.unix[inode]), pid)
}
