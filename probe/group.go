package probe

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

// groups reads control groups; workers that share one read it once. One goroutine may use it.
type groups struct {
	proc        proc.FS
	all         map[string]*group // by the text of /proc/PID/cgroup
	hierarchies []cgroup.Hierarchy
	sought      bool
}

func newGroups(p proc.FS) *groups { return &groups{proc: p, all: map[string]*group{}} }

// of is the group of a process; nil: it is not known.
func (g *groups) of(pid int) *group {
	text, err := cgroup.MembershipText(g.proc, pid)
	if err != nil {
		return nil
	}
	if known := g.all[string(text)]; known != nil {
		return known
	}
	if !g.sought {
		g.sought = true
		if mounts, err := g.proc.OwnMounts(); err == nil {
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
		Path: one.Path, Quota: u.Quota, Periods: u.Periods, Throttled: u.Throttled, ThrottledFor: u.ThrottledFor, Memory: u.Memory, MemoryLimit: u.MemoryLimit,
		UnderOOM: u.UnderOOM, OOMKills: u.OOMKills, Frozen: u.Frozen,
	}
}

// killCounts is for how long a kill of the kernel's may be that of a worker whose end was just heard of; later it was another process of the group.
const killCounts = 2 * time.Second

// killed says whether a worker's end is one of the kernel's kills for the group's memory. Each kill is that of one: two that end at once take two.
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

// groupEvery is how often the group of a worker under suspicion is read.
const groupEvery = 200 * time.Millisecond

// memberEvery is how often it is looked up which group a worker is in: a process may be moved at any time.
const memberEvery = 900 * time.Millisecond

// readGroup records the limits under which a worker runs, where it has any.
func (w *watcher) readGroup(now time.Time, one *worker) {
	if one.group == nil || now.Sub(one.groupAt) >= memberEvery {
		one.groupAt = now
		one.group = w.groups.of(one.PID)
	}
	g := one.group
	if g == nil || g.Path == "" {
		return
	}
	if now.Sub(g.read) >= groupEvery {
		g.refresh(now)
	}
	c := g.now
	c.PID = one.PID
	if c != one.groupTold || now.Sub(one.groupToldAt) >= time.Second {
		one.groupTold, one.groupToldAt = c, now
		w.rec.Record(c)
	}
}

// A dropCounter follows how many connections the kernel dropped because a listening socket's queue was full.
type dropCounter struct {
	before uint64
	begun  bool
}

// read says how many there were so far, and whether it grew. They are counted for all listeners of the process's network namespace.
func (d *dropCounter) read(p proc.FS, pid int) (dropped uint64, grew bool) {
	dropped, ok := p.ListenOverflows(pid)
	if !ok {
		return 0, false
	}
	grew = !d.begun || dropped > d.before // the first is what later ones are compared with
	d.before, d.begun = dropped, true
	return dropped, grew
}
