package waits

import (
	"encoding/binary"
	"errors"
	"os"
	"slices"
	"strings"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/kernel/memory"
	"github.com/hangtime-dev/hangtime/kernel/proc"
)

const (
	// futexPrivate is the bit of futex(2)'s operation that says that only threads of one process wait there.
	futexPrivate = 128
	// mutexShared is the bit of a glibc mutex's kind that says that processes share it (PTHREAD_MUTEX_PSHARED_BIT).
	mutexShared = 128
)

// futexes finds who has the mutexes that threads wait for in futex(2).
type futexes struct {
	fs   proc.FS
	host *host
}

// behind is a thread in futex(2). glibc's mutexes have their owner's thread id 8 bytes behind the futex word, and their
// kind 16 bytes behind it (nptl, struct __pthread_mutex_s); what is there for other futexes is no thread. By the call
// alone an idle thread of a pool and one in a deadlock look the same.
func (f *futexes) behind(a *Answer, s Subject) {
	wait := history.MutexWait{PID: s.PID, TID: s.TID, Address: s.Call.Args[0], Between: s.Call.Args[1]&futexPrivate == 0}
	var words [20]byte
	err := memory.Read(s.PID, s.Call.Args[0], words[:])
	if errors.Is(err, os.ErrPermission) {
		f.host.trouble("the memory of the workers", err)
	}
	if err == nil {
		lock, owner := binary.NativeEndian.Uint32(words[:]), int(int32(binary.NativeEndian.Uint32(words[8:])))
		kind := binary.NativeEndian.Uint32(words[16:])
		taken := lock != 0 && owner > 0 && owner != s.TID
		switch {
		case !taken:
		case slices.Contains(s.Threads, owner):
			wait.Owner = owner
			a.Event = wait
			return
		case wait.Between && kind&mutexShared != 0 && f.between(&wait, owner):
			a.Event = wait
			return
		}
	}
	a.For = forParked
	if s.Parks {
		a.Idle = true
		return
	}
	a.Event = wait
}

// between tells of a mutex that lies in memory which processes share who has it, by the thread's number that is noted
// in it. A number may have passed to another thread since: only a process that has the same memory can be the one. False:
// it is no such mutex, or the numbers are those of another pid namespace.
func (f *futexes) between(wait *history.MutexWait, owner int) bool {
	memory, ok := f.sharedAt(wait.PID, wait.Address)
	if !ok || !f.sameNumbers(wait.PID) {
		return false
	}
	wait.Owner = owner
	status, err := f.fs.Status(owner) // /proc has those of threads too, though it does not list them
	if err == nil {
		all, err := f.fs.Maps(status.TGID)
		if err != nil || slices.ContainsFunc(all, func(m proc.Mapping) bool {
			return m.Inode == memory.Inode && m.Device == memory.Device
		}) {
			wait.Holder = f.host.peer(status.TGID)
			return true
		}
	}
	wait.Holder, wait.Dead = history.Peer{PID: owner}, true
	return true
}

// sharedAt is the piece of memory at an address, where processes share it (MAP_SHARED).
func (f *futexes) sharedAt(pid int, address uint64) (proc.Mapping, bool) {
	all, err := f.fs.Maps(pid)
	if err != nil {
		return proc.Mapping{}, false
	}
	for _, m := range all {
		if m.Low <= address && address < m.High {
			return m, strings.HasSuffix(m.Rights, "s") && m.Inode != 0
		}
	}
	return proc.Mapping{}, false
}

// sameNumbers says whether a process counts processes as we do.
func (f *futexes) sameNumbers(pid int) bool {
	theirs, err := f.fs.Namespace(pid, "pid")
	own, errOwn := f.fs.OwnNamespace("pid")
	return err == nil && errOwn == nil && theirs == own
}
