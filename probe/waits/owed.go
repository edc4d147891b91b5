package waits

import (
	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/kernel/sockdiag"
)

// maxOwed bounds how many connections are told of.
const maxOwed = 16

// Owed is what a process that listens nowhere owes to others: its TCP connections on which the other side spoke last. So
// are the requests of a server that has closed its listening socket and is to end them.
func (f *Finder) Owed(pid int, server Server) []history.Owed {
	own := f.ownSockets(pid, server)
	if len(own) == 0 {
		return nil
	}
	t, err := f.host.table()
	if err != nil {
		return nil
	}
	var all []history.Owed
	for _, inode := range own {
		flow, ok := t.flows[inode]
		if !ok || flow.Protocol != "tcp" || !flow.Remote.IsValid() || flow.Silent < 0 || len(all) == maxOwed ||
			flow.State != sockdiag.Established && flow.State != sockdiag.CloseWait {
			continue
		}
		if flow.Sent == 0 || flow.Silent < flow.Spoke {
			all = append(all, history.Owed{Port: int(flow.Remote.Port()), Age: flow.Silent})
		}
	}
	return all
}
