// Package listeners says which sockets of the machine listen, and which of them a process has open.
package listeners

import (
	"fmt"
	"slices"

	"github.com/hangtime-dev/hangtime/kernel/proc"
	"github.com/hangtime-dev/hangtime/kernel/sockdiag"
)

// A Socket is a listening socket of this machine.
type Socket struct {
	Inode   uint32
	Port    int    // 0: a unix socket
	Address string // "127.0.0.1:8000" or "unix:/run/app.sock"
}

// All are those of a network namespace ("/proc/PID/ns/net"; empty: our own), by inode.
func All(netns string) (map[uint32]Socket, error) {
	conn, err := sockdiag.Open(netns)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	all := map[uint32]Socket{}
	err = conn.Flows("tcp", 1<<sockdiag.Listen, func(f sockdiag.Flow) error {
		all[f.Inode] = Socket{f.Inode, int(f.Local.Port()), f.Local.String()}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the listening sockets: %w", err)
	}
	err = conn.UnixSockets(1<<sockdiag.Listen, func(s sockdiag.UnixSocket) error {
		if s.Name != "" {
			all[s.Inode] = Socket{s.Inode, 0, "unix:" + s.Name}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the listening unix sockets: %w", err)
	}
	delete(all, 0)
	return all, nil
}

// Of are those of all that a process has open.
func Of(fs proc.FS, pid int, all map[uint32]Socket) []Socket {
	var out []Socket
	fds, _ := fs.FDs(pid)
	for _, fd := range fds {
		link, err := fs.Descriptor(pid, fd).Link()
		if err != nil {
			continue
		}
		if inode, ok := proc.SocketInode(link); ok {
			if l, listens := all[inode]; listens && !slices.Contains(out, l) {
				out = append(out, l)
			}
		}
	}
	return out
}
