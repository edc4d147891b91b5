package arbiter

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// tellExit adds to fields how a process ended: by which signal, or with which code (-1: it is not known).
func tellExit(fields Fields, state *os.ProcessState) (code int, killed bool) {
	if state != nil {
		if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
			fields["signal"] = unix.SignalName(status.Signal())
			return 0, true
		}
	}
	code = state.ExitCode()
	fields["code"] = code
	return code, false
}
