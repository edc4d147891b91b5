package discovery

import (
	"slices"

	"github.com/hangtime-dev/hangtime/kernel/proc"
	"github.com/hangtime-dev/hangtime/probe/listeners"
)

// apart are the children of a process that are servers of their own, while it serves at other sockets: the FastCGI
// programs that a web server starts and passes requests to, or what a supervisor with a port for commands looks after.
// They listen where it does not; a socket that it only holds to hand it to its one child is the child's. own are the
// sockets that are its alone.
func apart(p proc.FS, netns string, pid int, children []int, all map[uint32]listeners.Socket) (
	own []listeners.Socket, servers []int) {
	mine := listeners.Of(p, pid, all)
	own = slices.Clone(mine)
	theirs := map[int][]listeners.Socket{}
	for _, child := range children {
		if has := listeners.Of(p, child, all); len(has) > 0 {
			theirs[child] = has
			servers = append(servers, child)
			own = slices.DeleteFunc(own, func(l listeners.Socket) bool { return slices.Contains(has, l) })
		}
	}
	if len(own) == 0 {
		return nil, nil
	}
	at := map[string]bool{}
	for _, child := range servers {
		for _, l := range theirs[child] {
			held := slices.Contains(mine, l)
			if held && !(len(servers) == 1 && holdsFor(p, netns, pid, child, l)) || !held && at[l.Address] {
				return own, nil // its workers: they share its socket, or each has one of its own at the same address (SO_REUSEPORT)
			}
		}
		for _, l := range theirs[child] {
			at[l.Address] = true
		}
	}
	return own, servers
}
