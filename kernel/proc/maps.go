package proc

import (
	"bytes"
	"strconv"
	"strings"
)

// A Mapping is a line of /proc/PID/maps (proc_pid_maps(5)): a piece of a process's memory.
type Mapping struct {
	Low, High uint64 // its addresses, in bytes: from Low to before High
	Rights    string // "r-xp"
	Offset    uint64 // of Low in the file, in bytes
	Device    string // "fe:00"
	Inode     uint64 // 0: of no file
	Path      string // as the process sees it; "[heap]" and the like; empty: anonymous memory
	Deleted   bool   // the file has no name any more: an upgrade replaced it
}

// maxMaps bounds what is read of a process's maps, in bytes: some 80,000 lines.
const maxMaps = 8 << 20

// Maps are the pieces of a process's memory in the order of their addresses. A line that cannot be read is left out.
func (fs FS) Maps(pid int) ([]Mapping, error) {
	text, err := Read(fs.Path(pid, "maps"), maxMaps)
	if err != nil {
		return nil, err
	}
	var all []Mapping
	for line := range bytes.Lines(text) {
		if m, ok := ParseMapping(string(bytes.TrimSuffix(line, []byte("\n")))); ok {
			all = append(all, m)
		}
	}
	return all, nil
}

// ParseMapping reads one such line. A path may hold blanks; of its bytes the kernel writes only a line's end otherwise.
func ParseMapping(line string) (m Mapping, ok bool) {
	var fields [5]string
	for i := range fields {
		line = strings.TrimLeft(line, " ")
		fields[i], line, _ = strings.Cut(line, " ")
	}
	low, high, _ := strings.Cut(fields[0], "-")
	for _, number := range []struct {
		text string
		base int
		into *uint64
	}{{low, 16, &m.Low}, {high, 16, &m.High}, {fields[2], 16, &m.Offset}, {fields[4], 10, &m.Inode}} {
		n, err := strconv.ParseUint(number.text, number.base, 64)
		if err != nil {
			return Mapping{}, false
		}
		*number.into = n
	}
	m.Rights, m.Device = fields[1], fields[3]
	m.Path, m.Deleted = strings.CutSuffix(strings.TrimLeft(line, " "), " (deleted)")
	m.Path = strings.ReplaceAll(m.Path, `\012`, "\n")
	return m, m.High > m.Low
}
