package proc

import (
	"slices"

	"golang.org/x/sys/unix"
)

// callNames are the system calls in which servers block, on every architecture; archCallNames those that are not
// named alike everywhere.
var callNames = map[int]string{
	unix.SYS_READ:            "read",
	unix.SYS_WRITE:           "write",
	unix.SYS_READV:           "readv",
	unix.SYS_WRITEV:          "writev",
	unix.SYS_PREAD64:         "pread64",
	unix.SYS_PWRITE64:        "pwrite64",
	unix.SYS_OPENAT:          "openat",
	unix.SYS_CLOSE:           "close",
	unix.SYS_FSYNC:           "fsync",
	unix.SYS_FDATASYNC:       "fdatasync",
	unix.SYS_FCHMOD:          "fchmod",
	unix.SYS_FTRUNCATE:       "ftruncate",
	unix.SYS_RENAMEAT2:       "renameat2",
	unix.SYS_UNLINKAT:        "unlinkat",
	unix.SYS_MKDIRAT:         "mkdirat",
	unix.SYS_STATX:           "statx",
	unix.SYS_FSTAT:           "fstat",
	unix.SYS_UTIMENSAT:       "utimensat",
	unix.SYS_FLOCK:           "flock",
	unix.SYS_FCNTL:           "fcntl",
	unix.SYS_FUTEX:           "futex",
	unix.SYS_NANOSLEEP:       "nanosleep",
	unix.SYS_CLOCK_NANOSLEEP: "clock_nanosleep",
	unix.SYS_EPOLL_PWAIT:     "epoll_pwait",
	unix.SYS_EPOLL_PWAIT2:    "epoll_pwait2",
	unix.SYS_PSELECT6:        "pselect6",
	unix.SYS_PPOLL:           "ppoll",
	unix.SYS_ACCEPT:          "accept",
	unix.SYS_ACCEPT4:         "accept4",
	unix.SYS_CONNECT:         "connect",
	unix.SYS_RECVFROM:        "recvfrom",
	unix.SYS_RECVMSG:         "recvmsg",
	unix.SYS_RECVMMSG:        "recvmmsg",
	unix.SYS_SENDTO:          "sendto",
	unix.SYS_SENDMSG:         "sendmsg",
	unix.SYS_SENDFILE:        "sendfile",
	unix.SYS_SPLICE:          "splice",
	unix.SYS_WAIT4:           "wait4",
	unix.SYS_WAITID:          "waitid",
	unix.SYS_SEMOP:           "semop",
	unix.SYS_SEMTIMEDOP:      "semtimedop",
	unix.SYS_MSGRCV:          "msgrcv",
	unix.SYS_MSGSND:          "msgsnd",
	unix.SYS_MQ_TIMEDRECEIVE: "mq_timedreceive",
	unix.SYS_MQ_TIMEDSEND:    "mq_timedsend",
	unix.SYS_CLONE:           "clone",
	unix.SYS_CLONE3:          "clone3",
	unix.SYS_RT_SIGTIMEDWAIT: "rt_sigtimedwait",
	unix.SYS_RT_SIGSUSPEND:   "rt_sigsuspend",
	unix.SYS_RESTART_SYSCALL: "restart_syscall",
	unix.SYS_EXIT_GROUP:      "exit_group",
	unix.SYS_EXECVE:          "execve",
	unix.SYS_MUNMAP:          "munmap",
	unix.SYS_MMAP:            "mmap",
	unix.SYS_IO_URING_ENTER:  "io_uring_enter",
	unix.SYS_IO_GETEVENTS:    "io_getevents",
	unix.SYS_IOCTL:           "ioctl",
	unix.SYS_SYNC:            "sync",
	unix.SYS_SCHED_YIELD:     "sched_yield",
	unix.SYS_FACCESSAT2:      "faccessat2",
	unix.SYS_FACCESSAT:       "faccessat",
}

func callName(number int) (string, bool) {
	if name, ok := callNames[number]; ok {
		return name, true
	}
	name, ok := archCallNames[number]
	return name, ok
}

// descriptorCalls are the calls whose first argument is a descriptor.
var descriptorCalls = []string{
	"read", "write", "readv", "writev", "pread64", "pwrite64", "close", "fsync", "fdatasync", "fchmod", "ftruncate",
	"fstat", "flock", "fcntl",
	"accept", "accept4", "connect", "recvfrom", "recvmsg", "recvmmsg", "sendto", "sendmsg", "splice", "ioctl",
	"io_uring_enter",
	"epoll_wait", "epoll_pwait", "epoll_pwait2", "sendfile", "mq_timedreceive", "mq_timedsend",
}

// TakesDescriptor says whether a call's first argument is a descriptor.
func TakesDescriptor(name string) bool { return slices.Contains(descriptorCalls, name) }

// pathCalls are the calls that are given a path.
var pathCalls = []string{
	"open", "openat", "creat", "stat", "lstat", "statx", "newfstatat", "rename", "renameat", "renameat2", "unlink",
	"unlinkat", "mkdir", "mkdirat", "utimensat", "access", "faccessat",
	"faccessat2",
}

// TakesPath says whether a call is given a path.
func TakesPath(name string) bool { return slices.Contains(pathCalls, name) }

// PathArgument says which argument of such a call is its first path: most are given a folder before it.
func PathArgument(name string) int {
	switch name {
	case "open", "creat", "stat", "lstat", "rename", "unlink", "mkdir", "access":
		return 0
	}
	return 1
}
