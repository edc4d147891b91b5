package proc

import "golang.org/x/sys/unix"

// archCallNames has the calls that newer architectures do without, and those that they name otherwise.
var archCallNames = map[int]string{
	unix.SYS_EPOLL_WAIT: "epoll_wait",
	unix.SYS_VFORK:      "vfork",
	unix.SYS_SELECT:     "select",
	unix.SYS_POLL:       "poll",
	unix.SYS_OPEN:       "open",
	unix.SYS_CREAT:      "creat",
	unix.SYS_STAT:       "stat",
	unix.SYS_LSTAT:      "lstat",
	unix.SYS_RENAME:     "rename",
	unix.SYS_UNLINK:     "unlink",
	unix.SYS_MKDIR:      "mkdir",
	unix.SYS_PAUSE:      "pause",
	unix.SYS_ACCESS:     "access",
	unix.SYS_RENAMEAT:   "renameat",
	unix.SYS_NEWFSTATAT: "newfstatat",
}
