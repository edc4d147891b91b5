package probe

import (
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
	index   map[string][]farEnd // by link; flags are read when asked for
	made    time.Time
	life    time.Duration
	netlink *sockdiag.Conn // nil: not opened yet
	sockets socketTable
}

func newFarEnds(p proc.FS) *farEnds { return &farEnds{proc: p} }

func (e *farEnds) close() {
	if e.netlink != nil {
		e.netlink.Close()
	}
}

// of are the descriptors that lead to the same place.
func (e *farEnds) of(link string) []farEnd {
	if e.index == nil || time.Since(e.made) > e.life {
		e.scan()
	}
	found := e.index[link]
	var out []farEnd
	for _, one := range found {
		if info, err := e.proc.FDInfo(one.pid, one.fd); err == nil {
			one.flags = info.Flags
			out = append(out, one)
		}
	}
	return out
}

func (e *farEnds) scan() {
	began := time.Now()
	e.index = map[string][]farEnd{}
	pids, _ := e.proc.PIDs()
	for _, pid := range pids {
		fds, err := e.proc.FDs(pid)
		if err != nil {
			continue
		}
		for _, fd := range fds {
			link, err := e.proc.Link(pid, fd)
			if err != nil || strings.HasPrefix(link, "anon_inode:") || strings.HasPrefix(link, "/dev/pts/") || link == "/dev/null" {
				continue
			}
			e.index[link] = append(e.index[link], farEnd{pid: pid, fd: fd})
		}
	}
	e.made = time.Now()
	e.life = max(time.Second, 100*e.made.Sub(began))
}
