package worker

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// OpenOutput opens the file that workers print to with capture-output.
func OpenOutput(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "worker_output.log"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return nil, fmt.Errorf("capture-output: %w", err)
	}
	return f, nil
}

// reopenOutput makes standard output and error the file of that name again, after somebody renamed it.
func reopenOutput(dir string) error {
	f, err := OpenOutput(dir)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	for _, fd := range []int{unix.Stdout, unix.Stderr} {
		if err := unix.Dup3(int(f.Fd()), fd, 0); err != nil {
			return fmt.Errorf("capture-output: %w", err)
		}
	}
	return nil
}
