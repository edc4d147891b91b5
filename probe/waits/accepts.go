package waits

import "github.com/hangtime-dev/hangtime/kernel/proc"

// Accepts says whether a thread waits at one of these listening sockets, alone or in a set: it is about to accept what
// comes there. Go's runtime has every socket in its set, edge-triggered, whether anybody accepts there or not, so that
// such a member says nothing. False also where its call may not be read.
func Accepts(fs proc.FS, pid, tid int, listening map[uint32]bool) bool {
	c, err := fs.Thread(pid, tid).Call()
	if err != nil {
		return false
	}
	at := func(fd int) bool {
		link, err := fs.Descriptor(pid, fd).Link()
		inode, ok := proc.SocketInode(link)
		return err == nil && ok && listening[inode]
	}
	switch name := c.Name(); {
	case name == "accept", name == "accept4":
		return at(c.FD())
	case isSet(name):
		all, _ := watchedBy(fs, pid, c)
		for _, one := range all {
			if !one.edge && at(one.fd) {
				return true
			}
		}
	}
	return false
}
