package probe

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

func TestWorkersAreTheChildrenThatListen(t *testing.T) {
	s := serve(t, 3)
	got := s.probe.Workers()
	if len(got) != 3 {
		t.Fatalf("%d workers of 3: %+v", len(got), got)
	}
	for i, w := range got {
		if w.Place != i+1 || w.PID == 0 || w.Start == 0 || w.Born > s.rec.Now() {
			t.Errorf("worker %d is %+v", i+1, w)
		}
	}
	for _, w := range got {
		await(s, "a first sample", func(e history.WorkerSample) bool { return e.PID == w.PID && e.Threads > 0 && e.RSS > 0 })
	}
	await(s, "the listener", func(e history.Listener) bool { return e.Address == s.address && e.Limit > 0 })
}

func TestADeathIsSeenWithItsCauseAndTheSuccessorTakesThePlace(t *testing.T) {
	for _, c := range []struct {
		name string
		end  func(s *server, pid int)
		want history.WorkerGone
	}{
		{"killed", func(_ *server, pid int) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}, history.WorkerGone{Signal: "SIGKILL"}},
		{"terminated", func(_ *server, pid int) {
			_ = syscall.Kill(pid, syscall.SIGTERM)
		}, history.WorkerGone{Signal: "SIGTERM"}},
		{"left by itself", func(s *server, _ int) { s.ask("/exit") }, history.WorkerGone{Code: 7}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t, 1)
			first := s.probe.Workers()[0]
			await(s, "the worker", func(e history.WorkerSeen) bool { return e.PID == first.PID })
			c.end(s, first.PID)
			gone := await(s, "its end", func(e history.WorkerGone) bool { return e.PID == first.PID })
			c.want.PID, c.want.Worker = first.PID, 1
			if gone != c.want {
				t.Errorf("want %+v, got %+v", c.want, gone)
			}
			await(s, "its successor", func(e history.WorkerSeen) bool { return e.Worker == 1 && e.PID != first.PID })
		})
	}
}

func TestAFileLockIsTracedToItsHolder(t *testing.T) {
	for _, c := range []struct {
		how, path, lock string
		name            string // by which the holder opened the file; empty: the same as the worker's
	}{
		{"flock", "/flock?", "flock", ""},
		{"heir", "/flock?", "flock", ""},
		{"fcntl", "/fcntl?", "fcntl", ""},
		{"ofd", "/fcntl?kind=ofd&", "ofd", ""},
		{"heir", "/flock?", "flock", "of-another-name"},
		{"ofd", "/fcntl?kind=ofd&", "ofd", "of-another-name"},
		// The worker has the file already to read, as the holder has, and waits to write: who has it itself keeps it
		// from nothing.
		{"read-fcntl", "/fcntl?upgrade=1&", "fcntl", ""},
		{"read-ofd", "/fcntl?kind=ofd&upgrade=1&", "ofd", ""},
	} {
		t.Run(strings.TrimSuffix(c.how+" "+c.name, " "), func(t *testing.T) {
			path := tempFile(t, "async_tasks.log")
			locked := path
			if c.name != "" {
				locked = filepath.Join(filepath.Dir(path), c.name)
				if err := os.WriteFile(path, nil, 0o600); err != nil {
					t.Fatal(err)
				}
				if err := os.Link(path, locked); err != nil {
					t.Fatal(err)
				}
			}
			creator, has := hold(t, c.how, locked)
			s := serve(t, 1)
			pid := s.probe.Workers()[0].PID
			s.ask(c.path + "path=" + url.QueryEscape(path))
			thread := await(s, "the thread that waits", func(e history.ThreadSample) bool {
				return e.PID == pid && e.Twice && strings.Contains(e.Args, path)
			})
			if thread.Idle || thread.State != "S" || thread.Still <= 0 {
				t.Errorf("the waiting thread is %+v", thread)
			}
			wait := await(s, "the wait", func(e history.LockWait) bool { return e.PID == pid })
			if wait.Lock != c.lock || wait.Path != path || wait.Inode == 0 || wait.TID == 0 || wait.Still <= 0 {
				t.Errorf("the wait is %+v", wait)
			}
			var holders []string
			for _, h := range wait.Holders {
				holders = append(holders, fmt.Sprint(h.PID, h.Creator, h.Dead))
			}
			want := []string{fmt.Sprint(creator, true, false)}
			switch c.how {
			case "heir":
				want = []string{fmt.Sprint(has, false, false), fmt.Sprint(creator, true, true)}
			case "ofd", "read-ofd":
				want = []string{fmt.Sprint(creator, false, false)} // the kernel does not say who took it
			}
			if fmt.Sprint(holders) != fmt.Sprint(want) {
				t.Errorf("holders are %v, want %v", holders, want)
			}
		})
	}
}

