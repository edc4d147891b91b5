package input

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"
)

// patience is how long a pipe, a terminal or a socket may give nothing.
const patience = time.Second

// A File is read as it comes, and fails where it gives nothing for a second. One goroutine reads it.
type File struct {
	file  *os.File
	waits bool // a read may wait for somebody who writes
}

// Open opens the file at path for reading; a folder is an error.
func Open(path string) (*File, error) {
	// Without O_NONBLOCK opening a FIFO waits until somebody opens its other end: fifo(7).
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	switch {
	case err != nil:
		return nil, errors.Join(err, file.Close())
	case info.IsDir():
		return nil, errors.Join(fmt.Errorf("%s is a folder; want a file", path), file.Close())
	}
	return &File{file: file, waits: !info.Mode().IsRegular()}, nil
}

// Read reads what is there.
func (f *File) Read(p []byte) (int, error) {
	if f.waits {
		_ = f.file.SetReadDeadline(time.Now().Add(patience)) // what has no deadline, as /dev/zero, never waits
	}
	n, err := f.file.Read(p)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = fmt.Errorf("%s gives nothing; want a file", f.file.Name())
	}
	return n, err
}

// Close closes it.
func (f *File) Close() error { return f.file.Close() }

// ReadFile is all of the file at path, which may have so many bytes at most. It takes a second at most, also where
// the bytes come drop by drop.
func ReadFile(path string, most int64) ([]byte, error) {
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if f.waits {
		f.waits = false // one deadline for all of it
		_ = f.file.SetReadDeadline(time.Now().Add(patience))
	}
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	switch {
	case err != nil:
		return nil, err
	case int64(len(text)) > most:
		return nil, fmt.Errorf("%s is too large; want at most %s", path, size(most))
	}
	return text, nil
}

// size writes a limit, which is a round number of bytes, KiB or MiB.
func size(n int64) string {
	switch {
	case n >= 1<<20:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 1<<10:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d bytes", n)
}
