package waits

import (
	"fmt"
	"strconv"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// A host says who has the other end of what a thread waits for: all processes, descriptors and sockets of the machine.
// One goroutine may use it.
type host struct {
	fs      proc.FS
	ends    *ends
	sockets *sockets
	near    []int // processes of the server: most often it is one of them
	trouble func(what string, err error)
}

func newHost(fs proc.FS, netns string, trouble func(what string, err error)) *host {
	return &host{fs: fs, ends: newEnds(fs), sockets: &sockets{netns: netns}, trouble: trouble}
}

func (h *host) close() { h.sockets.close() }

// maxPeers bounds the processes that are named at the other end of something.
const maxPeers = 8

func (h *host) peer(pid int) history.Peer { return history.Peer{PID: pid, Command: h.fs.Command(pid)} }

// parent is the parent of a process; -1: not known.
func (h *host) parent(pid int) int {
	stat, err := h.fs.Stat(pid)
	if err != nil {
		return -1
	}
	return stat.Parent
}

// endsOf are the descriptors of the machine that lead to the same place.
func (h *host) endsOf(link string) []end {
	found := h.ends.of(link, h.near)
	if h.ends.cut {
		h.trouble("find who else has a pipe or a socket",
			fmt.Errorf("the machine has more than %d descriptors, and no more than those are looked at", h.ends.most))
	}
	return found
}

// owners are the processes that have a socket; where the asking process has both ends itself, it is among them.
func (h *host) owners(inode uint32, asks int) []history.Peer {
	var out []history.Peer
	seen := map[int]bool{}
	own := false
	for _, one := range h.endsOf("socket:[" + strconv.FormatUint(uint64(inode), 10) + "]") {
		if one.pid == asks {
			own = true
		} else if !seen[one.pid] && len(out) < maxPeers {
			seen[one.pid] = true
			out = append(out, h.peer(one.pid))
		}
	}
	if own && len(out) == 0 {
		out = append(out, h.peer(asks))
	}
	return out
}

// table is all sockets, read anew where that was long ago.
func (h *host) table() (*sockets, error) {
	if h.sockets.fresh() {
		return h.sockets, nil
	}
	return h.sockets, h.sockets.read(h.trouble)
}
