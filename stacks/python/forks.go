package python

import (
	"github.com/hangtime-dev/hangtime/kernel/memory"
	"github.com/hangtime-dev/hangtime/kernel/proc"
	"github.com/hangtime-dev/hangtime/stacks"
)

// takenBefore is the parent's pid where a lock that nobody here has is used by one of the parent's threads at this
// moment: the fork copied it taken, and not the thread that would release it. It must be the same object there: of
// the same type, at the same address, with the same semaphore. 0: it is not known to be so.
func (r *Reader) takenBefore(object uint64) int {
	if pid, known := r.before[object]; known {
		return pid
	}
	pid, err := r.parentPID()
	if err != nil || pid <= 1 {
		return 0
	}
	if r.parent == nil || r.parent.process.PID != pid {
		r.parent, err = r.finder.Open(stacks.Process{
			Proc: r.process.Proc, PID: pid,
			Memory: func(address uint64, into []byte) error { return memory.Read(pid, address, into) },
		})
		if err != nil {
			r.parent = nil
			return 0
		}
	}
	p := r.parent
	p.begin()
	defer p.mem.forget()
	p.findThreads()
	same := p.typeOf(object).at == r.typeOf(object).at && r.typeOf(object).at != 0
	if r.layout.version < 0x030e {
		same = same && p.mem.word(object+lockState) == r.mem.word(object+lockState)
	}
	if !same {
		return 0
	}
	if _, _, held := p.Holds(object); !held {
		return 0
	}
	if len(r.before) > maxThreads {
		clear(r.before)
	}
	r.before[object] = pid
	return pid
}

func (r *Reader) parentPID() (int, error) {
	stat, err := proc.FS(r.process.Proc).Stat(r.process.PID)
	return stat.Parent, err
}
