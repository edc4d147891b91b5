package requests

import (
	"slices"
	"time"

	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// A Process is one whose sockets are followed.
type Process struct {
	PID int
	Ran bool // one of its threads ran since the tick before; to be set before each Read

	changed bool        // it ran since its descriptors were last gone through
	after   time.Time   // its descriptors are not gone through again before that
	folder  proc.Folder // of its descriptors
	inodes  []uint32    // of its sockets, as last read
	unknown []uint32    // those of them that were not known at the last look
}

// read reads which sockets it has from its folder of descriptors.
func (p *Process) read(fs proc.FS) error {
	p.inodes = p.inodes[:0]
	return p.folder.Links(fs, p.PID, func(link []byte) {
		if inode, ok := proc.SocketInode(link); ok {
			p.inodes = append(p.inodes, inode)
		}
	})
}

// compare goes through the sockets that it has, which cannot be others than before as long as none of its threads runs,
// and says whether one is not known that was there at the tick before: most connections are over by then, and to read
// all costs much.
func (p *Process) compare(c *connections) (news bool) {
	before := len(p.unknown)
	for _, inode := range p.inodes {
		switch {
		case c.foreign[inode]:
		case c.sockets[inode] != nil:
			c.own(inode, p.PID)
		default:
			news = news || slices.Contains(p.unknown[:before], inode)
			p.unknown = append(p.unknown, inode)
		}
	}
	p.unknown = slices.Delete(p.unknown, 0, before)
	return news
}

// claim says of each socket that was not known that the process has it.
func (p *Process) claim(c *connections) {
	for _, inode := range p.unknown {
		c.claim(inode, p.PID)
	}
	p.unknown = p.unknown[:0]
}
