package probe

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hangtime-dev/hangtime/kernel/proc"
	"github.com/hangtime-dev/hangtime/kernel/sockdiag"
)

// A farEnd is a descriptor of some process of the machine.
type farEnd struct {
	pid, fd int
	flags   uint64 // of open(2)
}

// farEnds finds who else has a pipe, a socket or a device open. It goes through all descriptors of the machine at once, for many waits are asked about at a time; that takes
// 5-30 ms on a small machine, so it is done at most once a second, and less often where it takes longer. One goroutine may use it.
type farEnds struct {
	proc    proc.FS
	most    int                 // descriptors that are looked at
	index   map[string][]farEnd // by link; flags are read when asked for
	cut     bool                // there are more than that, and what they lead to is not known
	made    time.Time
	life    time.Duration
	netlink *sockdiag.Conn // nil: not opened yet
	sockets socketTable
}

const (
	// maxEnds bounds the descriptors of the machine that are looked at, those of the server first. Where there are more, not every process at the other end of something is named; that is
	// recorded as trouble.
	maxEnds = 1 << 17
	// maxOwners bounds the descriptors that are told of one thing.
	maxOwners = 1024
)

func newFarEnds(p proc.FS) *farEnds { return &farEnds{proc: p, most: maxEnds} }

func (e *farEnds) close() {
	if e.netlink != nil {
		e.netlink.Close()
	}
}

// of are the descriptors that lead to the same place; near are processes to look at first.
func (e *farEnds) of(link string, near []int) []farEnd {
	if e.index == nil || time.Since(e.made) > e.life {
		e.scan(near)
	}
	found := e.index[link]
	var out []farEnd
	for _, one := range found[:min(maxOwners, len(found))] {
		if info, err := e.proc.FDInfo(one.pid, one.fd); err == nil {
			one.flags = info.Flags
			out = append(out, one)
		}
	}
	return out
}

func (e *farEnds) scan(near []int) {
	began := time.Now()
	e.index = map[string][]farEnd{}
	pids, _ := e.proc.PIDs()
	e.cut = !e.scanAll(slices.Concat(near, pids))
	e.made = time.Now()
	e.life = max(time.Second, 100*e.made.Sub(began))
}

// scanAll says whether it looked at all descriptors.
func (e *farEnds) scanAll(pids []int) bool {
	left := e.most
	seen := map[int]bool{}
	for _, pid := range pids {
		if seen[pid] {
			continue
		}
		seen[pid] = true
		fds, err := e.proc.FDs(pid)
		if err != nil {
			continue
		}
		for _, fd := range fds {
			if left == 0 {
				return false
			}
			left--
			link, err := e.proc.Link(pid, fd)
			if err != nil || strings.HasPrefix(link, "anon_inode:") || strings.HasPrefix(link, "/dev/pts/") || link == "/dev/null" {
				continue
			}
			e.index[link] = append(e.index[link], farEnd{pid: pid, fd: fd})
		}
	}
	return true
}

// farEnds are the descriptors that lead to the same place.
func (w *watcher) farEnds(link string) []farEnd {
	found := w.ends.of(link, w.near())
	if w.ends.cut {
		w.trouble("find who else has a pipe or a socket", fmt.Errorf("the machine has more than %d descriptors, and no more than those are looked at", w.ends.most))
	}
	return found
}
