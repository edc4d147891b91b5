package probe

import (
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/kernel/proc"
	"github.com/hangtime-dev/hangtime/probe/waits"
)

func TestAStoppedArbiterIsTold(t *testing.T) {
	arbiter := exec.Command("sleep", "3600")
	arbiter.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := arbiter.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = arbiter.Process.Kill()
		_ = arbiter.Wait()
	})
	h := haltReader{fs: proc.FS("/proc"), arbiter: arbiter.Process.Pid}
	becomes := func(signal syscall.Signal, stopped bool) {
		t.Helper()
		if err := arbiter.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		for deadline := time.Now().Add(10 * time.Second); h.stopped(h.arbiter) != stopped; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%v has no effect", signal)
			}
		}
	}
	read := func(serves bool) int { return len(h.read(time.Now(), waits.Server{}, true, serves)) }
	if n := read(false); n != 0 {
		t.Errorf("%d are told while it runs", n)
	}
	becomes(syscall.SIGSTOP, true)
	if n := read(true); n != 0 {
		t.Errorf("%d are told of one that is a worker", n)
	}
	if n := read(false); n != 1 {
		t.Errorf("%d are told of one that is stopped", n)
	}
	becomes(syscall.SIGCONT, false)
	if got := h.read(time.Now(), waits.Server{}, true, false); len(got) != 1 || !got[0].Over {
		t.Errorf("it goes on, and told is %+v", got)
	}
	if n := read(false); n != 0 {
		t.Errorf("%d are told afterwards", n)
	}
}
