package probe

import "golang.org/x/sys/unix"

// archCallName has the calls that newer architectures do without.
func archCallName(number int) (string, bool) {
	switch number {
	case unix.SYS_EPOLL_WAIT:
		return "epoll_wait", true
	case unix.SYS_SELECT:
		return "select", true
	case unix.SYS_POLL:
		return "poll", true
	case unix.SYS_OPEN:
		return "open", true
	case unix.SYS_CREAT:
		return "creat", true
	case unix.SYS_STAT:
		return "stat", true
	case unix.SYS_LSTAT:
		return "lstat", true
	case unix.SYS_RENAME:
		return "rename", true
	case unix.SYS_UNLINK:
		return "unlink", true
	case unix.SYS_MKDIR:
		return "mkdir", true
	case unix.SYS_PAUSE:
		return "pause", true
	}
	return "", false
}
