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

// mutexes takes two of glibc's mutexes in two threads, each in another order; the main thread says the thread ids and
// waits too.
const mutexes = `
import ctypes, threading, time
c = ctypes.CDLL(None)
a, b = ctypes.create_string_buffer(64), ctypes.create_string_buffer(64)
def both(first, second):
    c.pthread_mutex_lock(first)
    time.sleep(0.2)
    c.pthread_mutex_lock(second)
x = threading.Thread(target=both, args=(a, b), daemon=True); x.start()
y = threading.Thread(target=both, args=(b, a), daemon=True); y.start()
time.sleep(0.5)
print(x.native_id, y.native_id, flush=True)
c.pthread_mutex_lock(a)
`

func TestTheOwnerOfAMutexIsNamed(t *testing.T) {
	cmd := exec.Command("/usr/bin/python3", "-c", mutexes)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	line, err := bufio.NewReader(out).ReadString('\n')
	var x, y int
	if n, _ := fmt.Sscan(line, &x, &y); err != nil || n != 2 {
		t.Fatalf("%q (%v)", line, err)
	}
	pid := cmd.Process.Pid
	rec := history.NewRecorder(time.Now())
	ctx, cancel := context.WithCancel(context.Background())
	w, err := newWatcher(ctx, "/proc", discovery.Target{Arbiter: pid, Single: true}, rec)
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	defer w.close()
	defer cancel()
	owners := map[int]int{}
	for try := 0; try < 50 && len(owners) < 3; try++ { // it has to come to its waits first
		time.Sleep(lookTwice)
		now := time.Now()
		w.tick(ctx, now)
		w.witness.lookCloser(w.roster.workers[0])
		time.Sleep(lookTwice)
		w.witness.lookAgain(ctx, now.Add(time.Second), w.roster.workers)
		for _, r := range rec.Drain(nil) {
			switch ev := r.Event.(type) {
			case history.MutexWait:
				if ev.Owner != 0 {
					owners[ev.TID] = ev.Owner
				}
			case history.ThreadSample:
				if ev.Syscall == "futex" && ev.Twice && ev.Idle {
					t.Errorf("thread %d waits for no work", ev.TID)
				}
			}
		}
	}
	if owners[x] != y || owners[y] != x || owners[pid] != x {
		t.Errorf("owners %v; want %d waits for %d, that one for it, and %d for %d", owners, x, y, pid, x)
	}
}
