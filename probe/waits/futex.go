package waits

import (
	"encoding/binary"
	"errors"
	"os"
	"slices"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/kernel/memory"
)

// futexPrivate is the bit of futex(2)'s operation that says that only threads of one process wait there.
const futexPrivate = 128

// futex is a thread in futex(2). glibc's mutexes have their owner's thread id 8 bytes behind the futex word (nptl,
// struct __pthread_mutex_s); what is there for other futexes is no thread of this process. By the call alone an idle
// thread of a pool and one in a deadlock look the same.
func (f *Finder) futex(a *Answer, s Subject) {
	wait := history.MutexWait{PID: s.PID, TID: s.TID, Address: s.Call.Args[0], Between: s.Call.Args[1]&futexPrivate == 0}
	var words [12]byte
	err := memory.Read(s.PID, s.Call.Args[0], words[:])
	if errors.Is(err, os.ErrPermission) {
		f.host.trouble("the memory of the workers", err)
	}
	if err == nil {
		lock, owner := binary.NativeEndian.Uint32(words[:]), int(int32(binary.NativeEndian.Uint32(words[8:])))
		if lock != 0 && owner > 0 && owner != s.TID && slices.Contains(s.Threads, owner) {
			wait.Owner = owner
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
