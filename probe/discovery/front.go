package discovery

import (
	"maps"
	"net/netip"
	"slices"

	"github.com/hangtime-dev/hangtime/kernel/proc"
	"github.com/hangtime-dev/hangtime/kernel/sockdiag"
	"github.com/hangtime-dev/hangtime/probe/listeners"
)

// A front is a child of a server that passes on to its siblings what it takes, as a router does: it listens where none
// of them does, and has a connection to where they listen. It is no worker, and where it listens the server is asked.
type front struct {
	pid     int
	address string // where it listens
	behind  []string
}

// Fronts are the children of a server that are found to pass on what they take. One that has no connection to a sibling
// yet is not known to be one.
func Fronts(p proc.FS, t Target) (pids []int) {
	if len(t.Addresses()) < 2 || t.Single {
		return nil
	}
	all, err := listeners.All(t.Netns)
	if err != nil {
		return nil
	}
	for _, one := range fronts(p, t, all) {
		pids = append(pids, one.pid)
	}
	return pids
}

func fronts(p proc.FS, t Target, all map[uint32]listeners.Socket) []front {
	children, _ := p.Children(t.Arbiter)
	children = slices.DeleteFunc(children, func(pid int) bool {
		return slices.ContainsFunc(t.Behind, func(one Target) bool { return one.Arbiter == pid })
	})
	holders := map[string][]int{}
	for _, pid := range children {
		for _, l := range listeners.Of(p, pid, all) {
			holders[l.Address] = append(holders[l.Address], pid)
		}
	}
	var may []front
	for address, has := range holders {
		if len(has) > 1 {
			continue
		}
		one := front{pid: has[0], address: address}
		for other, have := range holders {
			if !slices.Contains(have, one.pid) {
				one.behind = append(one.behind, other)
			}
		}
		if len(one.behind) > 0 {
			may = append(may, one)
		}
	}
	if len(may) == 0 {
		return nil
	}
	to := leading(t.Netns, slices.Collect(maps.Keys(holders)))
	passes := slices.DeleteFunc(slices.Clone(may), func(one front) bool { return !asks(p, one, to) })
	return slices.DeleteFunc(passes, func(one front) bool { // two that ask each other are none
		return slices.ContainsFunc(passes, func(other front) bool {
			return other.pid != one.pid && slices.Contains(other.behind, one.address)
		})
	})
}

// asks says whether one that may be a front has a connection to a sibling.
func asks(p proc.FS, one front, to map[uint32]string) (found bool) {
	fds := proc.Folder{}
	defer fds.Close()
	_ = fds.Links(p, one.pid, func(link []byte) { // what may not be read has none that we know of
		if inode, ok := proc.SocketInode(link); ok {
			found = found || slices.Contains(one.behind, to[inode])
		}
	})
	return found
}

// leading are the sockets that are connected to some of these addresses, by inode.
func leading(netns string, addresses []string) map[uint32]string {
	to := map[uint32]string{}
	conn, err := sockdiag.Open(netns)
	if err != nil {
		return to
	}
	defer conn.Close()
	_ = conn.Flows("tcp", 1<<sockdiag.Established|1<<sockdiag.CloseWait, func(f sockdiag.Flow) error {
		for _, address := range addresses {
			if at, err := netip.ParseAddrPort(address); err == nil && at.Port() == f.Remote.Port() &&
				(at.Addr() == f.Remote.Addr() || at.Addr().IsUnspecified()) {
				to[f.Inode] = address
			}
		}
		return nil
	})
	names := map[uint32]string{}
	peers := map[uint32]uint32{}
	_ = conn.UnixSockets(1<<sockdiag.Established, func(s sockdiag.UnixSocket) error {
		names[s.Inode], peers[s.Inode] = "unix:"+s.Name, s.Peer
		return nil
	})
	for inode, peer := range peers {
		if name := names[peer]; slices.Contains(addresses, name) {
			to[inode] = name
		}
	}
	return to
}
