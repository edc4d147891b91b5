// Package kcmp asks the kernel whether two processes share something of its (kcmp(2)).
package kcmp

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// SameFile says whether two descriptors are of one open file (open file description, open(2)): one was inherited,
// passed on or duplicated from the other. Two that were opened one by one are not, though they be of the same path.
// It takes the right to trace both processes.
func SameFile(pid1, fd1, pid2, fd2 int) (bool, error) {
	const file = 0 // KCMP_FILE of <linux/kcmp.h>
	order, _, errno := unix.Syscall6(unix.SYS_KCMP, uintptr(pid1), uintptr(pid2), file, uintptr(fd1), uintptr(fd2), 0)
	if errno != 0 {
		return false, fmt.Errorf("compare descriptor %d of process %d with %d of %d: %w", fd1, pid1, fd2, pid2, errno)
	}
	return order == 0, nil // 1 to 3 order those that are not
}

// SameMemory says whether two processes share one memory, as a child does with the parent that waits for it in vfork(2).
// It takes the right to trace both processes.
func SameMemory(pid1, pid2 int) (bool, error) {
	const memory = 1 // KCMP_VM of <linux/kcmp.h>
	order, _, errno := unix.Syscall6(unix.SYS_KCMP, uintptr(pid1), uintptr(pid2), memory, 0, 0, 0)
	if errno != 0 {
		return false, fmt.Errorf("compare the memory of process %d with that of %d: %w", pid1, pid2, errno)
	}
	return order == 0, nil
}
