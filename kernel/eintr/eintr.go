// Package eintr repeats system calls that a signal interrupted: Go's own preemption signals do.
package eintr

import (
	"errors"

	"golang.org/x/sys/unix"
)

// Retry makes a system call until it is not interrupted (EINTR, signal(7)).
func Retry(call func() (int, error)) (int, error) {
	for {
		n, err := call()
		if !errors.Is(err, unix.EINTR) {
			return n, err
		}
	}
}
