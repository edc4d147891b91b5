package tasklog

import (
	"errors"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// direct writes each line from the thread that logs it, under the handler's mutex.
type direct struct {
	path string
	lock bool // flock around each line

	mu   sync.Mutex // Reopen and Write; the handler's own mutex already keeps writers apart
	file *os.File
}

func openDirect(path string, lock bool) (*direct, error) {
	file, err := openAppend(path)
	if err != nil {
		return nil, err
	}
	return &direct{path: path, lock: lock, file: file}, nil
}

// Write blocks in flock as long as another process holds the lock: this is the guide's first race.
func (d *direct) Write(line []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	fd := int(d.file.Fd())
	if d.lock {
		for {
			err := unix.Flock(fd, unix.LOCK_EX)
			if err == nil {
				break
			}
			if !errors.Is(err, unix.EINTR) {
				return 0, err
			}
		}
		defer func() { _ = unix.Flock(fd, unix.LOCK_UN) }() // the descriptor is open: it cannot fail
	}
	return writeAll(fd, line)
}

func (d *direct) Reopen() error {
	file, err := openAppend(d.path)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	old := d.file
	d.file = file
	return old.Close()
}

func (d *direct) Lost() uint64 { return 0 }

func (d *direct) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.file.Close()
}

// stdout is whatever the arbiter was started with; when it is a pipe that nobody reads, writing stops the worker.
type stdout struct{ file *os.File }

func (s *stdout) Write(line []byte) (int, error) {
	if s.file == nil {
		return len(line), nil
	}
	return writeAll(int(s.file.Fd()), line)
}

func (s *stdout) Reopen() error { return nil }
func (s *stdout) Lost() uint64  { return 0 }
func (s *stdout) Close() error  { return nil }
