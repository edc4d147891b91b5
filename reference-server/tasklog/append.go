package tasklog

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

func openAppend(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
}

// writeAll is one system call for a line, so that O_APPEND keeps lines of several processes apart, unless the disk is
// full or a pipe takes less.
func writeAll(fd int, p []byte) (int, error) {
	done := 0
	for done < len(p) {
		n, err := unix.Write(fd, p[done:])
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return done, err
		}
		done += n
	}
	return done, nil
}
