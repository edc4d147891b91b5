package proc

import (
	"slices"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/kernel/eintr"
)

// MaxRead bounds what is read of one proc file, in bytes; the files read here are far smaller, except lists of the
// whole machine, which have bounds of their own.
const MaxRead = 64 << 10

// Read returns a whole proc file, at most max bytes. Anything may have vanished: the error is the caller's news, not
// a trouble.
func Read(path string, max int) ([]byte, error) {
	fd, err := eintr.Retry(func() (int, error) { return unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0) })
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	var out []byte
	for len(out) < max {
		if cap(out)-len(out) < 512 {
			out = slices.Grow(out, 2048+len(out))
		}
		n, err := eintr.Retry(func() (int, error) { return unix.Read(fd, out[len(out):cap(out)]) })
		if err != nil {
			return nil, err
		}
		if n <= 0 {
			break
		}
		out = out[:len(out)+n]
	}
	return out[:min(len(out), max)], nil
}
