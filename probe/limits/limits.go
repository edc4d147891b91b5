// Package limits reads what bounds the workers beside their own work: their control group (processor quota, memory), and
// their table of descriptors.
package limits

import (
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/kernel/cgroup"
	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// A Process is one whose limits are followed. One goroutine may use it.
type Process struct {
	fs     proc.FS
	pid    int
	groups *Groups

	member    proc.OpenFile // says which groups it is in
	group     *group        // its control group; nil: not known
	groupAt   time.Time
	told      history.Cgroup // as last returned
	toldAt    time.Time
	files     int       // soft limit of descriptors; 0: not known
	filesAt   time.Time // when that was read
	filesTold int       // descriptors that were last returned as open
}

// Of prepares to follow a process.
func (g *Groups) Of(pid int) *Process { return &Process{fs: g.fs, pid: pid, groups: g} }

// Close gives back what is open.
func (p *Process) Close() { p.member.Close() }

const (
	// groupEvery is how often the group of a worker under suspicion is read.
	groupEvery = 200 * time.Millisecond
	// memberEvery is how often it is looked up which group a worker is in: a process may be moved at any time.
	memberEvery = 900 * time.Millisecond
	// tellEvery is how often limits are told that did not change.
	tellEvery = time.Second
)

// Group is the limits of its control group; news is false where it has none, or where they were told already.
func (p *Process) Group(now time.Time) (limits history.Cgroup, news bool) {
	if p.group == nil || now.Sub(p.groupAt) >= memberEvery {
		p.groupAt = now
		if !p.member.IsOpen() {
			p.member, _ = proc.Open(cgroup.MembershipPath(p.fs, p.pid)) // without it the group is not known
		}
		p.group = p.groups.of(p.member)
	}
	g := p.group
	if g == nil || g.Path == "" {
		return history.Cgroup{}, false
	}
	if now.Sub(g.read) >= groupEvery {
		g.refresh(now)
	}
	limits = g.now
	limits.PID = p.pid
	if limits == p.told && now.Sub(p.toldAt) < tellEvery {
		return history.Cgroup{}, false
	}
	p.told, p.toldAt = limits, now
	return limits, true
}

// KilledForMemory says whether its end by SIGKILL is one of the kernel's kills for its group's memory.
func (p *Process) KilledForMemory(now time.Time) bool { return p.group != nil && p.group.killed(now) }

const (
	// near is how full a table of descriptors must be to be told where the worker is not under suspicion, in percent.
	near = 80
	// limitEvery is how often the limit of descriptors is read again: prlimit(2) may change it.
	limitEvery = 10 * time.Second
)

// Descriptors is how many descriptors it has open; news is false where that does not matter: the table is not nearly
// full, or was told so already, and the worker is not under suspicion.
func (p *Process) Descriptors(now time.Time, suspect bool) (table history.Descriptors, news bool) {
	if now.Sub(p.filesAt) >= limitEvery {
		p.filesAt = now
		p.files = p.fs.FileLimit(p.pid)
	}
	if p.files == 0 {
		return history.Descriptors{}, false
	}
	open, ok := p.open()
	if !ok || !suspect && (open*100 < p.files*near || open == p.filesTold) {
		return history.Descriptors{}, false
	}
	p.filesTold = open
	return history.Descriptors{PID: p.pid, Open: open, Limit: p.files}, true
}

// open is the number of its descriptors: since Linux 6.2 the size of their folder (fs/proc/fd.c), which is 0 before
// that.
func (p *Process) open() (int, bool) {
	var st unix.Stat_t
	path := p.fs.Path(p.pid, "fd")
	if unix.Stat(path, &st) != nil {
		return 0, false
	}
	if st.Size > 0 {
		return int(st.Size), true
	}
	all, err := proc.Numbers(path)
	return len(all), err == nil
}
