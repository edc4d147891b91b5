package probe

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
)

// A fileLock is a line of /proc/locks or a "lock:" line of /proc/PID/fdinfo/FD (proc_locks(5), proc_pid_fdinfo(5)).
type fileLock struct {
	number int    // the same for a lock and for all that wait for it
	waits  bool   // "->"
	class  string // FLOCK, POSIX, OFDLCK, LEASE, …
	write  bool
	pid    int    // of the process that took it, dead or not; -1 for an OFD lock
	device string // "fe:00"
	inode  uint64
	from   uint64
	to     uint64 // last byte; the largest number for EOF
}

var errLock = errors.New("malformed lock")

const endOfFile = 1<<64 - 1

func parseLock(line string) (fileLock, error) {
	f := strings.Fields(line)
	if len(f) < 8 {
		return fileLock{}, errLock
	}
	number, err := strconv.Atoi(strings.TrimSuffix(f[0], ":"))
	if err != nil {
		return fileLock{}, errLock
	}
	l := fileLock{number: number}
	for f = f[1:]; len(f) > 0 && f[0] == "->"; f = f[1:] {
		l.waits = true
	}
	if len(f) < 7 {
		return fileLock{}, errLock
	}
	l.class, l.write = f[0], f[2] == "WRITE"
	l.pid, err = strconv.Atoi(f[3])
	if err != nil {
		return fileLock{}, errLock
	}
	cut := strings.LastIndexByte(f[4], ':')
	if cut < 0 {
		return fileLock{}, errLock
	}
	l.device = f[4][:cut]
	if l.inode, err = strconv.ParseUint(f[4][cut+1:], 10, 64); err != nil {
		return fileLock{}, errLock
	}
	if l.from, err = strconv.ParseUint(f[5], 10, 64); err != nil {
		return fileLock{}, errLock
	}
	if l.to = endOfFile; f[6] != "EOF" {
		if l.to, err = strconv.ParseUint(f[6], 10, 64); err != nil {
			return fileLock{}, errLock
		}
	}
	return l, nil
}

// maxLocks bounds what is read of /proc/locks: about ten thousand locks.
const maxLocks = 1 << 20

// locks reads all file locks of the machine and who waits for them. A line that cannot be read is passed over: one strange lock must not hide the others.
func (p proc) locks() ([]fileLock, error) {
	text, err := read(string(p)+"/locks", maxLocks)
	if err != nil {
		return nil, err
	}
	var all []fileLock
	for line := range strings.Lines(string(text)) {
		if l, err := parseLock(line); err == nil {
			all = append(all, l)
		}
	}
	return all, nil
}

// An fdinfo is what is used of /proc/PID/fdinfo/FD.
type fdinfo struct {
	flags uint64 // of open(2), octal in the file
	mount int
	inode uint64
	locks []fileLock // held through this open file
}

func (p proc) fdinfo(pid, fd int) (fdinfo, error) {
	text, err := read(p.pid(pid, "fdinfo/"+strconv.Itoa(fd)), maxRead)
	if err != nil {
		return fdinfo{}, err
	}
	return parseFdinfo(text), nil
}

func parseFdinfo(text []byte) fdinfo {
	var info fdinfo
	for line := range bytes.Lines(text) {
		key, value, _ := strings.Cut(string(line), ":")
		value = strings.TrimSpace(value)
		switch key {
		case "flags":
			info.flags, _ = strconv.ParseUint(value, 8, 64)
		case "mnt_id":
			info.mount, _ = strconv.Atoi(value)
		case "ino":
			info.inode, _ = strconv.ParseUint(value, 10, 64)
		case "lock":
			if l, err := parseLock(value); err == nil {
				info.locks = append(info.locks, l)
			}
		}
	}
	return info
}

// devices maps the mounts that a process sees to their device numbers in hexadecimal, as /proc/locks writes them: asked of the kernel, not of the file system, which may hang.
func (p proc) devices(pid int) (map[int]string, error) {
	text, err := read(p.pid(pid, "mountinfo"), 1<<20)
	if err != nil {
		return nil, err
	}
	all := map[int]string{}
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if len(f) < 3 {
			continue
		}
		mount, err := strconv.Atoi(f[0])
		major, minor, found := strings.Cut(f[2], ":")
		a, errA := strconv.ParseUint(major, 10, 32)
		b, errB := strconv.ParseUint(minor, 10, 32)
		if err != nil || !found || errA != nil || errB != nil {
			continue
		}
		all[mount] = hexPair(a) + ":" + hexPair(b)
	}
	return all, nil
}

// hexPair writes at least two hexadecimal digits ("%02x").
func hexPair(n uint64) string {
	s := strconv.FormatUint(n, 16)
	if len(s) < 2 {
		return "0" + s
	}
	return s
}
