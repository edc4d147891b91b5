package waits

import (
	"slices"
	"strings"
	"time"

	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// A end is a descriptor of some process of the machine.
type end struct {
	pid, fd int
	flags   uint64 // of open(2)
}

// ends finds who else has a pipe, a socket or a device open. It goes through all descriptors of the machine at once,
// for many waits are asked about at a time; that takes 5-30 ms on a small machine, so it is done at most once a second,
// and less often where it takes longer. One goroutine may use it.
type ends struct {
	fs    proc.FS
	most  int              // descriptors that are looked at
	index map[string][]end // by link; flags are read when asked for
	cut   bool             // there are more than that, and what they lead to is not known
	made  time.Time
	life  time.Duration
}

const (
	// maxEnds bounds the descriptors of the machine that are looked at, those of the server first. Where there are
	// more, not every process at the other end of something is named; that is recorded as trouble.
	maxEnds = 1 << 17
	// maxOwners bounds the descriptors that are told of one thing.
	maxOwners = 1024
)

func newEnds(p proc.FS) *ends { return &ends{fs: p, most: maxEnds} }

// of are the descriptors that lead to the same place; near are processes to look at first.
func (e *ends) of(link string, near []int) []end {
	if e.index == nil || time.Since(e.made) > e.life {
		e.scan(near)
	}
	found := e.index[link]
	var out []end
	for _, one := range found[:min(maxOwners, len(found))] {
		if info, err := e.fs.Descriptor(one.pid, one.fd).Info(); err == nil {
			one.flags = info.Flags
			out = append(out, one)
		}
	}
	return out
}

func (e *ends) scan(near []int) {
	began := time.Now()
	e.index = map[string][]end{}
	pids, _ := e.fs.PIDs()
	e.cut = !e.scanAll(slices.Concat(near, pids))
	e.made = time.Now()
	e.life = max(time.Second, 100*e.made.Sub(began))
}

// scanAll says whether it looked at all descriptors.
func (e *ends) scanAll(pids []int) bool {
	left := e.most
	seen := map[int]bool{}
	for _, pid := range pids {
		if seen[pid] {
			continue
		}
		seen[pid] = true
		fds, err := e.fs.FDs(pid)
		if err != nil {
			continue
		}
		for _, fd := range fds {
			if left == 0 {
				return false
			}
			left--
			link, err := e.fs.Descriptor(pid, fd).Link()
			if err != nil || strings.HasPrefix(link, "anon_inode:") || strings.HasPrefix(link, "/dev/pts/") ||
				link == "/dev/null" {
				continue
			}
			e.index[link] = append(e.index[link], end{pid: pid, fd: fd})
		}
	}
	return true
}
