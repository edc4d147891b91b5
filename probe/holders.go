package probe

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// conflicts says whether a held lock keeps the wanted one waiting; want.to is the last byte wanted.
func conflicts(held, want proc.Lock) bool {
	if held.Waits || held.Device != want.Device || held.Inode != want.Inode || !held.Write && !want.Write {
		return false
	}
	// flock and the two kinds of fcntl locks do not see each other.
	if (held.Class == "FLOCK") != (want.Class == "FLOCK") {
		return false
	}
	return held.From <= want.To && want.From <= held.To
}

// blockers are the locks that keep a wait going: all that conflict with it. Which bytes are wanted the list itself says; where the waiter is not in it (another pid namespace, a
// list read a moment too early) it is taken to want what the caller says.
func blockers(all []proc.Lock, want proc.Lock) []proc.Lock {
	var out []proc.Lock
	for _, l := range all {
		if l.Waits && l.PID == want.PID && l.Class == want.Class && l.Device == want.Device && l.Inode == want.Inode {
			want.From, want.To, want.Write = l.From, l.To, l.Write
			break
		}
	}
	for _, l := range all {
		if conflicts(l, want) {
			out = append(out, l)
		}
	}
	return out
}

// A holderKey names what is looked for: who has the lock that keeps this wait going.
type holderKey struct {
	device string
	inode  uint64
	class  string
	pid    int // creator
	from   uint64
}

type foundHolders struct {
	at      time.Time
	holders []history.LockHolder
}

// holderLife is how long a search through all descriptors of the machine stands: it takes 5-30 ms.
const holderLife = time.Second

// A holderFinder finds the processes that hold a lock. One goroutine may use it.
type holderFinder struct {
	proc  proc.FS
	known map[holderKey]foundHolders
}

// find returns the true holders of a lock: processes that have the locked open file, be it by open or by fork. path is where the waiter's descriptor leads and near are processes to look at first.
func (h *holderFinder) find(lock proc.Lock, path string, near []int) []history.LockHolder {
	key := holderKey{lock.Device, lock.Inode, lock.Class, lock.PID, lock.From}
	if found, ok := h.known[key]; ok && time.Since(found.at) < holderLife {
		return found.holders
	}
	if len(h.known) > 256 {
		clear(h.known)
	}
	holders := h.search(lock, path, near)
	h.known[key] = foundHolders{time.Now(), holders}
	return holders
}

func (h *holderFinder) search(lock proc.Lock, path string, near []int) []history.LockHolder {
	var pids []int
	if lock.PID > 0 {
		pids = append(pids, lock.PID)
	}
	pids = append(pids, near...)
	all, _ := h.proc.PIDs() // without it the near ones are what there is
	pids = append(pids, all...)
	var out []history.LockHolder
	seen := map[int]bool{}
	for _, pid := range pids {
		if seen[pid] {
			continue
		}
		seen[pid] = true
		if h.holds(pid, lock, path) {
			out = append(out, history.LockHolder{PID: pid, Command: h.proc.Command(pid), Creator: pid == lock.PID})
		}
	}
	if lock.PID > 0 && !slices.ContainsFunc(out, func(o history.LockHolder) bool { return o.Creator }) {
		// /proc/locks still names it: it is dead and others inherited the lock, or its descriptors may not be read.
		_, err := h.proc.Stat(lock.PID)
		out = append(out, history.LockHolder{PID: lock.PID, Command: h.proc.Command(lock.PID), Creator: true, Dead: err != nil})
	}
	slices.SortStableFunc(out, func(a, b history.LockHolder) int { return cmp.Compare(rank(a), rank(b)) })
	return out
}

// rank puts first who can let go: living creators, then heirs, then the dead.
func rank(h history.LockHolder) int {
	switch {
	case h.Dead:
		return 2
	case h.Creator:
		return 0
	}
	return 1
}

// holds looks for the lock in a process's descriptors: first in those that lead to the same path, then, should the process see the file under another name, in all.
func (h *holderFinder) holds(pid int, lock proc.Lock, path string) bool {
	fds, err := h.proc.FDs(pid)
	if err != nil {
		return false
	}
	var others []int
	for _, fd := range fds {
		link, err := h.proc.Link(pid, fd)
		switch {
		case err != nil:
		case path != "" && link == path:
			if h.locked(pid, fd, lock) {
				return true
			}
		case strings.HasPrefix(link, "/") && base(link) == base(path):
			others = append(others, fd)
		}
	}
	return slices.ContainsFunc(others, func(fd int) bool { return h.locked(pid, fd, lock) })
}

// base is the file's own name; what the kernel adds to that of a deleted file does not belong to it.
func base(path string) string {
	path = strings.TrimSuffix(path, " (deleted)")
	return path[strings.LastIndexByte(path, '/')+1:]
}

func (h *holderFinder) locked(pid, fd int, lock proc.Lock) bool {
	info, err := h.proc.FDInfo(pid, fd)
	return err == nil && slices.ContainsFunc(info.Locks, func(l proc.Lock) bool {
		return l.Device == lock.Device && l.Inode == lock.Inode && l.Class == lock.Class && l.PID == lock.PID && l.From == lock.From
	})
}
