package pidfd

import (
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// A child's end is told before and, where the kernel knows it, after its parent waited for it; never before it ended.
func TestHowAChildEnded(t *testing.T) {
	for _, row := range []struct {
		name string
		args []string
		end  syscall.Signal
		want unix.WaitStatus
	}{
		{"exit code 7", []string{"/bin/sh", "-c", "read x; exit 7"}, 0, 7 << 8},
		{"killed", []string{"/bin/sh", "-c", "read x; exit 7"}, syscall.SIGKILL, unix.WaitStatus(syscall.SIGKILL)},
	} {
		t.Run(row.name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), row.args[0], row.args[1:]...)
			cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
			in, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			pid := cmd.Process.Pid
			fd, err := unix.PidfdOpen(pid, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer unix.Close(fd)
			s, err := proc.FS("/proc").Stat(pid)
			if err != nil {
				t.Fatal(err)
			}
			if status, ok := Status("/proc", pid, s.Start, fd); ok {
				t.Errorf("it lives, and has ended with %#x", status)
			}
			if AwaitEnd(fd, time.Millisecond) {
				t.Error("it lives, and has ended")
			}
			if row.end != 0 {
				if err := unix.PidfdSendSignal(fd, row.end, nil, 0); err != nil {
					t.Fatal(err)
				}
			}
			_ = in.Close()
			if !AwaitEnd(fd, 10*time.Second) {
				t.Fatal("it does not end")
			}
			if status, ok := Status("/proc", pid, s.Start, fd); !ok || status != row.want {
				t.Errorf("its remains say %#x, %v, want %#x", status, ok, row.want)
			}
			if status, ok := Status("/proc", pid, s.Start+1, -1); ok {
				t.Errorf("another process of that number ended with %#x", status)
			}
			_ = cmd.Wait()
			status, ok := Status("/proc", pid, s.Start, fd)
			self, err := unix.PidfdOpen(os.Getpid(), 0)
			if err != nil {
				t.Fatal(err)
			}
			defer unix.Close(self)
			if knows := KnowsExit(self); ok != knows || ok && status != row.want {
				t.Errorf("after it was waited for: %#x, %v; the kernel knows: %v", status, ok, knows)
			}
		})
	}
}
