package waits

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/kernel/kcmp"
	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// conflicts says whether a held lock keeps the wanted one waiting; want.To is the last byte wanted.
func conflicts(held, want proc.Lock) bool {
	if held.Waits || held.Device != want.Device || held.Inode != want.Inode || !held.Write && !want.Write {
		return false
	}
	// flock and the two kinds of fcntl locks do not see each other.
	if (held.Class == "FLOCK") != (want.Class == "FLOCK") {
		return false
	}
	// fcntl's locks are a process's: what it has already it only changes (fcntl(2)).
	if held.Class == "POSIX" && want.Class == "POSIX" && held.PID == want.PID {
		return false
	}
	return held.From <= want.To && want.From <= held.To
}

// blockers are the locks that keep a wait going: all that conflict with it. Which bytes are wanted the list itself
// says; where the waiter is not in it (another pid namespace, a list read a moment too early) it is taken to want what
// the caller says. own are those that the waiter's open file has already: of flock and of open file description locks
// it only changes them, so they keep nobody of it waiting, while the same process's other open files do.
func blockers(all []proc.Lock, want proc.Lock, own []proc.Lock) []proc.Lock {
	var out []proc.Lock
	for _, l := range all {
		if l.Waits && l.PID == want.PID && l.Class == want.Class && l.Device == want.Device && l.Inode == want.Inode {
			want.From, want.To, want.Write = l.From, l.To, l.Write
			break
		}
	}
	own = slices.Clone(own)
	for _, l := range all {
		if !conflicts(l, want) {
			continue
		}
		if i := slices.Index(own, l); i >= 0 && l.Class == want.Class && l.Class != "POSIX" {
			own = slices.Delete(own, i, i+1) // another open file may have one that reads the same
			continue
		}
		out = append(out, l)
	}
	return out
}

// A lockWaiter is who waits for a lock, by which descriptor, and where that leads.
type lockWaiter struct {
	pid, fd int
	path    string
}

// A holderKey names what is looked for: who has the lock that keeps this wait going.
type holderKey struct {
	device string
	inode  uint64
	class  string
	pid    int // creator
	from   uint64
	waiter int
}

type foundHolders struct {
	at      time.Time
	life    time.Duration
	holders []history.LockHolder
}

const (
	// holderLife is how long a search through all descriptors of the machine stands at least: it takes 5-30 ms.
	holderLife = time.Second
	// maxOtherPaths bounds the descriptors of other paths that are read for one lock, 10 µs each. Who has it by none of
	// these is named only if it took the lock itself, by /proc/locks.
	maxOtherPaths = 4096
)

// A holders finds the processes that hold a lock. One goroutine may use it.
type holders struct {
	fs    proc.FS
	known map[holderKey]foundHolders
}

// find returns the true holders of a lock: processes that have the locked open file, be it by open or by fork. near are
// processes to look at first.
func (h *holders) find(lock proc.Lock, waiter lockWaiter, near []int) []history.LockHolder {
	key := holderKey{lock.Device, lock.Inode, lock.Class, lock.PID, lock.From, waiter.pid}
	if found, ok := h.known[key]; ok && time.Since(found.at) < found.life {
		return found.holders
	}
	if len(h.known) > 256 {
		clear(h.known)
	}
	began := time.Now()
	all := h.search(lock, waiter, near)
	now := time.Now()
	h.known[key] = foundHolders{now, max(holderLife, 50*now.Sub(began)), all}
	return all
}

