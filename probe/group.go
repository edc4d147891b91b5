package probe

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// A group is the control group of workers, with the folders of its controllers: one and the same in cgroup2, one for each in version 1 (cgroups(7)).
type group struct {
	path                 string
	cpu, memory, freezer string // folders; empty: none, or the root group, which has no limits
	unified              bool
	now                  history.Cgroup
	read                 time.Time

	explained uint64    // how many of its kernel's kills are some worker's end that is known
	grew      time.Time // when that counter was last seen to grow
}

// groups reads control groups; workers that share one read it once. One goroutine may use it.
type groups struct {
	proc   proc.FS
	all    map[string]*group // by the text of /proc/PID/cgroup
	mounts []groupMount
	sought bool
}

// A groupMount is where a hierarchy is mounted, and which of its groups is seen there.
type groupMount struct {
	point, root string
	controllers string // of version 1: "cpu,cpuacct"; empty: cgroup2
}

func newGroups(p proc.FS) *groups { return &groups{proc: p, all: map[string]*group{}} }

// of is the group of a process; nil: it is not known.
func (g *groups) of(pid int) *group {
	text, err := proc.Read(g.proc.Path(pid, "cgroup"), proc.MaxRead)
	if err != nil {
		return nil
	}
	if known := g.all[string(text)]; known != nil {
		return known
	}
	if !g.sought {
		g.sought = true
		if mounts, err := g.proc.OwnMounts(); err == nil {
			g.mounts = groupMounts(mounts)
		}
	}
	if len(g.all) > 1024 {
		clear(g.all)
	}
	one := g.locate(text)
	g.all[string(text)] = one
	return one
}

func groupMounts(all []proc.Mount) []groupMount {
	var out []groupMount
	for _, m := range all {
		switch m.Type {
		case "cgroup":
			out = append(out, groupMount{m.Point, m.Root, m.Options})
		case "cgroup2":
			out = append(out, groupMount{m.Point, m.Root, ""})
		}
	}
	return out
}

// locate finds the folders of a group, whose lines are "hierarchy:controllers:path".
func (g *groups) locate(text []byte) *group {
	one := &group{}
	for line := range bytes.Lines(text) {
		f := strings.SplitN(strings.TrimSpace(string(line)), ":", 3)
		if len(f) != 3 || f[2] == "/" {
			continue
		}
		for _, m := range g.mounts {
			inside, ok := strings.CutPrefix(f[2], strings.TrimSuffix(m.root, "/"))
			if !ok || (m.controllers == "") != (f[1] == "") {
				continue
			}
			dir := filepath.Join(m.point, inside)
			switch {
			case f[1] == "":
				one.place(&one.freezer, dir, f[2])
				if one.cpu == "" && one.memory == "" {
					one.cpu, one.memory, one.unified = dir, dir, true
				}
			case has(f[1], "cpu") && has(m.controllers, "cpu"):
				one.place(&one.cpu, dir, f[2])
				one.unified = false
			case has(f[1], "memory") && has(m.controllers, "memory"):
				one.place(&one.memory, dir, f[2])
				one.unified = false
			case has(f[1], "freezer") && has(m.controllers, "freezer"):
				one.place(&one.freezer, dir, f[2])
			}
		}
	}
	return one
}

func (one *group) place(where *string, dir, path string) { *where, one.path = dir, path }

func has(list, word string) bool {
	for one := range strings.SplitSeq(list, ",") {
		if one == word {
			return true
		}
	}
	return false
}

// refresh reads the group anew. Files that are not there leave their figures at zero.
func (one *group) refresh(now time.Time) {
	first := one.read.IsZero()
	one.read = now
	c := history.Cgroup{Path: one.path}
	if one.cpu != "" {
		one.readCPU(&c)
	}
	if one.memory != "" {
		one.readMemory(&c)
	}
	if one.freezer != "" {
		c.Frozen = number(keyed(one.freezer, "cgroup.events"), "frozen") == 1 || strings.HasPrefix(word(one.freezer, "freezer.state"), "FR")
	}
	switch {
	case first:
		one.explained = c.OOMKills
	case c.OOMKills > one.now.OOMKills:
		one.grew = now
	}
	one.now = c
}

func (one *group) readCPU(c *history.Cgroup) {
	stat := keyed(one.cpu, "cpu.stat")
	c.Periods, c.Throttled = number(stat, "nr_periods"), number(stat, "nr_throttled")
	c.ThrottledFor = time.Duration(number(stat, "throttled_usec"))*time.Microsecond + time.Duration(number(stat, "throttled_time"))
	var quota, period float64
	if n, _ := fmt.Sscan(word(one.cpu, "cpu.max"), &quota, &period); n < 2 { // "max 100000" is no number
		quota, period = 0, 0
		if text := word(one.cpu, "cpu.cfs_quota_us"); text != "" && text[0] != '-' {
			_, _ = fmt.Sscan(text, &quota)
			_, _ = fmt.Sscan(word(one.cpu, "cpu.cfs_period_us"), &period)
		}
	}
	if period > 0 {
		c.Quota = quota / period
	}
}

// noLimit is from where on version 1's limit is none: it writes the largest number of whole pages.
const noLimit = 1 << 60

func (one *group) readMemory(c *history.Cgroup) {
	if one.unified {
		c.Memory, c.MemoryLimit = plain(one.memory, "memory.current"), plain(one.memory, "memory.max")
		c.OOMKills = number(keyed(one.memory, "memory.events"), "oom_kill")
		return
	}
	c.Memory, c.MemoryLimit = plain(one.memory, "memory.usage_in_bytes"), plain(one.memory, "memory.limit_in_bytes")
	if c.MemoryLimit >= noLimit {
		c.MemoryLimit = 0
	}
	control := keyed(one.memory, "memory.oom_control")
	c.UnderOOM, c.OOMKills = number(control, "under_oom") == 1, number(control, "oom_kill")
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

func word(dir, name string) string {
	text, err := proc.Read(filepath.Join(dir, name), 4096)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

func plain(dir, name string) uint64 {
	n, _ := proc.Decimal([]byte(word(dir, name))) // "max" is none
	return n
}

func keyed(dir, name string) []byte {
	text, err := proc.Read(filepath.Join(dir, name), 4096)
	if err != nil {
		return nil
	}
	return text
}

// number finds "key N" in lines.
func number(text []byte, key string) uint64 {
	for len(text) > 0 {
		line, rest, _ := bytes.Cut(text, []byte("\n"))
		text = rest
		w := proc.Words{Rest: line}
		if string(w.Next()) == key {
			n, _ := proc.Decimal(w.Next())
			return n
		}
	}
	return 0
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
	if g == nil || g.path == "" {
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
