package eventloop

import (
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// LockThread binds the calling goroutine to its operating system thread and names the thread, so that
// /proc/PID/task/TID/comm tells it from the others. 15 characters are kept (PR_SET_NAME(2const)).
func LockThread(name string) {
	runtime.LockOSThread()
	text := append([]byte(name), 0)
	_ = unix.Prctl(unix.PR_SET_NAME, uintptr(unsafe.Pointer(&text[0])), 0, 0, 0) // a thread without a name works as well
}