func (h *holders) search(lock proc.Lock, waiter lockWaiter, near []int) []history.LockHolder {
	pids, creatorShown := h.having(lock, waiter, near)
	var out []history.LockHolder
	for _, pid := range pids {
		out = append(out, history.LockHolder{PID: pid, Command: h.fs.Command(pid), Creator: pid == lock.PID})
	}
	if lock.PID > 0 && !slices.Contains(pids, lock.PID) {
		// /proc/locks still names it: it is dead and others inherited the lock, or its descriptors may not be read. One
		// that lives and shows that it has the lock no more is another process of its number, or it closed what others
		// inherited.
		_, err := h.fs.Stat(lock.PID)
		if dead := err != nil; dead || !creatorShown || len(out) == 0 {
			out = append(out, history.LockHolder{PID: lock.PID, Command: h.fs.Command(lock.PID), Creator: true, Dead: dead})
		}
	}
	slices.SortStableFunc(out, func(a, b history.LockHolder) int { return cmp.Compare(rank(a), rank(b)) })
	return out
}

// having are the processes that have the locked open file, and whether the creator's descriptors could be read. It is
// sought first among descriptors that lead to the waiter's path; where it is at none of them, as a file that is mounted
// or linked elsewhere too, among those of all other files. All that share an open file see it at the same path.
func (h *holders) having(lock proc.Lock, waiter lockWaiter, near []int) (pids []int, creatorShown bool) {
	type place struct{ pid, fd int }
	var elsewhere []place
	note := func(pid int) {
		if len(pids) == 0 || pids[len(pids)-1] != pid {
			pids = append(pids, pid)
		}
	}
	for _, pid := range h.order(lock, near) {
		fds, err := h.fs.FDs(pid)
		if err != nil {
			continue
		}
		creatorShown = creatorShown || pid == lock.PID
		for _, fd := range fds {
			link, err := h.fs.Descriptor(pid, fd).Link()
			switch {
			case err != nil:
			case waiter.path != "" && link == waiter.path:
				if h.locked(pid, fd, lock, waiter) {
					note(pid)
				}
			case isFile(link) && len(pids) == 0 && len(elsewhere) < maxOtherPaths:
				elsewhere = append(elsewhere, place{pid, fd})
			}
		}
	}
	if len(pids) > 0 {
		return pids, creatorShown
	}
	for _, at := range elsewhere {
		if h.locked(at.pid, at.fd, lock, waiter) {
			note(at.pid)
		}
	}
	return pids, creatorShown
}

// order is who is looked at: the creator, those near, and everybody.
func (h *holders) order(lock proc.Lock, near []int) []int {
	var first []int
	if lock.PID > 0 {
		first = append(first, lock.PID)
	}
	all, _ := h.fs.PIDs() // without it the near ones are what there is
	seen := map[int]bool{}
	var out []int
	for _, pid := range slices.Concat(first, near, all) {
		if !seen[pid] {
			seen[pid] = true
			out = append(out, pid)
		}
	}
	return out
}

// isFile says whether a descriptor may be of a file that people lock: it is no socket, pipe or device.
func isFile(link string) bool {
	return strings.HasPrefix(link, "/") && (!strings.HasPrefix(link, "/dev/") || strings.HasPrefix(link, "/dev/shm/"))
}

// rank puts first who can let go: living creators, then who inherited it, then the dead.
func rank(h history.LockHolder) int {
	switch {
	case h.Dead:
		return 2
	case h.Creator:
		return 0
	}
	return 1
}

// locked says whether a descriptor is of the open file that has a lock. The waiter's own open file has none that it
// waits for: one that reads the same it only changes.
func (h *holders) locked(pid, fd int, lock proc.Lock, waiter lockWaiter) bool {
	info, err := h.fs.Descriptor(pid, fd).Info()
	if err != nil || !slices.ContainsFunc(info.Locks, func(l proc.Lock) bool {
		return l.Device == lock.Device && l.Inode == lock.Inode && l.Class == lock.Class && l.PID == lock.PID &&
			l.From == lock.From
	}) {
		return false
	}
	if lock.Class == "POSIX" {
		return true // a process's
	}
	same, err := kcmp.SameFile(pid, fd, waiter.pid, waiter.fd)
	if err != nil {
		same = pid == waiter.pid && fd == waiter.fd
	}
	return !same
}
