// Package cgroup reads control groups of both versions (cgroups(7); Documentation/admin-guide/cgroup-v1 and
// cgroup-v2.rst of the kernel). It changes none.
package cgroup

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// A Hierarchy is where groups are mounted: cgroup v1 has one for each controller or few, v2 one for all.
type Hierarchy struct {
	Version int      // 1 or 2
	Options []string // of version 1: its controllers are among them
	Point   string   // folder
	Root    string   // the group that is mounted there, as /proc/PID/cgroup would name it
}

// Hierarchies are those among mounts.
func Hierarchies(mounts []proc.Mount) []Hierarchy {
	var all []Hierarchy
	for _, m := range mounts {
		switch m.Type {
		case "cgroup":
			all = append(all, Hierarchy{1, strings.Split(m.Options, ","), m.Point, m.Root})
		case "cgroup2":
			all = append(all, Hierarchy{2, nil, m.Point, m.Root})
		}
	}
	return all
}

// Has says whether a hierarchy of version 1 has a controller ("cpu", "memory", "freezer"). Which ones version 2 has,
// each group's cgroup.controllers says.
func (h Hierarchy) Has(controller string) bool { return slices.Contains(h.Options, controller) }

// Folder is where a group's path of /proc/PID/cgroup lies below the mount; inside is false for one that is not seen
// there: its path is taken to begin at the mount.
func (h Hierarchy) Folder(path string) (folder string, inside bool) {
	rest, inside := strings.CutPrefix(path, strings.TrimSuffix(h.Root, "/"))
	if inside = inside && (rest == "" || rest[0] == '/'); !inside {
		rest = path
	}
	return filepath.Join(h.Point, rest), inside
}

// A Membership is a line of /proc/PID/cgroup, "hierarchy:controllers:path".
type Membership struct {
	ID          int      // of the hierarchy; 0: version 2
	Controllers []string // of version 1; a hierarchy without controllers has its name, "name=systemd"
	Path        string   // below the root of the reader's cgroup namespace (cgroup_namespaces(7))
}

// Memberships are the groups that a process is in.
func Memberships(fs proc.FS, pid int) ([]Membership, error) {
	text, err := proc.Read(MembershipPath(fs, pid), proc.MaxRead)
	return ParseMemberships(text), err
}

// OwnMemberships are those of the reading process.
func OwnMemberships(fs proc.FS) ([]Membership, error) {
	text, err := proc.Read(fs.Self("cgroup"), proc.MaxRead)
	return ParseMemberships(text), err
}

// MembershipPath is where the file of a process is; its text is the same for all that share their groups.
func MembershipPath(fs proc.FS, pid int) string { return fs.Path(pid, "cgroup") }

// ParseMemberships reads such a text; a line that is none is passed over.
func ParseMemberships(text []byte) []Membership {
	var all []Membership
	for line := range strings.Lines(string(text)) {
		f := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		if len(f) != 3 {
			continue
		}
		id, err := strconv.Atoi(f[0])
		if err != nil || !strings.HasPrefix(f[2], "/") {
			continue
		}
		m := Membership{ID: id, Path: f[2]}
		if f[1] != "" {
			m.Controllers = strings.Split(f[1], ",")
		}
		all = append(all, m)
	}
	return all
}

// Of is the path of the group that a process is in here, for a controller in version 1.
func (h Hierarchy) Of(all []Membership, controller string) (path string, ok bool) {
	for _, m := range all {
		if h.Version == 2 && m.ID == 0 && len(m.Controllers) == 0 || h.Version == 1 &&
			slices.Contains(m.Controllers, controller) {
			return m.Path, true
		}
	}
	return "", false
}
