package arbiter

import (
	"errors"
	"unsafe"

	"golang.org/x/sys/unix"
)

// orphansAtOnce bounds how many are reaped before the arbiter looks at its workers again.
const orphansAtOnce = 64

// reapOrphans makes zombies go that are not ours, that is no workers, no command and no successor: the first process
// of a container, or a subreaper, inherits what others leave behind. Nobody waits for these; the children of this
// process's own have each their waiter, so that it must not wait for just any (waitpid(-1)) as gunicorn does.
func reapOrphans(account *Account, ours func(pid int) bool) {
	for range orphansAtOnce {
		pid, err := deadChild()
		if err != nil || pid == 0 || ours(pid) {
			return // one of our own will be gone at the next look
		}
		if _, err := unix.Wait4(pid, nil, unix.WNOHANG, nil); err == nil {
			account.Say("debug", "orphan-reaped", Fields{"pid": pid})
		}
	}
}

// pidAt is where siginfo_t has si_pid on 64 bits, waitid(2): after three ints and one that aligns.
const pidAt = 16

// deadChild is a child that has ended and that nobody has waited for yet, and leaves it so; 0: there is none.
func deadChild() (pid int, err error) {
	var info unix.Siginfo
	err = unix.Waitid(unix.P_ALL, 0, &info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
	if errors.Is(err, unix.ECHILD) {
		return 0, nil
	}
	return int(*(*int32)(unsafe.Add(unsafe.Pointer(&info), pidAt))), err
}
