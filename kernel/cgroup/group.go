package cgroup

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// A Group is the control group of a process, with the folders of its controllers: one and the same in version 2, one
// for each in version 1.
type Group struct {
	Path                 string
	CPU, Memory, Freezer string // folders; empty: none, or the root group, which has no limits
	Unified              bool   // CPU and Memory are of version 2
	Freezes              string // path of the group in Freezer: each controller of version 1 has groups of its own
}

// Locate finds the folders of the group that a process is in.
func Locate(all []Membership, hierarchies []Hierarchy) Group {
	var g Group
	for _, m := range all {
		if m.Path == "/" {
			continue
		}
		for _, h := range hierarchies {
			dir, inside := h.Folder(m.Path)
			if !inside || (h.Version == 2) != (len(m.Controllers) == 0) {
				continue
			}
			if h.Version == 2 {
				if g.Freezer == "" {
					g.Freezer, g.Freezes = dir, m.Path
				}
				g.Path = m.Path
				if g.CPU == "" && g.Memory == "" {
					g.CPU, g.Memory, g.Unified = dir, dir, true
				}
				continue
			}
			for _, controller := range m.Controllers {
				if !h.Has(controller) {
					continue
				}
				switch controller {
				case "cpu":
					g.CPU, g.Path, g.Unified = dir, m.Path, false
				case "memory":
					g.Memory, g.Path, g.Unified = dir, m.Path, false
				case "freezer":
					g.Freezer, g.Freezes = dir, m.Path
				}
			}
		}
	}
	return g
}

// A Usage is what a group may use, and what it has used. What its kernel does not tell is zero.
type Usage struct {
	Quota        float64       // processors that its processes may use together; 0: no limit
	Periods      uint64        // of the quota, so far (cpu.stat: nr_periods)
	Throttled    uint64        // of these, in which the quota was used up (nr_throttled)
	ThrottledFor time.Duration // together (throttled_usec; version 1: throttled_time)
	Memory       uint64        // bytes (memory.current; version 1: memory.usage_in_bytes)
	MemoryLimit  uint64        // bytes; 0: no limit
	UnderOOM     bool          // of version 1: its processes wait for memory
	OOMKills     uint64        // processes that the kernel killed for its memory, so far (oom_kill)
	Frozen       bool
}

// Read reads the files of a group.
func (g Group) Read() Usage {
	var u Usage
	if g.CPU != "" {
		g.readCPU(&u)
	}
	if g.Memory != "" {
		g.readMemory(&u)
	}
	if g.Freezer != "" {
		// FREEZING, FROZEN.
		u.Frozen = number(contents(g.Freezer, "cgroup.events"), "frozen") == 1 ||
			strings.HasPrefix(word(g.Freezer, "freezer.state"), "FR")
	}
	return u
}

func (g Group) readCPU(u *Usage) {
	stat := contents(g.CPU, "cpu.stat")
	u.Periods, u.Throttled = number(stat, "nr_periods"), number(stat, "nr_throttled")
	u.ThrottledFor = time.Duration(number(stat, "throttled_usec"))*time.Microsecond +
		time.Duration(number(stat, "throttled_time"))
	var quota, period float64
	if n, _ := fmt.Sscan(word(g.CPU, "cpu.max"), &quota, &period); n < 2 { // "max 100000" is no number
		quota, period = 0, 0
		if text := word(g.CPU, "cpu.cfs_quota_us"); text != "" && text[0] != '-' {
			_, _ = fmt.Sscan(text, &quota)
			_, _ = fmt.Sscan(word(g.CPU, "cpu.cfs_period_us"), &period)
		}
	}
	if period > 0 {
		u.Quota = quota / period
	}
}

// noLimit is from where on version 1's limit is none: it writes the largest number of whole pages.
const noLimit = 1 << 60

func (g Group) readMemory(u *Usage) {
	if g.Unified {
		u.Memory, u.MemoryLimit = plain(g.Memory, "memory.current"), plain(g.Memory, "memory.max")
		u.OOMKills = number(contents(g.Memory, "memory.events"), "oom_kill")
		return
	}
	u.Memory, u.MemoryLimit = plain(g.Memory, "memory.usage_in_bytes"), plain(g.Memory, "memory.limit_in_bytes")
	if u.MemoryLimit >= noLimit {
		u.MemoryLimit = 0
	}
	control := contents(g.Memory, "memory.oom_control")
	u.UnderOOM, u.OOMKills = number(control, "under_oom") == 1, number(control, "oom_kill")
}

// contents are those of a file of a group; empty: it is not there.
func contents(dir, name string) []byte {
	text, err := proc.Read(filepath.Join(dir, name), 4096)
	if err != nil {
		return nil
	}
	return text
}

func word(dir, name string) string { return strings.TrimSpace(string(contents(dir, name))) }

func plain(dir, name string) uint64 {
	n, _ := proc.Decimal([]byte(word(dir, name))) // "max" is none
	return n
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
