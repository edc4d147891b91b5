package python

import (
	"github.com/hangtime-dev/hangtime/kernel/memory"
	"github.com/hangtime-dev/hangtime/kernel/proc"
	"github.com/hangtime-dev/hangtime/stacks"
)

// A forkReader finds what this process has from the one that it was forked from.
type forkReader struct {
	runtime *cpython
	finder  *Finder
	parent  *cpython       // nil: it was not needed yet, or cannot be read
	before  map[uint64]int // locks that were taken before the fork, with the parent's pid
}

// takenBefore is the parent's pid where a lock that nobody here has is used by one of the parent's threads at this
// moment: the fork copied it taken, and not the thread that would release it. It must be the same object there: of
// the same type, at the same address, with the same semaphore. 0: it is not known to be so.
func (fs *forkReader) takenBefore(object uint64) int {
	if pid, known := fs.before[object]; known {
		return pid
	}
	pid, err := fs.parentPID()
	if err != nil || pid <= 1 {
		return 0
	}
	if fs.parent == nil || fs.parent.process.PID != pid {
		fs.parent, err = fs.finder.find(stacks.Process{
			Proc: fs.runtime.process.Proc, PID: pid,
			Memory: func(address uint64, into []byte) error { return memory.Read(pid, address, into) },
		})
		if err != nil {
			fs.parent = nil
			return 0
		}
	}
	p := fs.parent
	p.begin()
	defer p.mem.forget()
	p.findThreads()
	here := fs.runtime.objects.typeOf(object).at
	same := p.objects.typeOf(object).at == here && here != 0
	if fs.runtime.layout.version < 0x030e {
		same = same && p.mem.word(object+lockState) == fs.runtime.mem.word(object+lockState)
	}
	if !same {
		return 0
	}
	if _, _, held := p.holds(object); !held {
		return 0
	}
	if len(fs.before) > maxThreads {
		clear(fs.before)
	}
	fs.before[object] = pid
	return pid
}

func (fs *forkReader) parentPID() (int, error) {
	stat, err := proc.FS(fs.runtime.process.Proc).Stat(fs.runtime.process.PID)
	return stat.Parent, err
}
