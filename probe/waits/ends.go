package waits

import (
	"strings"
	"time"

	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// An end is a descriptor of some process of the machine.
type end struct {
	pid, fd int
	flags   uint64 // of open(2)
}

// ends finds who else has a pipe, a socket or a device open. It goes through all descriptors of the machine at once, for many waits are asked about at a time; that takes
// 5-30 ms on a small machine, so it is done at most once a second, and less often where it takes longer.
type ends struct {
	fs    proc.FS
	index map[string][]end // by link; flags are read when asked for
	made  time.Time
	life  time.Duration
}

func newEnds(fs proc.FS) *ends { return &ends{fs: fs} }

// maxEnds bounds how many descriptors are kept; those of the processes with the highest numbers, the youngest, are left out beyond it.
const maxEnds = 1 << 20

// of are the descriptors that lead to the same place.
func (e *ends) of(link string) []end {
	if e.index == nil || time.Since(e.made) > e.life {
		e.scan()
	}
	var out []end
	for _, one := range e.index[link] {
		if info, err := e.fs.FDInfo(one.pid, one.fd); err == nil {
			one.flags = info.Flags
			out = append(out, one)
		}
	}
	return out
}

func (e *ends) scan() {
	began := time.Now()
	e.index = map[string][]end{}
	kept := 0
	pids, _ := e.fs.PIDs()
	for _, pid := range pids {
		fds, err := e.fs.FDs(pid)
		if err != nil {
			continue
		}
		for _, fd := range fds {
			link, err := e.fs.Link(pid, fd)
			if err != nil || strings.HasPrefix(link, "anon_inode:") || strings.HasPrefix(link, "/dev/pts/") || link == "/dev/null" || kept >= maxEnds {
				continue
			}
			kept++
			e.index[link] = append(e.index[link], end{pid: pid, fd: fd})
		}
	}
	e.made = time.Now()
	e.life = max(time.Second, 100*e.made.Sub(began))
}
