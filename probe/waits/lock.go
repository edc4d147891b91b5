package waits

import (
	"slices"
	"strings"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// fileLocks finds the file locks that threads wait for, and who has them.
type fileLocks struct {
	fs      proc.FS
	host    *host
	mounts  *mounts
	table   lockTable
	holders holders
}

func newFileLocks(fs proc.FS, h *host, m *mounts) *fileLocks {
	return &fileLocks{fs: fs, host: h, mounts: m, table: lockTable{fs: fs},
		holders: holders{fs: fs, known: map[holderKey]foundHolders{}}}
}

// behind says which file lock a thread waits for and who has it; nil: it cannot be seen.
func (l *fileLocks) behind(s Subject, kind string) history.Event {
	fd := s.Call.FD()
	wait := history.LockWait{PID: s.PID, TID: s.TID, Lock: kind, FD: fd}
	path, err := l.fs.Descriptor(s.PID, fd).Link()
	if err == nil {
		wait.Path = strings.TrimSuffix(path, " (deleted)")
	}
	info, err := l.fs.Descriptor(s.PID, fd).Info()
	if err != nil {
		return nil
	}
	wait.Inode = info.Inode
	if m, ok := mountOf(l.mounts.of(s.PID), info.Mount); ok {
		wait.Device = m.Device
	}
	locks, err := l.table.read()
	if err != nil {
		l.host.trouble("read the file locks", err)
		return wait
	}
	want := proc.Lock{Class: proc.LockClass(kind), Write: true, PID: s.PID, Device: wait.Device, Inode: wait.Inode,
		To: proc.EndOfFile}
	if kind == "ofd" {
		want.PID = -1
	}
	l.addHolders(&wait, blockers(locks, want, info.Locks), lockWaiter{s.PID, fd, path})
	return wait
}

// addHolders adds who has locks that keep a wait going.
func (l *fileLocks) addHolders(wait *history.LockWait, locks []proc.Lock, waiter lockWaiter) {
	for _, lock := range locks {
		for _, holder := range l.holders.find(lock, waiter, l.host.near) {
			if !slices.Contains(wait.Holders, holder) { // it may hold several
				wait.Holders = append(wait.Holders, holder)
			}
		}
	}
}
