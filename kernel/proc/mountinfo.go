package proc

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/moby/sys/mountinfo"
)

// A Mount is a line of /proc/PID/mountinfo (proc_pid_mountinfo(5)).
type Mount struct {
	ID      int    // as in fdinfo
	Device  string // "fe:00", hexadecimal, as /proc/locks writes it
	Minor   int    // of the device
	Root    string // which folder of the file system is seen there
	Point   string
	Type    string // "ext4", "fuse.sshfs"
	Source  string
	Options string // of the file system, with commas between: of cgroup version 1 its controllers are among them
}

// maxMounts bounds what is read of a list of mounts, in bytes: some 100,000 of them, which is how many the kernel
// allows (fs.mount-max).
const maxMounts = 16 << 20

// Mounts are what a process sees mounted: asked of the kernel, not of the file systems, which may hang.
func (fs FS) Mounts(pid int) ([]Mount, error) { return readMounts(fs.Path(pid, "mountinfo")) }

// OwnMounts are what the reading process sees mounted.
func (fs FS) OwnMounts() ([]Mount, error) { return readMounts(fs.Self("mountinfo")) }

func readMounts(path string) ([]Mount, error) {
	text, err := Read(path, maxMounts)
	if err != nil {
		return nil, err
	}
	return ParseMounts(text), nil
}

// ParseMounts reads such a list, up to the first line that is none: the last may be cut off.
func ParseMounts(text []byte) []Mount {
	var all []Mount
	_, _ = mountinfo.GetMountsFromReader(bytes.NewReader(text), func(m *mountinfo.Info) (skip, stop bool) {
		all = append(all, Mount{
			ID: m.ID, Device: hexPair(m.Major) + ":" + hexPair(m.Minor), Minor: m.Minor, Root: m.Root,
			Point: m.Mountpoint, Type: m.FSType, Source: m.Source, Options: m.VFSOptions,
		})
		return true, false
	})
	return all
}

// Under is the mount that a path lies on: the one with the longest point above it, and of several on one point the
// last, which hides the others.
func Under(all []Mount, path string) (Mount, bool) {
	best, found := Mount{}, false
	for _, m := range all {
		inside := m.Point == "/" || path == m.Point || strings.HasPrefix(path, m.Point+"/")
		if inside && (!found || len(m.Point) >= len(best.Point)) {
			best, found = m, true
		}
	}
	return best, found
}

// hexPair writes at least two hexadecimal digits ("%02x").
func hexPair(n int) string {
	s := strconv.FormatUint(uint64(max(n, 0)), 16)
	if len(s) < 2 {
		return "0" + s
	}
	return s
}
