package discovery

import (
	"slices"

	"github.com/hangtime-dev/hangtime/kernel/proc"
	"github.com/hangtime-dev/hangtime/kernel/sockdiag"
	"github.com/hangtime-dev/hangtime/probe/listeners"
)

// maxDescent bounds how far below a given pid its arbiter is sought, as below a shell or a supervisor.
const maxDescent = 5

// runsCommands says whether a process that listens nowhere is a program with work of its own, such as a worker of a
// queue, whose children are commands that it runs; and not a shell or a supervisor that only started its child: it has a
// connection to another program, and nothing below it listens.
func runsCommands(p proc.FS, netns string, pid int, all map[uint32]listeners.Socket) bool {
	return !listensBelow(p, pid, maxDescent, all) && connected(p, netns, pid)
}

// maxStarted bounds how many servers may be told together of one process: an init has started too many to be meant.
const maxStarted = 8

// started are the servers that a process which serves nothing itself has started, as the shell of a Procfile does: two
// or more of its children are, and one of these has workers. nil: it is not such a one.
func started(p proc.FS, pid int, children []int, all map[uint32]listeners.Socket) (servers []int) {
	if len(children) < 2 || len(listeners.Of(p, pid, all)) > 0 || runsSameProgram(p, pid, children) {
		return nil
	}
	crews := false
	for _, child := range children {
		has := hasWorkers(p, child)
		crews = crews || has
		if has || len(listeners.Of(p, child, all)) > 0 || listensBelow(p, child, maxDescent, all) {
			servers = append(servers, child)
		}
	}
	if !crews || len(servers) < 2 || len(servers) > maxStarted {
		return nil
	}
	return servers
}

// hasWorkers says whether a process, or the one at the end of those that only started it, has children that run its own
// program.
func hasWorkers(p proc.FS, pid int) bool {
	for range maxDescent {
		children, _ := p.Children(pid)
		if runsSameProgram(p, pid, children) {
			return true
		}
		if len(children) != 1 {
			return false
		}
		pid = children[0]
	}
	return false
}

// listensBelow says whether a process below another listens, at most so many generations down.
func listensBelow(p proc.FS, pid, generations int, all map[uint32]listeners.Socket) bool {
	children, _ := p.Children(pid)
	return generations > 0 && slices.ContainsFunc(children, func(child int) bool {
		return len(listeners.Of(p, child, all)) > 0 || listensBelow(p, child, generations-1, all)
	})
}

// lastStandard is the last of the three descriptors that a process is given by whoever started it, which may be
// connections to a log.
const lastStandard = 2

// connected says whether a process has a connection over TCP, or to a unix socket with a name. What cannot be read is no
// connection.
func connected(p proc.FS, netns string, pid int) bool {
	own := map[uint32]bool{}
	fds, _ := p.FDs(pid)
	for _, fd := range fds {
		link, err := p.Descriptor(pid, fd).Link()
		if inode, ok := proc.SocketInode(link); err == nil && ok && fd > lastStandard {
			own[inode] = true
		}
	}
	conn, err := sockdiag.Open(netns)
	if err != nil || len(own) == 0 {
		return false
	}
	defer conn.Close()
	is, named := false, map[uint32]bool{}
	_ = conn.Flows("tcp", 1<<sockdiag.Established, func(f sockdiag.Flow) error {
		is = is || own[f.Inode]
		return nil
	})
	_ = conn.UnixSockets(1<<sockdiag.Established, func(s sockdiag.UnixSocket) error {
		named[s.Peer] = named[s.Peer] || s.Name != ""
		return nil
	})
	for inode := range own {
		is = is || named[inode]
	}
	return is
}
