package golang

import (
	"syscall"
	"unsafe"
)

// monotonic is CLOCK_MONOTONIC in nanoseconds, on which the runtimes of all Go programs keep their times; 0: it cannot be read.
func monotonic() int64 {
	const clockMonotonic = 1
	var now syscall.Timespec
	if _, _, err := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, clockMonotonic, uintptr(unsafe.Pointer(&now)), 0); err != 0 {
		return 0
	}
	return now.Nano()
}
