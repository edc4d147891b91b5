// Package pidfd asks the kernel about a process by a descriptor of it (pidfd_open(2)), which stays that process's
// when its number is another's.
package pidfd

import (
	"errors"
	"fmt"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// info is struct pidfd_info of <linux/pidfd.h>, as first published (64 bytes).
type info struct {
	mask, cgroup                                                      uint64
	pid, tgid, ppid, ruid, rgid, euid, egid, suid, sgid, fsuid, fsgid uint32
	exit                                                              int32
}

const (
	infoExit = 1 << 3
	// _IOWR(0xFF, 11, struct pidfd_info)
	getInfo = 3<<30 | uintptr(unsafe.Sizeof(info{}))<<16 | 0xFF<<8 | 11
)

// ExitStatus is the wait status of a process that has been waited for by its parent (Linux 6.15 and newer keep it for
// holders of a pidfd).
func ExitStatus(pidfd int) (status unix.WaitStatus, ok bool) {
	one := info{mask: infoExit}
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(pidfd), getInfo, uintptr(unsafe.Pointer(&one)))
	if errno != 0 || one.mask&infoExit == 0 {
		return 0, false
	}
	return unix.WaitStatus(one.exit), true
}

// Status is how the process behind pidfd ended: asked of the pidfd once its parent has waited for it, of its remains
// in /proc before that. pidfd is negative where there is none; start is field 22 of its stat.
func Status(fs proc.FS, pid int, start uint64, pidfd int) (unix.WaitStatus, bool) {
	if pidfd >= 0 {
		if status, ok := ExitStatus(pidfd); ok {
			return status, true
		}
	}
	s, err := fs.Stat(pid)
	if err != nil || s.Start != start || s.State != 'Z' {
		return 0, false
	}
	// The kernel writes 0 for those who may not trace it.
	return unix.WaitStatus(s.Exit), s.Exit != 0 || fs.MayTrace(pid)
}

// KnowsExit says whether the kernel knows the question of ExitStatus at all; of a process that lives it has no answer.
func KnowsExit(pidfd int) bool {
	one := info{mask: infoExit}
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(pidfd), getInfo, uintptr(unsafe.Pointer(&one)))
	if errno != 0 {
		return false
	}
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return false
	}
	var major, minor int
	_, _ = fmt.Sscanf(unix.ByteSliceToString(u.Release[:]), "%d.%d", &major, &minor) // the call is older than the mask
	return major > 6 || major == 6 && minor >= 15
}

// AwaitEnd waits until the process has ended, at most limit, and says whether it has. A zombie has ended.
func AwaitEnd(pidfd int, limit time.Duration) bool {
	for deadline := time.Now().Add(limit); ; {
		left := max(time.Until(deadline), 0)
		// #nosec: a descriptor fits.
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}}, int(left.Milliseconds()))
		if n > 0 {
			return true
		}
		if err != nil && !errors.Is(err, unix.EINTR) || left == 0 {
			return false
		}
	}
}
