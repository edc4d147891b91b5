package proc

import (
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// A Call is what a thread is doing, from /proc/PID/task/TID/syscall (proc_pid_syscall(5)).
type Call struct {
	Running bool // on a processor, or ready for it
	None    bool // blocked, and not in a system call (a page fault, a stop)
	Number  int  // of this architecture
	Args    [6]uint64
}

// Call reads it; it takes the right to trace the process.
func (t Thread) Call() (Call, error) {
	text, err := Read(t.Path("syscall"), 256)
	if err != nil {
		return Call{}, err
	}
	return ParseCall(string(text))
}

// ParseCall reads "running", "-1 SP PC", or a number and six arguments in hexadecimal.
func ParseCall(text string) (Call, error) {
	f := strings.Fields(text)
	if len(f) == 0 {
		return Call{}, fmt.Errorf("malformed syscall %q", text)
	}
	if f[0] == "running" {
		return Call{Running: true}, nil
	}
	number, err := strconv.Atoi(f[0])
	if err != nil {
		return Call{}, fmt.Errorf("malformed syscall %q", text)
	}
	if number < 0 {
		return Call{None: true, Number: number}, nil
	}
	c := Call{Number: number}
	if len(f) < 7 {
		return Call{}, fmt.Errorf("malformed syscall %q", text)
	}
	for i := range c.Args {
		if c.Args[i], err = strconv.ParseUint(strings.TrimPrefix(f[i+1], "0x"), 16, 64); err != nil {
			return Call{}, fmt.Errorf("malformed syscall %q", text)
		}
	}
	return c, nil
}

// Name is the system call's, or its number where this package has no use for its name.
func (c Call) Name() string {
	switch {
	case c.Running:
		return "running"
	case c.None:
		return ""
	}
	if name, ok := callName(c.Number); ok {
		return name
	}
	return "system call " + strconv.Itoa(c.Number)
}

// FD is the first argument as a descriptor.
func (c Call) FD() int { return int(int32(c.Args[0])) }

// FileLockWait says of which kind the lock is that a call waits for, "flock", "fcntl" or "ofd"; empty for a call that
// waits for none.
func (c Call) FileLockWait() string {
	switch {
	case c.Running || c.None:
		return ""
	case c.Number == unix.SYS_FLOCK:
		return "flock"
	case c.Number == unix.SYS_FCNTL && c.Args[1] == unix.F_SETLKW:
		return "fcntl"
	case c.Number == unix.SYS_FCNTL && c.Args[1] == unix.F_OFD_SETLKW:
		return "ofd"
	}
	return ""
}

// FlockOperation words the second argument of flock(2).
func FlockOperation(op uint64) string {
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
