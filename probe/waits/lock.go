package waits

import (
	"slices"
	"strings"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// lock says which file lock a thread waits for and who has it; nil: it cannot be seen.
func (f *Finder) lock(s Subject, kind string) history.Event {
	fd := s.Call.FD()
	wait := history.LockWait{PID: s.PID, TID: s.TID, Lock: kind, FD: fd}
	path, err := f.fs.Link(s.PID, fd)
	if err == nil {
		wait.Path = strings.TrimSuffix(path, " (deleted)")
	}
	info, err := f.fs.FDInfo(s.PID, fd)
	if err != nil {
		return nil
	}
	wait.Inode = info.Inode
	if m, ok := mountOf(f.mounts.of(s.PID), info.Mount); ok {
		wait.Device = m.Device
	}
	locks, err := f.locks.read()
	if err != nil {
		f.host.trouble("read the file locks", err)
		return wait
	}
	want := proc.Lock{Class: proc.LockClass(kind), Write: true, PID: s.PID, Device: wait.Device, Inode: wait.Inode,
		To: proc.EndOfFile}
	if kind == "ofd" {
		want.PID = -1
	}
	f.addHolders(&wait, blockers(locks, want, info.Locks), lockWaiter{s.PID, fd, path})
	return wait
}

// addHolders adds who has locks that keep a wait going.
func (f *Finder) addHolders(wait *history.LockWait, locks []proc.Lock, waiter lockWaiter) {
	for _, lock := range locks {
		for _, holder := range f.holders.find(lock, waiter, f.host.near) {
			if !slices.Contains(wait.Holders, holder) { // it may hold several
				wait.Holders = append(wait.Holders, holder)
			}
		}
	}
}
