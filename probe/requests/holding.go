package requests

import (
	"time"

	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// A Holding is what a process is seen to have of the server's sockets.
type Holding int

const (
	HoldsNone     Holding = iota
	HoldsSome             // a connection that was accepted on a listening socket of the server
	HoldsListener         // such a socket itself
	HoldUnseen            // its descriptors may not be read, or nothing listens yet
)

// holding says what a process has of them.
func (c *connections) holding(fs proc.FS, pid int) Holding {
	if _, _, listening := c.backlog(); !listening {
		if c.refresh(time.Now(), true, true, nil, func(func(uint32, int)) {}) != nil {
			return HoldUnseen
		}
		if _, _, listening = c.backlog(); !listening {
			return HoldUnseen
		}
	}
	fds := proc.Folder{}
	defer fds.Close()
	found := HoldsNone
	err := fds.Links(fs, pid, func(link []byte) {
		inode, ok := proc.SocketInode(link)
		switch {
		case !ok:
		case c.listens(inode):
			found = HoldsListener
		case c.sockets[inode] != nil && found == HoldsNone:
			found = HoldsSome
		}
	})
	if err != nil {
		return HoldUnseen
	}
	return found
}
