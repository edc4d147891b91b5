package waits

import (
	"strings"

	"github.com/hangtime-dev/hangtime/history"
)

// event is the wait for one descriptor; more is how many others are waited for beside it.
func (f *Finder) event(s Subject, m member, op string, more int, server Server) history.Event {
	out := m.writes || writes(op)
	switch m.kind {
	case ofTerminal:
		if out {
			op = "write"
		}
		return history.TerminalWait{PID: s.PID, TID: s.TID, FD: m.fd, Op: op, Path: m.link}
	case ofChild:
		via := "pipe"
		if strings.HasPrefix(m.link, "anon_inode:[pidfd") {
			via = "end"
		}
		if m.child > 0 && !out {
			return history.ChildWait{PID: s.PID, TID: s.TID, Op: op, Via: via, Child: f.host.peer(m.child)}
		}
	}
	if m.socket != 0 {
		return f.host.socket(s, m, op, out, more, server)
	}
	if m.inode != 0 || m.kind == ofPipe || m.kind == ofChild || m.kind == ofParent {
		return f.host.pipe(s, m, out, more)
	}
	return nil
}

// writes says whether a call hands bytes over rather than taking some.
func writes(name string) bool {
	switch name {
	case "write", "writev", "pwrite64", "pwritev", "sendfile", "splice", "sendto", "sendmsg", "sendmmsg":
		return true
	}
	return false
}
