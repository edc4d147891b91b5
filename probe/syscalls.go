package probe

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// A call is what a thread is doing, from /proc/PID/task/TID/syscall (proc_pid_syscall(5)).
type call struct {
	running bool // on a processor, or ready for it
	none    bool // blocked, and not in a system call (a page fault, a stop)
	number  int
	args    [6]uint64
}

func parseCall(text string) (call, error) {
	f := strings.Fields(text)
	if len(f) == 0 {
		return call{}, fmt.Errorf("malformed syscall %q", text)
	}
	if f[0] == "running" {
		return call{running: true}, nil
	}
	number, err := strconv.Atoi(f[0])
	if err != nil {
		return call{}, fmt.Errorf("malformed syscall %q", text)
	}
	if number < 0 {
		return call{none: true, number: number}, nil
	}
	c := call{number: number}
	if len(f) < 7 {
		return call{}, fmt.Errorf("malformed syscall %q", text)
	}
	for i := range c.args {
		if c.args[i], err = strconv.ParseUint(strings.TrimPrefix(f[i+1], "0x"), 16, 64); err != nil {
			return call{}, fmt.Errorf("malformed syscall %q", text)
		}
	}
	return c, nil
}

// name is the system call's, or its number where this package has no use for its name.
func (c call) name() string {
	switch {
	case c.running:
		return "running"
	case c.none:
		return ""
	}
	if name, ok := callName(c.number); ok {
		return name
	}
	return "system call " + strconv.Itoa(c.number)
}

// callNames are the system calls in which servers block, on every architecture; archCallNames those that are not named alike everywhere.
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
	"read", "write", "readv", "writev", "pread64", "pwrite64", "close", "fsync", "fdatasync", "fchmod", "ftruncate", "fstat", "flock", "fcntl",
	"accept", "accept4", "connect", "recvfrom", "recvmsg", "recvmmsg", "sendto", "sendmsg", "splice", "ioctl", "io_uring_enter",
	"epoll_wait", "epoll_pwait", "epoll_pwait2", "sendfile",
}

func takesDescriptor(name string) bool { return slices.Contains(descriptorCalls, name) }

// waitsForWork lists the calls in which a server waits for something to do.
func waitsForWork(name string) bool {
	switch name {
	case "epoll_wait", "epoll_pwait", "epoll_pwait2", "select", "pselect6", "poll", "ppoll", "accept", "accept4", "rt_sigtimedwait", "rt_sigsuspend", "pause":
		return true
	}
	return false
}

// fileLockWait says of which kind the lock is that a call waits for; empty for a call that waits for none.
func (c call) fileLockWait() string {
	switch {
	case c.running || c.none:
		return ""
	case c.number == unix.SYS_FLOCK:
		return "flock"
	case c.number == unix.SYS_FCNTL && c.args[1] == unix.F_SETLKW:
		return "fcntl"
	case c.number == unix.SYS_FCNTL && c.args[1] == unix.F_OFD_SETLKW:
		return "ofd"
	}
	return ""
}

// lockClass is how /proc/locks names that kind.
func lockClass(kind string) string {
	switch kind {
	case "flock":
		return "FLOCK"
	case "ofd":
		return "OFDLCK"
	}
	return "POSIX"
}

// flockOperation words the second argument of flock(2).
func flockOperation(op uint64) string {
	switch op &^ unix.LOCK_NB {
	case unix.LOCK_SH:
		return "LOCK_SH"
	case unix.LOCK_EX:
		return "LOCK_EX"
	case unix.LOCK_UN:
		return "LOCK_UN"
	}
	return fmt.Sprintf("%#x", op)
}
