package probe

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
)

// A fileLock is a line of /proc/locks or a "lock:" line of /proc/PID/fdinfo/FD (proc_locks(5), proc_pid_fdinfo(5)).
type fileLock struct {
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
	if _, err := strconv.Atoi(strings.TrimSuffix(f[0], ":")); err != nil {
		return fileLock{}, errLock
	}
	var l fileLock
	for f = f[1:]; len(f) > 0 && f[0] == "->"; f = f[1:] {
		l.waits = true
	}
	if len(f) < 7 {
		return fileLock{}, errLock
	}
	l.class, l.write = f[0], f[2] == "WRITE"
	var err error
	if l.pid, err = strconv.Atoi(f[3]); err != nil {
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
	fuse  int        // of /dev/fuse: the number of its connection, which is the mount's minor device number; -1: it is not said
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
	info := fdinfo{fuse: -1}
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
		case "fuse_connection":
			if n, err := strconv.Atoi(value); err == nil {
				info.fuse = n
			}
		case "lock":
			if l, err := parseLock(value); err == nil {
				info.locks = append(info.locks, l)
			}
		}
	}
	return info
}

// lockWaiters appends to into the processes that wait for a file lock, from the text of /proc/locks. It makes nothing: it is read at every tick.
func lockWaiters(text []byte, into []int) []int {
	for len(text) > 0 {
		line, rest, _ := bytes.Cut(text, []byte("\n"))
		text = rest
		w := words{line}
		w.next()
		word := w.next()
		if string(word) != "->" {
			continue
		}
		for string(word) == "->" {
			word = w.next()
		}
		w.next() // kind, here ADVISORY; word is the class
		w.next()
		if pid, ok := decimal(w.next()); ok && pid < 1<<31 {
			into = append(into, int(pid))
		}
	}
	return into
}
