package python

import (
	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/kernel/proc"
	"github.com/hangtime-dev/hangtime/stacks"
)

// futex is the address that a thread waits at by the kernel's account (proc_pid_syscall(5)); 0: it does not wait at one.
func (r *cpython) futex(tid int) uint64 {
	call, err := proc.FS(r.process.Proc).Thread(r.process.PID, tid).Call()
	if err != nil || call.Running || call.None || call.Number != unix.SYS_FUTEX {
		return 0
	}
	return call.Args[0]
}

// gilSize is that of struct _gil_runtime_state (pycore_gil.h), which has the condition that threads wait for.
const gilSize = 256

// interpreterWait names the thread that runs while another waits to run on, wherever its function stands; false: it
// does not wait for that.
func (r *cpython) interpreterWait(t *threadState) (w stacks.Wait, waits bool) {
	for _, other := range r.threads {
		if !other.locked || other.gil != t.gil || other.at == t.at {
			continue
		}
		if futex := r.futex(t.tid); futex >= t.gil && futex < t.gil+gilSize {
			return stacks.Wait{On: "interpreter lock", Object: t.gil, Owner: uint64(other.tid), FD: -1}, true
		}
		break
	}
	return stacks.Wait{}, false
}
