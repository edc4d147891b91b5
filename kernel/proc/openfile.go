package proc

import (
	"slices"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/kernel/eintr"
)

// An OpenFile is a proc file that stays open and is read again from its start: a fourth of the cost of opening it
// each time. The zero OpenFile is not open.
type OpenFile struct {
	fd   int
	open bool
}

// Open opens a file.
func Open(path string) (OpenFile, error) {
	fd, err := eintr.Retry(func() (int, error) { return unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0) })
	if err != nil {
		return OpenFile{}, err
	}
	return OpenFile{fd, true}, nil
}

// IsOpen says whether it was opened and not closed since.
func (f OpenFile) IsOpen() bool { return f.open }

// Read reads as much as buf takes, in one system call.
func (f OpenFile) Read(buf []byte) ([]byte, error) {
	if !f.open {
		return nil, unix.EBADF
	}
	n, err := eintr.Retry(func() (int, error) { return unix.Pread(f.fd, buf, 0) })
	if err != nil {
		return nil, err
	}
	if n == 0 {
		return nil, unix.ESRCH // a process that is gone reads as empty or as ESRCH, by file
	}
	return buf[:n], nil
}

// Whole reads a file of any length up to max bytes, into a buffer that may be used again.
func (f OpenFile) Whole(buf []byte, max int) ([]byte, error) {
	if !f.open {
		return nil, unix.EBADF
	}
	out := buf[:0]
	for len(out) < max {
		if cap(out)-len(out) < 512 {
			out = slices.Grow(out, 4096+len(out))
		}
		n, err := eintr.Retry(func() (int, error) { return unix.Pread(f.fd, out[len(out):cap(out)], int64(len(out))) })
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
func (f *OpenFile) Close() {
	if f.open {
		unix.Close(f.fd)
		*f = OpenFile{}
	}
}
