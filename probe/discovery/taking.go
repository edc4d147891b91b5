package discovery

import (
	"slices"
	"time"

	"github.com/hangtime-dev/hangtime/kernel/proc"
	"github.com/hangtime-dev/hangtime/probe/requests"
	"github.com/hangtime-dev/hangtime/probe/waits"
)

// maxTaking bounds how many threads of a process are looked at for one that waits at a listening socket.
const maxTaking = 64

// A Taking tells which processes take a server's connections themselves. A process that only inherited the listening
// socket, such as one of a pool that the server forked, takes none; and neither does an arbiter.
type Taking struct {
	fs      proc.FS
	sockets requests.Sockets
}

// TakingOf tells it of the server of which these are the sockets.
func TakingOf(fs proc.FS, sockets requests.Sockets) Taking { return Taking{fs, sockets} }

// takingAt tells it of the server at these addresses, in a network namespace as requests.Open takes it. Where the sockets
// may not be read nobody is seen to take anything; that is said when the server is watched.
func takingAt(fs proc.FS, netns string, addresses []string) Taking {
	sockets, _ := requests.ReadSockets(netns, addresses)
	return TakingOf(fs, sockets)
}

// Spoken are the connections that a process has and of which somebody has read all that came.
func (t Taking) Spoken(pid int) map[uint32]bool {
	all := map[uint32]bool{}
	t.EachSocket(pid, func(inode uint32) {
		if t.sockets.Spoken(inode) {
			all[inode] = true
		}
	})
	return all
}

// listens says whether a process has a listening socket of the server.
func (t Taking) listens(pid int) (found bool) {
	t.EachSocket(pid, func(inode uint32) { found = found || t.sockets.Listening[inode] })
	return found
}

// EachSocket calls do with each socket that a process has.
func (t Taking) EachSocket(pid int, do func(inode uint32)) {
	fds := proc.Folder{}
	defer fds.Close()
	_ = fds.Links(t.fs, pid, func(link []byte) { // what may not be read has none that we know of
		if inode, ok := proc.SocketInode(link); ok {
			do(inode)
		}
	})
}

// Accepts says whether a thread of a process waits at a listening socket.
func (t Taking) Accepts(pid int) bool {
	tids, _ := t.fs.Threads(pid)
	return slices.ContainsFunc(tids[:min(len(tids), maxTaking)],
		func(tid int) bool { return waits.Accepts(t.fs, pid, tid, t.sockets.Listening) })
}

// settled is for how long an arbiter is to have a connection that was read from: one that forks a process for each is
// rid of it sooner.
const settled = 20 * time.Millisecond

// byItself says whether an arbiter takes connections itself: it has one that was read from, or it waits at a listening
// socket that a child has too. One that accepts for its children, as node's does, hands each connection on unread, over
// a unix socket, and they have no listening socket.
func (t Taking) byItself(arbiter int, children []int) bool {
	if own := t.Spoken(arbiter); len(own) > 0 {
		time.Sleep(settled)
		for inode := range t.Spoken(arbiter) {
			if own[inode] {
				return true
			}
		}
	}
	return t.AcceptsBeside(arbiter, children)
}

// AcceptsBeside says whether an arbiter waits at a listening socket for nobody but itself.
func (t Taking) AcceptsBeside(arbiter int, children []int) bool {
	return t.Accepts(arbiter) && (slices.ContainsFunc(children, t.listens) || !slices.ContainsFunc(children, t.hasSocket))
}

func (t Taking) hasSocket(pid int) (has bool) {
	t.EachSocket(pid, func(uint32) { has = true })
	return has
}

// childOrBelow says whether a child of an arbiter takes connections, or one that it started.
func (t Taking) childOrBelow(pid, arbiter int) bool {
	children, _ := t.fs.Children(pid)
	return t.Child(pid, arbiter) || slices.ContainsFunc(children, func(one int) bool { return t.Child(one, arbiter) })
}

// Child says whether a child of an arbiter takes connections: it has one that was read from and that its arbiter does
// not have, for such a one it may have inherited, or it waits at a listening socket.
func (t Taking) Child(pid, arbiter int) bool {
	own := t.Spoken(arbiter)
	for inode := range t.Spoken(pid) {
		if !own[inode] {
			return true
		}
	}
	return t.Accepts(pid)
}
