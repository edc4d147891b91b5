package arbiter

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// A pidfile says which process is the arbiter. A nil one is none.
type pidfile struct{ path string }

// createPidfile writes this process's number, unless another process that lives has the file; one that was left by a
// process that is gone is taken over.
func createPidfile(path string) (*pidfile, error) {
	if pid, ok := readPid(path); ok && pid != os.Getpid() && lives(pid) {
		return nil, fmt.Errorf("pid: %s names process %d, and that process runs: is this server running already? otherwise remove the file", path, pid)
	}
	// By rename, so that nobody reads half a number.
	tmp, err := os.CreateTemp(filepath.Dir(path), ".pid-")
	if err != nil {
		return nil, fmt.Errorf("pid: write %s: %w", path, err)
	}
	_, err = fmt.Fprintf(tmp, "%d\n", os.Getpid())
	if err := errors.Join(err, tmp.Chmod(0o644), tmp.Close()); err != nil {
		return nil, errors.Join(fmt.Errorf("pid: write %s: %w", path, err), os.Remove(tmp.Name()))
	}
	if err := os.Rename(tmp.Name(), path); err != nil {
		return nil, errors.Join(fmt.Errorf("pid: write %s: %w", path, err), os.Remove(tmp.Name()))
	}
	return &pidfile{path}, nil
}

// rename moves the file, as the promoted arbiter of an upgrade does.
func (p *pidfile) rename(path string) error {
	if p == nil {
		return nil
	}
	if err := os.Rename(p.path, path); err != nil {
		return fmt.Errorf("pid: %w", err)
	}
	p.path = path
	return nil
}

// remove removes the file if it is still this process's.
func (p *pidfile) remove() error {
	if p == nil {
		return nil
	}
	if pid, ok := readPid(p.path); !ok || pid != os.Getpid() {
		return nil
	}
	if err := os.Remove(p.path); err != nil {
		return fmt.Errorf("pid: %w", err)
	}
	return nil
}

func readPid(path string) (pid int, ok bool) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, false
	}
	pid, err = strconv.Atoi(strings.TrimSpace(string(text)))
	return pid, err == nil && pid > 0
}

// lives is true also for a process that may not be signalled by this one.
func lives(pid int) bool {
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}
