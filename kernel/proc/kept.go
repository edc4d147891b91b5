package proc

import (
	"slices"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/kernel/eintr"
)

// A Kept is a proc file that stays open and is read again from its start: a fourth of the cost of opening it each time. The zero Kept is not open.
type Kept struct {
	fd   int
	open bool
}

// Keep opens a file.
func Keep(path string) (Kept, error) {
	fd, err := eintr.Retry(func() (int, error) { return unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0) })
	if err != nil {
		return Kept{}, err
	}
	return Kept{fd, true}, nil
}

// IsOpen says whether it was opened and not closed since.
func (k Kept) IsOpen() bool { return k.open }

// Read reads as much as buf takes, in one system call.
func (k Kept) Read(buf []byte) ([]byte, error) {
	if !k.open {
		return nil, unix.EBADF
	}
	n, err := eintr.Retry(func() (int, error) { return unix.Pread(k.fd, buf, 0) })
	if err != nil {
		return nil, err
	}
	if n == 0 {
		return nil, unix.ESRCH // a process that is gone reads as empty or as ESRCH, by file
	}
	return buf[:n], nil
}

// Whole reads a file of any length up to max bytes, into a buffer that may be used again.
func (k Kept) Whole(buf []byte, max int) ([]byte, error) {
	if !k.open {
		return nil, unix.EBADF
	}
	out := buf[:0]
	for len(out) < max {
		if cap(out)-len(out) < 512 {
			out = slices.Grow(out, 4096+len(out))
		}
		n, err := eintr.Retry(func() (int, error) { return unix.Pread(k.fd, out[len(out):cap(out)], int64(len(out))) })
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

// Close closes it, if it is open.
func (k *Kept) Close() {
	if k.open {
		unix.Close(k.fd)
		*k = Kept{}
	}
}
