package probe

import (
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/kernel/bpf"
	"github.com/hangtime-dev/hangtime/kernel/kerneltest"
	"github.com/hangtime-dev/hangtime/probe/discovery"
)

// Who killed a worker is heard before its end is recorded. Without the privilege for it nothing is heard, and the end
// is seen all the same.
func TestASignalsSenderIsHeard(t *testing.T) {
	pid := sleeper(t)
	rec := history.NewRecorder(time.Now())
	p, err := Watch(t.Context(), discovery.Target{Arbiter: pid, Single: true}, rec)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	heard := false
	if tap, err := bpf.OpenSignals(); err == nil {
		heard = true
		tap.Close()
	} else {
		kerneltest.NotHad(t, err, bpf.SignalFormat)
	}
	if err := unix.Kill(pid, unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	var seen []history.SignalSeen
	for gone := false; !gone; {
		select {
		case <-t.Context().Done():
			t.Fatal("its end was not seen")
		case <-time.After(10 * time.Millisecond):
		}
		for _, r := range rec.Drain(nil) {
			switch ev := r.Event.(type) {
			case history.SignalSeen:
				seen = append(seen, ev)
			case history.WorkerGone:
				gone = true
			}
		}
	}
	if !heard {
		if len(seen) != 0 {
			t.Errorf("heard %v", seen)
		}
		return
	}
	want := history.SignalSeen{PID: pid, Signal: "SIGTERM", Sender: history.Peer{PID: os.Getpid(), Command: "hangtime"}}
	if len(seen) != 1 || seen[0] != want {
		t.Errorf("heard %v, want %v", seen, want)
	}
}

// sleeper starts a process of several threads that sleeps, and has two sockets.
func sleeper(t *testing.T) int {
	t.Helper()
	cmd := exec.Command("/usr/bin/python3", "-c", `
import socket, sys, threading, time
a, b = socket.socketpair()
for _ in range(5):
    threading.Thread(target=lambda: time.sleep(3600), daemon=True).start()
time.sleep(0.2)
print("up", flush=True)
time.sleep(3600)
`)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	if _, err := out.Read(make([]byte, 3)); err != nil {
		t.Fatal(err)
	}
	return cmd.Process.Pid
}
