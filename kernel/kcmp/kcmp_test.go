package kcmp

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func TestAnInheritedFileIsTheSame(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	mine, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer mine.Close()
	again, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	child := exec.CommandContext(t.Context(), "/bin/sh", "-c", "read x")
	child.ExtraFiles = []*os.File{mine} // number 3
	child.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	in, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = in.Close()
		_ = child.Wait()
	}()
	for _, row := range []struct {
		name string
		fd   int
		want bool
	}{{"the file that it inherited", int(mine.Fd()), true}, {"the same path opened anew", int(again.Fd()), false}} {
		if got, err := SameFile(os.Getpid(), row.fd, child.Process.Pid, 3); err != nil || got != row.want {
			t.Errorf("%s: the same: %v (%v), want %v", row.name, got, err, row.want)
		}
	}
	if _, err := SameFile(os.Getpid(), 1<<20, child.Process.Pid, 3); !errors.Is(err, unix.EBADF) {
		t.Errorf("a descriptor that is none: %v", err)
	}
}
