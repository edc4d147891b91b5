package requests

import (
	"time"

	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// A Holding is what a process is seen to have of the server's sockets.
type Holding int

const (
	None   Holding = iota
	Some           // a listening socket of the server, or a connection that was accepted on one
	Unseen         // its descriptors may not be read, or nothing listens yet
)

// Holds says what a process has of the server's sockets.
func (r *Reader) Holds(pid int) Holding {
	c := r.connections
	if c == nil {
		return Unseen
	}
	if _, _, listening := c.backlog(); !listening {
		if c.refresh(time.Now(), true, true, func(func(uint32, int)) {}) != nil {
			return Unseen
		}
		if _, _, listening = c.backlog(); !listening {
			return Unseen
		}
	}
	fds := proc.Folder{}
	defer fds.Close()
	found := None
	err := fds.Links(r.fs, pid, func(link []byte) {
		if inode, ok := proc.SocketInode(link); ok && (c.listens(inode) || c.sockets[inode] != nil) {
			found = Some
		}
	})
	if err != nil {
		return Unseen
	}
	return found
}
