package proc

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
)

// A Lock is a line of /proc/locks or a "lock:" line of /proc/PID/fdinfo/FD (proc_locks(5), proc_pid_fdinfo(5)).
type Lock struct {
	Waits  bool   // "->"
	Class  string // FLOCK, POSIX, OFDLCK, LEASE, …
	Write  bool
	PID    int    // of the process that took it, dead or not; -1 for an OFD lock
	Device string // "fe:00"
	Inode  uint64
	From   uint64
	To     uint64 // last byte; the largest number for EOF
}

var errLock = errors.New("malformed lock")

// EndOfFile is the last byte of a lock that reaches to the end, however long the file becomes.
const EndOfFile = 1<<64 - 1

// ParseLock reads such a line, with or without the arrows of one that waits.
func ParseLock(line string) (Lock, error) {
	f := strings.Fields(line)
	if len(f) < 8 {
		return Lock{}, errLock
	}
	if _, err := strconv.Atoi(strings.TrimSuffix(f[0], ":")); err != nil {
		return Lock{}, errLock
	}
	var l Lock
	for f = f[1:]; len(f) > 0 && f[0] == "->"; f = f[1:] {
		l.Waits = true
	}
	if len(f) < 7 {
		return Lock{}, errLock
	}
	l.Class, l.Write = f[0], f[2] == "WRITE"
	var err error
	if l.PID, err = strconv.Atoi(f[3]); err != nil {
		return Lock{}, errLock
	}
	cut := strings.LastIndexByte(f[4], ':')
	if cut < 0 {
		return Lock{}, errLock
	}
	l.Device = f[4][:cut]
	if l.Inode, err = strconv.ParseUint(f[4][cut+1:], 10, 64); err != nil {
		return Lock{}, errLock
	}
	if l.From, err = strconv.ParseUint(f[5], 10, 64); err != nil {
		return Lock{}, errLock
	}
	if l.To = EndOfFile; f[6] != "EOF" {
		if l.To, err = strconv.ParseUint(f[6], 10, 64); err != nil {
			return Lock{}, errLock
		}
	}
	return l, nil
}

// LocksPath is where all file locks are.
func (fs FS) LocksPath() string { return string(fs) + "/locks" }

// LockClass is how /proc/locks names the kind of a lock that a call waits for: "flock", "fcntl" or "ofd".
func LockClass(kind string) string {
	switch kind {
	case "flock":
		return "FLOCK"
	case "ofd":
		return "OFDLCK"
	}
	return "POSIX"
}

// MaxLocks bounds what is read of /proc/locks: about ten thousand locks.
const MaxLocks = 1 << 20

// Locks reads all file locks of the machine and who waits for them. A line that cannot be read is passed over: one
// strange lock must not hide the others.
func (fs FS) Locks() ([]Lock, error) {
	text, err := Read(fs.LocksPath(), MaxLocks)
	if err != nil {
		return nil, err
	}
	var all []Lock
	for line := range strings.Lines(string(text)) {
		if l, err := ParseLock(line); err == nil {
			all = append(all, l)
		}
	}
	return all, nil
}

// LockWaiters appends to into the processes that wait for a file lock, from the text of /proc/locks. It makes
// nothing: it is read at every tick.
func LockWaiters(text []byte, into []int) []int {
	for len(text) > 0 {
		line, rest, _ := bytes.Cut(text, []byte("\n"))
		text = rest
		w := Words{line}
		w.Next()
		word := w.Next()
		if string(word) != "->" {
			continue
		}
		for string(word) == "->" {
			word = w.Next()
		}
		w.Next() // kind, here ADVISORY; word is the class
		w.Next()
		if pid, ok := Decimal(w.Next()); ok && pid < 1<<31 {
			into = append(into, int(pid))
		}
	}
	return into
}
