package waits

import (
	"strings"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// polled is the lock that a thread may ask for between its sleeps, as SQLite does for its database: another process
// has locked a file for itself that the thread's process has open and holds no lock of. That the thread asks for that
// one the kernel does not say. Nil: there is none.
func (l *fileLocks) polled(s Subject) history.Event {
	locks, err := l.table.read()
	if err != nil {
		return nil
	}
	foreign := map[uint64][]proc.Lock{} // by inode
	for _, one := range locks {
		if one.Write && !one.Waits && one.Class != "LEASE" && one.PID != s.PID {
			foreign[one.Inode] = append(foreign[one.Inode], one)
		}
	}
	if len(foreign) == 0 {
		return nil
	}
	fds, err := l.fs.FDs(s.PID)
	if err != nil {
		return nil
	}
	for _, fd := range fds {
		link, err := l.fs.Descriptor(s.PID, fd).Link()
		if err != nil || !isFile(link) || strings.HasSuffix(link, " (deleted)") {
			continue
		}
		info, err := l.fs.Descriptor(s.PID, fd).Info()
		if err != nil || len(info.Locks) > 0 || len(foreign[info.Inode]) == 0 {
			continue
		}
		m, ok := mountOf(l.mounts.of(s.PID), info.Mount)
		wait := history.LockWait{PID: s.PID, TID: s.TID, FD: fd, Path: link, Inode: info.Inode, Polled: true}
		for _, one := range foreign[info.Inode] {
			if ok && one.Device == m.Device {
				wait.Device, wait.Lock = one.Device, lockKind(one.Class)
				l.addHolders(&wait, []proc.Lock{one}, lockWaiter{s.PID, fd, link})
			}
		}
		if len(wait.Holders) > 0 {
			return wait
		}
	}
	return nil
}

// lockKind is how a class of locks is asked for.
func lockKind(class string) string {
	for _, kind := range []string{"flock", "ofd"} {
		if proc.LockClass(kind) == class {
			return kind
		}
	}
	return "fcntl"
}
