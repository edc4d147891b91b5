package probe

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"time"
)

// A mount is a line of /proc/PID/mountinfo (proc_pid_mountinfo(5)).
type mount struct {
	device string // "fe:00", hexadecimal, as /proc/locks writes it
	minor  int
	point  string
	kind   string // "ext4", "fuse.sshfs"
	source string
}

// A mountTable has what processes see mounted, by number: asked of the kernel, not of the file systems, which may hang. One goroutine may use it.
type mountTable struct {
	proc      proc
	namespace string // that these are of
	at        time.Time
	all       map[int]mount
}

func newMountTable(p proc) *mountTable { return &mountTable{proc: p} }

// of are the mounts of a process's mount namespace; they are read again after five seconds. The workers of one server see the same ones.
func (t *mountTable) of(pid int) map[int]mount {
	namespace, err := os.Readlink(t.proc.pid(pid, "ns/mnt"))
	if err != nil {
		namespace = "of " + itoa(pid) // it may not be read
	}
	if t.all != nil && t.namespace == namespace && time.Since(t.at) < 5*time.Second {
		return t.all
	}
	text, err := read(t.proc.pid(pid, "mountinfo"), 1<<20)
	if err != nil {
		return nil
	}
	t.all, t.namespace, t.at = parseMounts(text), namespace, time.Now()
	return t.all
}

func parseMounts(text []byte) map[int]mount {
	all := map[int]mount{}
	for line := range bytes.Lines(text) {
		f := strings.Fields(string(line))
		if len(f) < 6 {
			continue
		}
		id, err := strconv.Atoi(f[0])
		major, minor, found := strings.Cut(f[2], ":")
		a, errA := strconv.ParseUint(major, 10, 32)
		b, errB := strconv.ParseUint(minor, 10, 32)
		if err != nil || !found || errA != nil || errB != nil {
			continue
		}
		m := mount{device: hexPair(a) + ":" + hexPair(b), minor: int(b), point: unescape(f[4])}
		for i, word := range f[6:] { // optional fields come before the dash
			if word == "-" && len(f) > 6+i+2 {
				m.kind, m.source = f[6+i+1], unescape(f[6+i+2])
				break
			}
		}
		all[id] = m
	}
	return all
}

// unescape undoes the octal escapes of blanks, tabs, line breaks and backslashes.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				out.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		out.WriteByte(s[i])
	}
	return out.String()
}

// under is the mount that a path lies on: the one with the longest point above it.
func under(all map[int]mount, path string) (mount, bool) {
	best, found := mount{}, false
	for _, m := range all {
		inside := m.point == "/" || path == m.point || strings.HasPrefix(path, m.point+"/")
		if inside && (!found || len(m.point) > len(best.point)) {
			best, found = m, true
		}
	}
	return best, found
}

// hexPair writes at least two hexadecimal digits ("%02x").
func hexPair(n uint64) string {
	s := strconv.FormatUint(n, 16)
	if len(s) < 2 {
		return "0" + s
	}
	return s
}
