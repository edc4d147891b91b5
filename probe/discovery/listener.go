package discovery

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/hangtime-dev/hangtime/kernel/proc"
	"github.com/hangtime-dev/hangtime/probe/listeners"
)

// findListener finds the server that listens where it is wanted; what is the words for that.
func findListener(p proc.FS, all map[uint32]listeners.Socket,
	want func(listeners.Socket) bool, what string) (Target, error) {
	chosen := map[uint32]listeners.Socket{}
	address := ""
	for inode, l := range all {
		if want(l) {
			chosen[inode] = l
			address = l.Address
		}
	}
	if len(chosen) == 0 {
		return Target{}, fmt.Errorf("%s: nothing listens there in this network namespace", what)
	}
	pids, err := p.PIDs()
	if err != nil {
		return Target{}, err
	}
	owners := map[int]int{} // pid → parent
	for _, pid := range pids {
		if len(listeners.Of(p, pid, chosen)) > 0 {
			if s, err := p.Stat(pid); err == nil {
				owners[pid] = s.Parent
			}
		}
	}
	if len(owners) == 0 {
		return Target{}, fmt.Errorf("%s: something listens there, but its process may not be seen; "+
			"run hangtime as the server's user or as root, or give --pid", what)
	}
	var tops []int
	for pid, parent := range owners {
		if _, within := owners[parent]; !within {
			tops = append(tops, pid)
		}
	}
	slices.Sort(tops)
	if _, err := netip.ParseAddrPort(address); err != nil && !strings.HasPrefix(address, "unix:") {
		return Target{}, fmt.Errorf("%s: the address %q is none", what, address)
	}
	if len(tops) == 1 {
		return below(p, tops[0], owners, address), nil
	}
	// Each worker binds its own socket (SO_REUSEPORT) and the arbiter has none.
	parent := owners[tops[0]]
	for _, pid := range tops {
		if owners[pid] != parent {
			if takes := whoTakes(p, tops, owners, address); len(takes) == 1 {
				return below(p, takes[0], owners, address), nil // the others only inherited the socket
			}
			return Target{}, fmt.Errorf("%s: %d processes without a common parent listen there; give --pid of the one that is meant",
				what, len(tops))
		}
	}
	return Target{Arbiter: parent, Address: address}, nil
}

// whoTakes are those of the topmost processes with a listening socket that take connections, themselves or by a child.
func whoTakes(p proc.FS, tops []int, owners map[int]int, address string) []int {
	is := takingAt(p, "", []string{address})
	return slices.DeleteFunc(slices.Clone(tops), func(top int) bool {
		if is.Child(top, 0) {
			return false
		}
		for pid, parent := range owners {
			if parent == top && is.Child(pid, top) {
				return false
			}
		}
		return true
	})
}

// below is the server whose processes have a listening socket, given each one's parent: its arbiter is the topmost, or
// the one for which that only holds the socket.
func below(p proc.FS, top int, owners map[int]int, address string) Target {
	for {
		var children []int
		for pid, parent := range owners {
			if parent == top {
				children = append(children, pid)
			}
		}
		if len(children) == 1 && holdsFor(p, "", top, children[0], listeners.Socket{Address: address}) {
			top = children[0]
			continue
		}
		all, _ := p.Children(top)
		return Target{Arbiter: top, Address: address, Single: len(children) == 0 && !runsSameProgram(p, top, all)}
	}
}