func TestAnOutstandingRequestIsSeenInsideItsWorker(t *testing.T) {
	s := serve(t, 2)
	s.ask("/sleep")
	sample := await(s, "a request of 300 ms",
		func(e history.WorkerSample) bool { return e.Inside == 1 && e.Oldest >= 300*time.Millisecond })
	if len(sample.Ports) != 1 {
		t.Errorf("the client's port is missing: %+v", sample)
	}
	await(s, "the sleeping thread", func(e history.ThreadSample) bool {
		return e.PID == sample.PID && e.Syscall == "nanosleep" && e.Twice && !e.Idle
	})
	for _, r := range s.seen {
		if e, ok := r.Event.(history.ThreadSample); ok && e.PID != sample.PID && e.Twice && !e.Idle {
			t.Errorf("evidence against the other worker: %+v", e)
		}
	}
}

// The time at which a newborn child is to be looked at is over even while another's end is not known yet: the watcher
// would wake up for it again and again.
func TestABirthDuringAnEndIsNotDueForEver(t *testing.T) {
	now := time.Now()
	r := &roster{ended: []*worker{{}}, birthDue: now.Add(-time.Millisecond)}
	r.discover(now)
	if !r.birthDue.IsZero() {
		t.Error("it is still due")
	}
}

func TestEachLookIsTold(t *testing.T) {
	s := serve(t, 1)
	for range 3 {
		select {
		case <-s.probe.Ticked():
		case <-time.After(10 * time.Second):
			t.Fatal("no look was told")
		}
	}
}

func TestAStoppedWorkerIsSeenAtOnce(t *testing.T) {
	s := serve(t, 1)
	pid := s.probe.Workers()[0].PID
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	await(s, "state T", func(e history.WorkerSample) bool { return e.PID == pid && e.State == "T" })
	await(s, "a stopped thread", func(e history.ThreadSample) bool { return e.PID == pid && e.State == "T" })
	if err := syscall.Kill(pid, syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	await(s, "that it goes on", func(e history.WorkerSample) bool { return e.PID == pid && e.State == "S" })
}

func TestWhoHoldsAWorkerWithPtraceIsNamed(t *testing.T) {
	s := serve(t, 1)
	pid := s.probe.Workers()[0].PID
	runtime.LockOSThread() // which is its tracer
	defer runtime.UnlockOSThread()
	if err := syscall.PtraceAttach(pid); errors.Is(err, syscall.EPERM) {
		t.Skip("this kernel does not let it be traced")
	} else if err != nil {
		t.Fatal(err)
	}
	await(s, "its tracer", func(e history.WorkerSample) bool {
		return e.PID == pid && e.State == "t" && e.Tracer != nil && e.Tracer.PID == os.Getpid()
	})
	if err := syscall.PtraceDetach(pid); err != nil {
		t.Fatal(err)
	}
	await(s, "that it goes on", func(e history.WorkerSample) bool { return e.PID == pid && e.State == "S" && e.Tracer == nil })
}
