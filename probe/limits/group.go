package limits

import (
	"time"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/kernel/cgroup"
	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// A group is the control group of workers, as last read.
type group struct {
	cgroup.Group
	now  history.Cgroup
	read time.Time

	explained uint64    // how many of its kernel's kills are some worker's end that is known
	grew      time.Time // when that counter was last seen to grow
}

// Groups reads control groups; workers that share one read it once. One goroutine may use it.
type Groups struct {
	fs          proc.FS
	all         map[string]*group // by the text of /proc/PID/cgroup
	hierarchies []cgroup.Hierarchy
	sought      bool
	text        []byte // of a process's file, as last read
}

// NewGroups prepares to read.
func NewGroups(fs proc.FS) *Groups { return &Groups{fs: fs, all: map[string]*group{}} }

// of is the group of a process, by its file of memberships; nil: it is not known.
func (g *Groups) of(file proc.OpenFile) *group {
	text, err := file.Whole(g.text, proc.MaxRead)
	if err != nil || len(text) == 0 {
		return nil
	}
	g.text = text
	if known := g.all[string(text)]; known != nil {
		return known
	}
	if !g.sought {
		g.sought = true
		if mounts, err := g.fs.OwnMounts(); err == nil {
			g.hierarchies = cgroup.Hierarchies(mounts)
		}
	}
	if len(g.all) > 1024 {
		clear(g.all)
	}
	one := &group{Group: cgroup.Locate(cgroup.ParseMemberships(text), g.hierarchies)}
	g.all[string(text)] = one
	return one
}

// refresh reads the group anew.
func (one *group) refresh(now time.Time) {
	first := one.read.IsZero()
	one.read = now
	u := one.Read()
	switch {
	case first:
		one.explained = u.OOMKills
	case u.OOMKills > one.now.OOMKills:
		one.grew = now
	}
	one.now = history.Cgroup{
		Path: one.Path, Quota: u.Quota, Periods: u.Periods, Throttled: u.Throttled, ThrottledFor: u.ThrottledFor,
		Memory: u.Memory, MemoryLimit: u.MemoryLimit, UnderOOM: u.UnderOOM, OOMKills: u.OOMKills, Frozen: u.Frozen,
		FreezerPath: one.Freezes,
	}
}

// killCounts is for how long a kill of the kernel's may be that of a worker whose end was just heard of; later it was
// another process of the group.
const killCounts = 2 * time.Second

// killed says whether a worker's end is one of the kernel's kills for the group's memory. Each kill is that of one: two
// that end at once take two.
func (one *group) killed(now time.Time) bool {
	one.refresh(now)
	if now.Sub(one.grew) > killCounts {
		one.explained = one.now.OOMKills
	}
	if one.now.OOMKills <= one.explained {
		return false
	}
	one.explained++
	return true
}
