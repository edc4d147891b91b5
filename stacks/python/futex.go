package python

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/hangtime-dev/hangtime/stacks"
)

// futex is the address that a thread waits at by the kernel's account (proc_pid_syscall(5)); 0: it does not wait at one.
func (r *Reader) futex(tid int) uint64 {
	text, err := os.ReadFile(filepath.Join(r.process.Proc, strconv.Itoa(r.process.PID), "task", strconv.Itoa(tid), "syscall"))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 || fields[0] != strconv.Itoa(syscall.SYS_FUTEX) {
		return 0
	}
	at, err := strconv.ParseUint(strings.TrimPrefix(fields[1], "0x"), 16, 64)
	if err != nil {
		return 0
	}
	return at
}

// gilSize is that of struct _gil_runtime_state (pycore_gil.h), which has the condition that threads wait for.
const gilSize = 256

// interpreterWait names the thread that runs while another waits to run on, wherever its function stands; false: it does not wait for that.
func (r *Reader) interpreterWait(t *thread) (w stacks.Wait, waits bool) {
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
