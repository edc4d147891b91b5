package probe

import (
	"fmt"
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

// callName names the system calls in which servers block, on every architecture; archCallName has those that only older ones have.
func callName(number int) (string, bool) {
	switch number {
	case unix.SYS_READ:
		return "read", true
	case unix.SYS_WRITE:
		return "write", true
	case unix.SYS_READV:
		return "readv", true
	case unix.SYS_WRITEV:
		return "writev", true
	case unix.SYS_PREAD64:
		return "pread64", true
	case unix.SYS_PWRITE64:
		return "pwrite64", true
	case unix.SYS_OPENAT:
		return "openat", true
	case unix.SYS_CLOSE:
		return "close", true
	case unix.SYS_FSYNC:
		return "fsync", true
	case unix.SYS_FDATASYNC:
		return "fdatasync", true
	case unix.SYS_FCHMOD:
		return "fchmod", true
	case unix.SYS_FTRUNCATE:
		return "ftruncate", true
	case unix.SYS_RENAMEAT:
		return "renameat", true
	case unix.SYS_RENAMEAT2:
		return "renameat2", true
	case unix.SYS_UNLINKAT:
		return "unlinkat", true
	case unix.SYS_MKDIRAT:
		return "mkdirat", true
	case unix.SYS_STATX:
		return "statx", true
	case unix.SYS_FSTAT:
		return "fstat", true
	case unix.SYS_UTIMENSAT:
		return "utimensat", true
	case unix.SYS_FLOCK:
		return "flock", true
	case unix.SYS_FCNTL:
		return "fcntl", true
	case unix.SYS_FUTEX:
		return "futex", true
	case unix.SYS_NANOSLEEP:
		return "nanosleep", true
	case unix.SYS_CLOCK_NANOSLEEP:
		return "clock_nanosleep", true
	case unix.SYS_EPOLL_PWAIT:
		return "epoll_pwait", true
	case unix.SYS_EPOLL_PWAIT2:
		return "epoll_pwait2", true
	case unix.SYS_PSELECT6:
		return "pselect6", true
	case unix.SYS_PPOLL:
		return "ppoll", true
	case unix.SYS_ACCEPT:
		return "accept", true
	case unix.SYS_ACCEPT4:
		return "accept4", true
	case unix.SYS_CONNECT:
		return "connect", true
	case unix.SYS_RECVFROM:
		return "recvfrom", true
	case unix.SYS_RECVMSG:
		return "recvmsg", true
	case unix.SYS_RECVMMSG:
		return "recvmmsg", true
	case unix.SYS_SENDTO:
		return "sendto", true
	case unix.SYS_SENDMSG:
		return "sendmsg", true
	case unix.SYS_SENDFILE:
		return "sendfile", true
	case unix.SYS_SPLICE:
		return "splice", true
	case unix.SYS_WAIT4:
		return "wait4", true
	case unix.SYS_WAITID:
		return "waitid", true
	case unix.SYS_SEMOP:
		return "semop", true
	case unix.SYS_SEMTIMEDOP:
		return "semtimedop", true
	case unix.SYS_MSGRCV:
		return "msgrcv", true
	case unix.SYS_MSGSND:
		return "msgsnd", true
	case unix.SYS_RT_SIGTIMEDWAIT:
		return "rt_sigtimedwait", true
	case unix.SYS_RT_SIGSUSPEND:
		return "rt_sigsuspend", true
	case unix.SYS_RESTART_SYSCALL:
		return "restart_syscall", true
	case unix.SYS_EXIT_GROUP:
		return "exit_group", true
	case unix.SYS_EXECVE:
		return "execve", true
	case unix.SYS_MUNMAP:
		return "munmap", true
	case unix.SYS_MMAP:
		return "mmap", true
	case unix.SYS_IO_URING_ENTER:
		return "io_uring_enter", true
	case unix.SYS_IO_GETEVENTS:
		return "io_getevents", true
	case unix.SYS_IOCTL:
		return "ioctl", true
	case unix.SYS_SYNC:
		return "sync", true
	case unix.SYS_SCHED_YIELD:
		return "sched_yield", true
	}
	return archCallName(number)
}

// takesDescriptor lists the calls whose first argument is a descriptor.
func takesDescriptor(name string) bool {
	switch name {
	case "read", "write", "readv", "writev", "pread64", "pwrite64", "close", "fsync", "fdatasync", "fchmod", "ftruncate", "fstat", "flock", "fcntl",
		"accept", "accept4", "connect", "recvfrom", "recvmsg", "recvmmsg", "sendto", "sendmsg", "splice", "ioctl", "io_uring_enter",
		"epoll_wait", "epoll_pwait", "epoll_pwait2", "sendfile":
		return true
	}
	return false
}

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
