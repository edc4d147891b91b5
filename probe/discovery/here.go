package discovery

import (
	"cmp"
	"os"
	"slices"

	"github.com/hangtime-dev/hangtime/kernel/proc"
	"github.com/hangtime-dev/hangtime/probe/listeners"
)

// A Candidate is a server that nobody named.
type Candidate struct {
	Target
	Command  string
	Children int // of its arbiter; 0: it is one process
}

// Here are the servers that listen in our network namespace: at a port, or at a unix socket where they have children.
// Those with children come first, then by address. unread is how many ports processes listen at whose descriptors may
// not be read.
func Here() (found []Candidate, unread int, err error) {
	p := proc.FS("/proc")
	all, err := listeners.All("")
	if err != nil {
		return nil, 0, err
	}
	pids, err := p.PIDs()
	if err != nil {
		return nil, 0, err
	}
	held, told := map[uint32]bool{}, map[int]bool{os.Getpid(): true}
	for _, pid := range pids {
		mine := listeners.Of(p, pid, all)
		for _, l := range mine {
			held[l.Inode] = true
		}
		if len(mine) == 0 || told[pid] {
			continue
		}
		t, err := descend(p, "", pid, 0, all)
		if err != nil || told[t.Arbiter] {
			continue // it has ended meanwhile, or was found by another of its processes
		}
		t = t.whole(p, all)
		for _, one := range mayListen(p, t) {
			told[one] = true
		}
		c := Candidate{Target: t}
		if children, err := p.Children(t.Arbiter); err == nil && !t.Single {
			c.Children = len(children)
		}
		if c.Children > 0 || best(mine).Port > 0 {
			found = append(found, c)
		}
	}
	for inode, l := range all {
		if l.Port > 0 && !held[inode] {
			unread++
		}
	}
	slices.SortFunc(found, func(a, b Candidate) int {
		if (a.Children > 0) != (b.Children > 0) {
			return cmp.Compare(b.Children, a.Children)
		}
		return cmp.Compare(a.Address, b.Address)
	})
	return found, unread, nil
}
