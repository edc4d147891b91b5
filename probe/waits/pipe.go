package waits

import (
	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/history"
)

// pipe is a thread that reads an empty pipe or writes to a full one.
func (h *host) pipe(s Subject, m member, out bool, more int) history.Event {
	wait := history.PipeWait{PID: s.PID, TID: s.TID, FD: m.fd, Op: "read", Inode: m.inode, Fill: -1, Size: -1, More: more}
	if m.inode == 0 {
		if info, err := h.fs.Descriptor(s.PID, m.fd).Info(); err == nil {
			wait.Inode = info.Inode
		}
	}
	if out { // opening it makes us a reader for a moment; for one that waits to read, that would say nothing
		wait.Op = "write"
		wait.Fill, wait.Size = h.fs.Descriptor(s.PID, m.fd).PipeFill()
	}
	for _, one := range h.endsOf(m.link) {
		mode := one.flags & unix.O_ACCMODE
		if one.pid == s.PID || out && mode == unix.O_WRONLY || !out && mode == unix.O_RDONLY {
			continue
		}
		if len(wait.Others) < maxPeers {
			wait.Others = append(wait.Others, h.peer(one.pid))
		}
	}
	return wait
}
