package probe

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// pidfdInfo is struct pidfd_info of <linux/pidfd.h>, as first published (64 bytes).
type pidfdInfo struct {
	mask, cgroup                                                      uint64
	pid, tgid, ppid, ruid, rgid, euid, egid, suid, sgid, fsuid, fsgid uint32
	exit                                                              int32
}

const (
	pidfdInfoExit = 1 << 3
	// _IOWR(0xFF, 11, struct pidfd_info)
	pidfdGetInfo = 3<<30 | uintptr(unsafe.Sizeof(pidfdInfo{}))<<16 | 0xFF<<8 | 11
)

// exitOf is the wait status of a process that has been waited for by its parent (Linux 6.15 and newer keep it for holders of a pidfd).
func exitOf(pidfd int) (status unix.WaitStatus, ok bool) {
	info := pidfdInfo{mask: pidfdInfoExit}
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(pidfd), pidfdGetInfo, uintptr(unsafe.Pointer(&info)))
	if errno != 0 || info.mask&pidfdInfoExit == 0 {
		return 0, false
	}
	return unix.WaitStatus(info.exit), true
}

// statusOf is how the process behind pidfd ended: asked of the pidfd once its parent has waited for it, of its remains before that.
func (p proc) statusOf(pid int, start uint64, pidfd int) (unix.WaitStatus, bool) {
	if pidfd >= 0 {
		if status, ok := exitOf(pidfd); ok {
			return status, true
		}
	}
	s, err := p.stat(pid)
	if err != nil || s.start != start || s.state != 'Z' {
		return 0, false
	}
	// The kernel writes 0 for those who may not trace it.
	return unix.WaitStatus(s.exit), s.exit != 0 || p.mayTrace(pid)
}

// mayTrace says whether we are root or the owner of a process.
func (p proc) mayTrace(pid int) bool {
	var st unix.Stat_t
	euid := unix.Geteuid()
	return euid == 0 || unix.Stat(p.pid(pid, ""), &st) == nil && int(st.Uid) == euid
}

// knowsExit says whether the kernel knows the question at all; of a process that lives it has no answer.
func knowsExit(pidfd int) bool {
	info := pidfdInfo{mask: pidfdInfoExit}
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(pidfd), pidfdGetInfo, uintptr(unsafe.Pointer(&info)))
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
