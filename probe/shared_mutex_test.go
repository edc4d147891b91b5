package probe

import (
	"bufio"
	"context"
	"fmt"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/probe/discovery"
)

// sharedMutex has a mutex in memory that it shares with its child, which takes it and then sleeps, or is killed. It says
// the child's number, and waits for it.
const sharedMutex = `
import ctypes, mmap, os, signal, sys, time
c = ctypes.CDLL(None)
memory = mmap.mmap(-1, 4096)
mutex = (ctypes.c_char * 64).from_buffer(memory)
kind = ctypes.create_string_buffer(16)
c.pthread_mutexattr_init(kind)
c.pthread_mutexattr_setpshared(kind, 1)
c.pthread_mutex_init(mutex, kind)
child = os.fork()
if child == 0:
    c.pthread_mutex_lock(mutex)
    memory[100] = 1
    if sys.argv[1] == "dead":
        os.kill(os.getpid(), signal.SIGKILL)
    while os.getppid() != 1:
        time.sleep(0.05)
    os._exit(0)
while not memory[100]:
    time.sleep(0.01)
if sys.argv[1] == "dead":
    os.waitpid(child, 0)
print(child, flush=True)
c.pthread_mutex_lock(mutex)
`

// TestTheOwnerOfAMutexBetweenProcessesIsNamed: its process while that lives, and that it is dead.
func TestTheOwnerOfAMutexBetweenProcessesIsNamed(t *testing.T) {
	for _, fate := range []string{"alive", "dead"} {
		cmd := exec.Command("/usr/bin/python3", "-c", sharedMutex, fate)
		cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		out, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		})
		line, err := bufio.NewReader(out).ReadString('\n')
		child := 0
		if n, _ := fmt.Sscan(line, &child); err != nil || n != 1 {
			t.Fatalf("%q (%v)", line, err)
		}
		got := mutexWaitOf(t, cmd.Process.Pid)
		if !got.Between || got.Owner != child || got.Holder.PID != child || got.Dead != (fate == "dead") {
			t.Errorf("%s: %+v, want the owner %d", fate, got, child)
		}
	}
}

// mutexWaitOf is the mutex with an owner that a process waits for.
func mutexWaitOf(t *testing.T, pid int) history.MutexWait {
	t.Helper()
	rec := history.NewRecorder(time.Now())
	ctx, cancel := context.WithCancel(t.Context())
	w, err := newWatcher(ctx, "/proc", discovery.Target{Arbiter: pid, Single: true}, rec)
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	defer w.close()
	defer cancel()
	for range 50 { // it has to come to its wait first
		now := time.Now()
		w.tick(ctx, now)
		w.witness.lookCloser(w.roster.workers[0])
		time.Sleep(lookTwice)
		w.witness.lookAgain(ctx, now.Add(time.Second), w.roster.workers)
		for _, r := range rec.Drain(nil) {
			if wait, ok := r.Event.(history.MutexWait); ok && wait.PID == pid && wait.Owner != 0 {
				return wait
			}
		}
	}
	t.Fatal("it is not seen to wait for a mutex")
	return history.MutexWait{}
}
