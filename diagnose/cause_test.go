package diagnose

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// behind is what the main thread of a worker is behind, beside stuck, told each 100 ms.
func behind(from, to time.Duration, make func(still time.Duration) history.Event) []moment {
	return every(from+100*ms, to, func(t time.Duration) []history.Event { return []history.Event{make(t - from)} })
}

func TestEachCauseIsToldFromItsEvidence(t *testing.T) {
	hung := func(call string, parts ...[]moment) []history.Record {
		all := [][]moment{pool(1), healthy(1, 101, 1*s, 5*s), stuck(1, 101, 5*s, 5*s+100*ms, 7*s, call, "")}
		return script(append(all, parts...)...)
	}
	for _, row := range []struct {
		name       string
		h          []history.Record
		kind       string
		confidence Confidence
		detected   time.Duration
		sentence   []string
	}{
		{"an flock whose holder is known", hung("flock", waits(101, 5*s, 5*s+100*ms, 7*s)), CauseFileLock, Proven, 6 * s,
			[]string{"flock on /tmp/x/async_tasks.log", "pid 900 (hangtime hold-lock)"}},
		{"an flock whose holder is not", hung("flock"), CauseFileLock, Likely, 6 * s,
			[]string{"flock", "could not be seen"}},
		{"a lock that was inherited from a process that is dead",
			hung("flock", behind(5*s, 7*s, func(still time.Duration) history.Event {
				return history.LockWait{PID: 101, TID: 101, Lock: "flock", Path: "/x.log", Inode: 5, Still: still,
					Holders: []history.LockHolder{{PID: 7, Creator: true, Dead: true}, {PID: 8, Command: "tail"}}}
			})), CauseFileLock, Proven, 6 * s, []string{"pid 7, which took it and is dead",
				"pid 8 (tail), which has the open file from the process that locked it"}},
		{"a blocking sleep", hung("clock_nanosleep"), CauseSleeping, Proven, 6 * s,
			[]string{"its main thread is in a blocking sleep"}},
		{"a mutex with an owner", hung("futex", behind(5*s, 7*s, func(still time.Duration) history.Event {
			return history.MutexWait{PID: 101, TID: 101, Address: 0x7f00, Owner: 105, Still: still}
		})), CauseMutex, Proven, 6 * s, []string{"mutex that its thread 105 holds"}},
		{"a mutex between processes whose owner lives", hung("futex", behind(5*s, 7*s, func(still time.Duration) history.Event {
			return history.MutexWait{PID: 101, TID: 101, Address: 0x7f00, Between: true, Owner: 205,
				Holder: history.Peer{PID: 204, Command: "shop"}, Still: still}
		})), CauseMutex, Proven, 6 * s, []string{"a mutex that processes share, held by pid 204 (shop)"}},
		{"a mutex between processes whose owner is dead needs no wait",
			hung("futex", behind(5*s, 7*s, func(still time.Duration) history.Event {
				return history.MutexWait{PID: 101, TID: 101, Address: 0x7f00, Between: true, Owner: 205,
					Holder: history.Peer{PID: 205}, Dead: true, Still: still}
			})), CauseMutex, Proven, 5*s + 100*ms, []string{"thread 205 took it and is dead, so nobody can release it"}},
		{"a futex without an owner", hung("futex"), CauseMutex, Likely, 6 * s, []string{"a lock inside its process"}},
		{"a full pipe and who should read it", hung("write", behind(5*s, 7*s, func(still time.Duration) history.Event {
			return history.PipeWait{PID: 101, TID: 101, FD: 1, Op: "write", Inode: 9, Fill: 65000, Size: 65536,
				Others: []history.Peer{{PID: 50, Command: "logger"}}, Still: still}
		})), CausePipe, Proven, 6 * s, []string{"65000 of 65536 bytes", "should be read by pid 50 (logger)"}},
		{"a full pipe by the kernel's stack alone",
			script(pool(1), healthy(1, 101, 1*s, 5*s), at(5*s, history.Listener{Backlog: 2, Limit: 128}),
				every(5*s+100*ms, 7*s, func(at time.Duration) []history.Event {
					return []history.Event{sample(1, 101,
						func(w *history.WorkerSample) { w.Inside, w.Oldest, w.Answered = 1, at-5*s, 5000 }),
						history.ThreadSample{PID: 101, TID: 101, State: "S", Still: at - 5*s, Syscall: "write",
							Stack: []string{"anon_pipe_write", "vfs_write"}, Twice: true}}
				})), CausePipe, Likely, 6 * s, []string{"full pipe"}},
		{"a slow file system", hung("write", behind(5*s, 7*s, func(still time.Duration) history.Event {
			return history.DiskWait{PID: 101, TID: 101, Op: "write", Path: "/mnt/x/log", Mount: "/mnt/x",
				Type: "fuse.slow", Servers: []history.Peer{{PID: 77, Command: "slowfs"}}, Still: still}
		})), CauseDisk, Proven, 6 * s, []string{"/mnt/x (fuse.slow) does not answer", "pid 77 (slowfs)"}},
		{"a frozen file system needs no wait", hung("write", behind(5*s, 7*s, func(still time.Duration) history.Event {
			return history.DiskWait{PID: 101, TID: 101, Op: "write", Path: "/mnt/x/log", Mount: "/mnt/x", Type: "ext4",
				Frozen: true, Still: still}
		})), CauseDisk, Proven, 5*s + 100*ms, []string{"frozen: not even SIGKILL"}},
		{"a database that does not answer", hung("recvfrom", behind(5*s, 7*s, func(still time.Duration) history.Event {
			return history.SocketWait{PID: 101, TID: 101, FD: 11, Op: "recvfrom", Family: "tcp",
				Remote: "127.0.0.1:5432", State: "ESTAB", Peers: []history.Peer{{PID: 60, Command: "postgres"}},
				Silent: 3 * s, Still: still}
		})), CauseSocket, Proven, 6 * s, []string{"an answer of a PostgreSQL server at 127.0.0.1:5432, pid 60 (postgres)", "3.0 s ago"}},
		{"a name server that does not answer", hung("poll", behind(5*s, 7*s, func(still time.Duration) history.Event {
			return history.SocketWait{PID: 101, TID: 101, FD: 11, Op: "poll", Family: "udp", Remote: "127.0.0.53:53",
				Still: still}
		})), CauseSocket, Proven, 6 * s, []string{"a DNS server at 127.0.0.53:53"}},
		{"a connection that is not accepted", hung("connect", behind(5*s, 7*s, func(still time.Duration) history.Event {
			return history.SocketWait{PID: 101, TID: 101, FD: 11, Op: "connect", Family: "tcp", Remote: "10.0.0.9:443",
				State: "SYN-SENT", Still: still}
		})), CauseSocket, Proven, 6 * s, []string{"the connection to an HTTPS server at 10.0.0.9:443"}},
		{"a silent client of a sync worker, with others behind it",
			hung("read", at(4*s, history.Listener{Backlog: 3, Limit: 128}),
				behind(5*s, 7*s, func(still time.Duration) history.Event {
					return history.SocketWait{PID: 101, TID: 101, FD: 8, Op: "read", Family: "tcp",
						Remote: "127.0.0.1:40001",
						Client: true, Still: still}
				})), CauseClient, Proven, 6 * s, []string{"the connection of a client (127.0.0.1:40001)",
				"3 connections wait behind it"}},
		{"a thread that runs and answers nothing",
			script(pool(1), healthy(1, 101, 1*s, 5*s), at(5*s, history.Listener{Backlog: 2, Limit: 128}),
				every(5*s+100*ms, 8*s, func(at time.Duration) []history.Event {
					return []history.Event{sample(1, 101, func(w *history.WorkerSample) {
						w.State, w.Inside, w.Oldest, w.CPU, w.Moved, w.Answered = "R", 1, at-5*s, at-5*s, true, 5000
					}), history.ThreadSample{PID: 101, TID: 101, State: "R", Syscall: "running"},
						history.Stack{PID: 101, TID: 101, Language: "python",
							Frames: []string{"spin (app.py:7)", "view (app.py:20)"}, Holds: true}}
				})), CauseCPU, Proven, 6100 * ms, []string{"its main thread runs all the time", "in spin (app.py:7)",
				"holds the interpreter's lock"}},
		{"no descriptor left to accept with",
			script(pool(1), healthy(1, 101, 1*s, 5*s),
				at(5*s, history.Descriptors{PID: 101, Open: 64, Limit: 64}, history.Listener{Backlog: 9, Limit: 128}),
				every(5*s+100*ms, 8*s, func(at time.Duration) []history.Event {
					return []history.Event{sample(1, 101,
						func(w *history.WorkerSample) { w.State, w.CPU, w.Moved, w.Answered = "R", at-5*s, true, 5000 }),
						history.ThreadSample{PID: 101, TID: 101, State: "R", Syscall: "running"}}
				})), CauseDescriptors, Likely, 6100 * ms, []string{"all 64 allowed files open"}},
		{"a memory limit with the killer off needs no wait",
			script(pool(1), healthy(1, 101, 1*s, 5*s),
				at(5*s, history.Cgroup{PID: 101, Path: "/w", Memory: 1 << 26, MemoryLimit: 1 << 26, UnderOOM: true}),
				every(5*s+100*ms, 7*s, func(at time.Duration) []history.Event {
					return []history.Event{sample(1, 101,
						func(w *history.WorkerSample) { w.State, w.Inside, w.Still = "D", 1, at-5*s })}
				})), CauseMemory, Proven, 5*s + 100*ms, []string{"limit of 64 MiB", "the killer is off"}},
		{"a frozen control group needs no wait",
			script(pool(1), healthy(1, 101, 1*s, 5*s),
				at(5*s+50*ms, history.Cgroup{PID: 101, Path: "/w", Frozen: true})), CauseStopped, Proven, 5*s + 50*ms,
			[]string{"control group /w is frozen"}},
		{"a system call that says nothing", hung("ioctl"), CauseUnknown, Guess, 6 * s, []string{"in ioctl"}},
		{"nothing may be read but the sockets",
			script(pool(1), healthy(1, 101, 1*s, 5*s), every(5*s+100*ms, 12*s, func(at time.Duration) []history.Event {
				return []history.Event{sample(1, 101,
					func(w *history.WorkerSample) { w.Inside, w.Oldest, w.Answered = 2, at-5*s, 5000 })}
			})), CauseUnknown, Guess, 10 * s, []string{"2 requests inside"}},
		{"every thread of the pool in a sleep while requests wait",
			script(pool(1), healthy(1, 101, 1*s, 5*s), every(5*s+100*ms, 12*s, func(at time.Duration) []history.Event {
				events := []history.Event{sample(1, 101,
					func(w *history.WorkerSample) { w.Inside, w.Oldest, w.Answered = 9, at-5*s, 5000 })}
				for i := range 4 {
					events = append(events, history.ThreadSample{PID: 101, TID: 111 + i, Name: "req-1", State: "S",
						Still: at - 5*s, Syscall: "clock_nanosleep", Twice: true})
				}
				return events
			})), CausePool, Proven, 10 * s, []string{"all 4 threads of its pool", "5 more wait"}},
		{"the threads of a pool wait for a lock that one of them keeps while it sleeps",
			script(pool(1), healthy(1, 101, 1*s, 5*s), every(5*s+100*ms, 12*s, func(at time.Duration) []history.Event {
				events := []history.Event{sample(1, 101,
					func(w *history.WorkerSample) { w.Inside, w.Oldest, w.Answered = 4, at-5*s, 5000 })}
				for tid := 111; tid < 114; tid++ {
					wait := history.Wait{On: "lock", Name: "stock", Owner: 111}
					if tid == 111 {
						wait = history.Wait{On: "sleep"}
					}
					events = append(events,
						history.ThreadSample{PID: 101, TID: tid, Name: "req-1", State: "S", Still: at - 5*s, Syscall: "futex", Twice: true},
						history.Stack{PID: 101, TID: tid, Name: fmt.Sprint("pool-", tid), StackRole: history.StackRole{Pool: true}, Frames: []string{"app.py"}, Own: 1,
							Wait: &wait})
				}
				return events
			})), CausePool, Proven, 10 * s, []string{"all 3 threads of its pool that work stand still: ",
				"are waiting for the lock stock that its thread \"pool-111\" holds", "1 is waiting for a sleep to end", "1 more wait"}},
		{"a thread waits for what another is to do, and nobody holds a lock",
			script(pool(1), healthy(1, 101, 1*s, 5*s), every(5*s+100*ms, 17*s, func(at time.Duration) []history.Event {
				return []history.Event{
					sample(1, 101, func(w *history.WorkerSample) { w.Inside, w.Oldest, w.Answered = 1, at-5*s, 5000 }),
					history.ThreadSample{PID: 101, TID: 111, Name: "req-1", State: "S", Still: at - 5*s, Syscall: "futex", Twice: true},
					history.MutexWait{PID: 101, TID: 111, Address: 8, Still: at - 5*s},
					history.Stack{PID: 101, TID: 111, StackRole: history.StackRole{Pool: true}, Frames: []string{"app.py"}, Own: 1,
						Wait: &history.Wait{On: "future"}}}
			})), CauseEvent, Likely, 15 * s, []string{"waits for a future"}},
		{"a loop that nothing runs", script(pool(1), healthy(1, 101, 1*s, 5*s),
			every(1*s, 12*s, func(at time.Duration) []history.Event {
				return []history.Event{history.Heartbeat{PID: 101, Turns: 1, Age: 10 * ms},
					sample(1, 101, func(w *history.WorkerSample) { w.Moved, w.Answered = true, uint64(at/ms) }),
					history.ThreadSample{PID: 101, TID: 101, Name: "hangtime:w1", State: "S", Idle: true, Syscall: "poll"},
					history.Ledger{Workers: []history.OpenTasks{{PID: 101, Open: int(at / (100 * ms)), Oldest: at - 1*s}}}}
			})), CauseDeadLoop, Proven, 6 * s, []string{"of which none ends", "no thread that is a loop"}},
	} {
		got := fold(row.h).Incidents()
		if len(got) != 1 {
			t.Errorf("%s: got %d incidents: %+v", row.name, len(got), got)
			continue
		}
		in := got[0]
		if in.Kind != KindHang || in.Cause.Kind != row.kind || in.Cause.Confidence != row.confidence {
			t.Errorf("%s: got %s by %s (%s), want a hang by %s (%s)", row.name, in.Kind, in.Cause.Kind,
				in.Cause.Confidence, row.kind, row.confidence)
		}
		if in.Detected < row.detected || in.Detected > row.detected+150*ms {
			t.Errorf("%s: detected at %v, want %v", row.name, in.Detected, row.detected)
		}
		for _, part := range row.sentence {
			if !strings.Contains(in.Cause.Sentence, part) {
				t.Errorf("%s: %q does not say %q", row.name, in.Cause.Sentence, part)
			}
		}
		if in.Cause.Remedy == "" || in.Cause.Prevention == "" || len(in.Cause.Evidence) == 0 {
			t.Errorf("%s: without remedy, prevention or evidence: %+v", row.name, in.Cause)
		}
	}
}

// Two that are said to hold one lock are a read in the middle of a change; which of them is told must not depend on
// the order of a map.
func TestTheLocksHolderIsAlwaysTheSame(t *testing.T) {
	h := script(pool(1), healthy(1, 101, 1*s, 5*s), at(5*s, history.Listener{Backlog: 2, Limit: 128}),
		every(5*s+100*ms, 8*s, func(at time.Duration) []history.Event {
			all := []history.Event{sample(1, 101, func(w *history.WorkerSample) {
				w.State, w.Inside, w.Oldest, w.CPU, w.Moved, w.Answered = "R", 1, at-5*s, at-5*s, true, 5000
			})}
			for tid := 101; tid < 106; tid++ {
				state, call := "S", "futex"
				if tid == 101 {
					state, call = "R", "running"
				}
				all = append(all, history.ThreadSample{PID: 101, TID: tid, State: state, Syscall: call, Idle: tid > 101},
					history.Stack{PID: 101, TID: tid, Language: "python", Frames: []string{"spin (app.py:7)"},
						Holds: tid > 101})
			}
			return all
		}))
	for range 20 {
		if got := fold(h).Incidents(); len(got) != 1 || !strings.Contains(got[0].Cause.Sentence, "held by thread 102") {
			t.Fatalf("got %+v", got)
		}
	}
}

// After many other signals the one that ends it is still known.
func TestTheLastSignalIsKept(t *testing.T) {
	var stops []moment
	for i := range maxSignals + 4 {
		stops = append(stops, at(2*s+time.Duration(i)*100*ms,
			history.SignalSeen{PID: 101, Signal: "SIGSTOP", Sender: history.Peer{PID: 7, Command: "bash"}})...)
	}
	h := script(pool(1), healthy(1, 101, 1*s, 5*s), stops,
		at(5*s, history.ServerSaid{Event: "worker-signalled", PID: 101, Fields: map[string]string{"signal": "SIGKILL"}},
			history.WorkerGone{PID: 101, Worker: 1, Signal: "SIGKILL"}))
	if got := fold(h).Incidents(); len(got) != 1 || got[0].Cause.Short != "SIGKILL from arbiter" {
		t.Errorf("got %+v", got)
	}
}

func TestACircleOfMutexesNeedsNoWait(t *testing.T) {
	h := script(pool(1), healthy(1, 101, 1*s, 5*s), every(5*s+100*ms, 6*s, func(at time.Duration) []history.Event {
		still := at - 5*s
		return []history.Event{
			sample(1, 101, func(w *history.WorkerSample) { w.Inside, w.Oldest, w.Answered = 1, still, 5000 }),
			history.MutexWait{PID: 101, TID: 101, Address: 1, Owner: 105, Still: still},
			history.MutexWait{PID: 101, TID: 105, Address: 2, Owner: 101, Still: still},
			history.ThreadSample{PID: 101, TID: 101, State: "S", Still: still, Syscall: "futex", Twice: true},
			history.ThreadSample{PID: 101, TID: 105, State: "S", Still: still, Syscall: "futex", Twice: true},
		}
	}))
	got := fold(h).Incidents()
	if len(got) != 1 || got[0].Detected != 5*s+100*ms || !got[0].Cause.Cycle || len(got[0].Cause.Chain) != 2 {
		t.Errorf("got %+v", got)
	}
}

func TestACircleOfFileLocksOverTwoProcessesIsFound(t *testing.T) {
	wait := func(pid, holder int, path string, still time.Duration) []history.Event {
		return []history.Event{
			sample(pid-100, pid, func(w *history.WorkerSample) { w.Inside, w.Oldest, w.Answered = 1, still, 5000 }),
			history.LockWait{PID: pid, TID: pid, Lock: "flock", Path: path, Inode: uint64(pid), Still: still,
				Holders: []history.LockHolder{{PID: holder, Creator: true}}},
			history.ThreadSample{PID: pid, TID: pid, State: "S", Still: still, Syscall: "flock", Twice: true},
		}
	}
	h := script(pool(2), healthy(1, 101, 1*s, 5*s), healthy(2, 102, 1*s, 5*s),
		every(5*s+100*ms, 5*s+500*ms, func(at time.Duration) []history.Event {
			return append(wait(101, 102, "/a", at-5*s), wait(102, 101, "/b", at-5*s)...)
		}))
	got := fold(h).Incidents()
	if len(got) == 0 || !got[0].Cause.Cycle || got[0].Detected > 5*s+300*ms {
		t.Errorf("got %+v", got)
	}
}

func TestALockHeldByAHungWorkerNamesWhatThatOneDoes(t *testing.T) {
	h := script(pool(2), healthy(1, 101, 1*s, 5*s), healthy(2, 102, 1*s, 5*s),
		stuck(1, 101, 5*s, 5*s+100*ms, 8*s, "clock_nanosleep", ""), stuck(2, 102, 5*s+200*ms, 5*s+300*ms, 8*s, "flock", ""),
		every(5*s+300*ms, 8*s, func(at time.Duration) []history.Event {
			return []history.Event{history.LockWait{PID: 102, TID: 102, Lock: "flock", Path: "/x.log", Inode: 5,
				Still: at - 5*s - 200*ms, Holders: []history.LockHolder{{PID: 101, Creator: true}}}}
		}))
	for _, in := range fold(h).Incidents() {
		if in.Cause.Kind == CauseFileLock {
			if len(in.Cause.Chain) != 2 || !strings.Contains(in.Cause.Sentence, "that one itself: blocking sleep") {
				t.Errorf("got %q, chain %v", in.Cause.Sentence, in.Cause.Chain)
			}
			return
		}
	}
	t.Error("no incident by a file lock")
}

func TestDeathsAreToldApart(t *testing.T) {
	dies := func(gone history.WorkerGone, before ...history.Event) []history.Record {
		gone.PID, gone.Worker = 101, 1
		return script(pool(1), at(500*ms, history.ServerStarted{Server: "attach", PID: 50}), healthy(1, 101, 1*s, 5*s),
			at(5*s, before...), at(5*s+20*ms, gone), at(5*s+700*ms, history.Tick{}))
	}
	for _, row := range []struct {
		name       string
		h          []history.Record
		kind       string
		confidence Confidence
		short      string
	}{
		{"a signal from nobody known", dies(history.WorkerGone{Signal: "SIGKILL"}), CauseKilled, Likely, "SIGKILL"},
		{"a signal whose sender was seen", dies(history.WorkerGone{Signal: "SIGKILL"},
			history.SignalSeen{PID: 101, Signal: "SIGKILL", Sender: history.Peer{PID: 66, Command: "bash"}}),
			CauseKilled, Proven,
			"SIGKILL from pid 66 (bash)"},
		{"the kernel, out of memory", dies(history.WorkerGone{Signal: "SIGKILL", By: "kernel (out of memory)"}),
			CauseMemory, Proven, "killed for its memory"},
		{"the kernel, by the group's counter",
			dies(history.WorkerGone{Signal: "SIGKILL"}, history.Cgroup{PID: 101, Path: "/w"},
				history.Cgroup{PID: 101, Path: "/w", OOMKills: 1}), CauseMemory, Proven, "killed for its memory"},
		{"the kernel, by the group's counter, and its signal was heard",
			dies(history.WorkerGone{Signal: "SIGKILL"}, history.SignalSeen{PID: 101, Signal: "SIGKILL"},
				history.Cgroup{PID: 101, Path: "/w"}, history.Cgroup{PID: 101, Path: "/w", OOMKills: 1}), CauseMemory,
			Proven, "killed for its memory"},
		{"hangtime's guardian", dies(history.WorkerGone{Signal: "SIGKILL"},
			history.SignalSeen{PID: 101, Signal: "SIGKILL",
				Sender: history.Peer{PID: 9, Command: "hangtime guardian 7"}}), CauseKilled, Proven,
			"SIGKILL from hangtime"},
		{"itself", dies(history.WorkerGone{Signal: "SIGABRT"},
			history.SignalSeen{PID: 101, Signal: "SIGABRT", Sender: history.Peer{PID: 101}}), CauseKilled, Proven,
			"SIGABRT from itself"},
		{"the arbiter's timeout is not the kernel's kill",
			dies(history.WorkerGone{Signal: "SIGKILL"},
				history.ServerSaid{Event: "worker-signalled", PID: 101,
					Fields: map[string]string{"signal": "SIGKILL"}}), CauseKilled, Proven,
			"SIGKILL from arbiter"},
		{"a fault of its own", dies(history.WorkerGone{Signal: "SIGSEGV"}), CauseKilled, Proven, "SIGSEGV"},
		{"an error of its own", dies(history.WorkerGone{Code: 1}), CauseExited, Proven, "exit code 1"},
		{"an application that cannot be loaded", dies(history.WorkerGone{Code: 4}), CauseExited, Proven,
			"exit code 4 (could not load its application)"},
		{"code 0 with a request inside", dies(history.WorkerGone{}), CauseExited, Proven, "exit code 0"},
		{"nobody saw how", dies(history.WorkerGone{Unknown: true}), CauseUnknown, Guess, "gone"},
	} {
		got := fold(row.h).Incidents()
		if len(got) != 1 || got[0].Kind != KindCrash || got[0].Cause.Kind != row.kind ||
			got[0].Cause.Confidence != row.confidence || got[0].Cause.Short != row.short {
			t.Errorf("%s: got %+v", row.name, got)
		}
	}
}

func TestAWorkerThatDiesAtBootAgainAndAgainIsOneIncident(t *testing.T) {
	var parts [][]moment
	for i := range 8 {
		t0 := 1*s + time.Duration(i)*400*ms
		parts = append(parts, at(t0, history.WorkerSeen{PID: 101 + i, Worker: 1, Born: t0}),
			at(t0+200*ms, history.WorkerGone{PID: 101 + i, Worker: 1, Code: 3}))
	}
	got := fold(script(parts...)).Incidents()
	if len(got) != 1 || got[0].Cause.Kind != CauseBootLoop || len(got[0].Victims) != 8 {
		t.Errorf("got %+v", got)
	}
}

func TestAWorkerThatIsNotHungIsLabelled(t *testing.T) {
	told := func(h []history.Record) Label { return fold(h).Workers()[0].Label }
	for _, row := range []struct {
		name string
		want Label
		h    []history.Record
	}{
		{"ready to run, no processor", Starved, script(pool(1), every(1*s, 4*s, func(t time.Duration) []history.Event {
			return []history.Event{sample(1, 101,
				func(w *history.WorkerSample) { w.State, w.Inside, w.Oldest, w.RunDelay = "R", 1, t-1*s, t*9/10 })}
		}))},
		{"its quota is used up", Throttled, script(pool(1), every(1*s, 4*s, func(t time.Duration) []history.Event {
			return []history.Event{sample(1, 101,
				func(w *history.WorkerSample) { w.State, w.Inside, w.Oldest = "R", 1, t-1*s }),
				history.Cgroup{PID: 101, Path: "/w", Quota: 0.05, Periods: uint64(t / (100 * ms)),
					Throttled: uint64(t / (110 * ms)), ThrottledFor: t * 9 / 10}}
		}))},
		{"more arrives than it can answer", Saturated,
			script(pool(1), every(1*s, 4*s, func(t time.Duration) []history.Event {
				return []history.Event{history.Listener{Backlog: 7},
					sample(1, 101, func(w *history.WorkerSample) {
						w.Inside, w.Oldest, w.Answered, w.Moved = 1, 50*ms, uint64(t/ms), true
					})}
			}))},
		{"requests are held open", LongPoll, script(pool(1), every(1*s, 4*s, func(t time.Duration) []history.Event {
			return []history.Event{sample(1, 101, func(w *history.WorkerSample) { w.Inside, w.Oldest = 5, t-1*s }),
				history.ThreadSample{PID: 101, TID: 101, State: "S", Still: t - 1*s, Idle: true, Syscall: "epoll_wait",
					Twice: true}}
		}))},
		{"a client keeps it, nobody waits", SlowPeer, script(pool(1), every(1*s, 4*s, func(t time.Duration) []history.Event {
			return []history.Event{sample(1, 101, func(w *history.WorkerSample) {
				w.Silent = 1
			}), history.ThreadSample{PID: 101, TID: 101, State: "S", Still: t - 1*s, Syscall: "read", Twice: true},
				history.SocketWait{PID: 101, TID: 101, Client: true, Remote: "127.0.0.1:4000", Still: t - 1*s}}
		}))},
		{"it was told to leave", Draining, script(pool(1), healthy(1, 101, 1*s, 4*s),
			at(3*s, history.ServerSaid{Event: "worker-signalled", PID: 101,
				Fields: map[string]string{"signal": "SIGTERM"}}))},
		{"nothing is the matter", "", script(pool(1), healthy(1, 101, 1*s, 4*s))},
	} {
		if got := told(row.h); got != row.want {
			t.Errorf("%s: got %q, want %q", row.name, got, row.want)
		}
		if got := fold(row.h).Incidents(); len(got) != 0 {
			t.Errorf("%s: got incidents %+v", row.name, got)
		}
	}
}

// TestAMomentWithQuotaMakesNoHangOfTheTimeWithout: a request computes for 5 s of which its group let it run but little.
func TestAMomentWithQuotaMakesNoHangOfTheTimeWithout(t *testing.T) {
	computes := func(quota bool) *Fold {
		used := uint64(0)
		return fold(script(pool(1), healthy(1, 101, 1*s, 2*s), every(2*s, 9500*ms, func(t time.Duration) []history.Event {
			if t < 7*s {
				used = uint64(t / (110 * ms))
			}
			all := []history.Event{history.Listener{Backlog: 3}}
			if quota && t%s == 0 {
				all = append(all, history.Cgroup{PID: 101, Path: "/w", Quota: 0.2, Periods: uint64(t / (100 * ms)), Throttled: used})
			}
			if t < 4*s {
				return append(all, sample(1, 101, func(w *history.WorkerSample) { w.Idle, w.Moved, w.Answered = 1, true, uint64(t/ms) }))
			}
			return look(101, sample(1, 101, func(w *history.WorkerSample) {
				w.State, w.Inside, w.Oldest, w.CPU, w.Moved, w.Answered = "R", 1, t-4*s, t, true, 3900
			}), append(all, history.ThreadSample{PID: 101, TID: 101, State: "R", Syscall: "running"},
				code(101, 101, func(*history.Stack) {}))...)
		})))
	}
	if w := computes(true).Workers()[0]; w.State.IsHang() {
		t.Errorf("its group was out of quota until a second ago: %s, %+v", w.State, w.Cause)
	}
	if w := computes(false).Workers()[0]; w.State != Hung {
		t.Errorf("it had a processor all the time: %s", w.State)
	}
}

// What each worker had accepted is lost with it, and not with another that died at about the same time.
func TestLostTasksCountForTheirOwnWorkersIncident(t *testing.T) {
	dies := func(t time.Duration, pid, place int) []moment {
		return at(t, history.WorkerGone{PID: pid, Worker: place, Signal: "SIGKILL", By: "hangtime"})
	}
	h := script(pool(2), healthy(1, 101, 1*s, 5*s), dies(5*s, 101, 1),
		at(5100*ms, history.WorkerSeen{PID: 103, Worker: 1, Born: 5050 * ms}), healthy(1, 103, 5200*ms, 12*s),
		healthy(2, 102, 1*s, 7*s), dies(7*s, 102, 2),
		at(7100*ms, history.Ledger{Lost: 8, LostBy: []history.LostTasks{{PID: 101, Lost: 5}, {PID: 102, Lost: 3}}}),
		at(7400*ms, history.Ledger{Lost: 9, LostBy: []history.LostTasks{{PID: 101, Lost: 6}, {PID: 102, Lost: 3}}}))
	got := fold(h).Incidents()
	if len(got) != 2 || got[0].Cost.Lost != 6 || got[1].Cost.Lost != 3 {
		t.Errorf("got %+v, want two crashes that cost 6 and 3 tasks", got)
	}
}

func TestAnIncidentSaysWhatItCost(t *testing.T) {
	h := script(pool(1), healthy(1, 101, 1*s, 5*s), every(5*s+100*ms, 8*s, func(t time.Duration) []history.Event {
		return []history.Event{
			sample(1, 101, func(w *history.WorkerSample) {
				w.Inside, w.Oldest, w.Answered, w.Ports = 2, t-5*s, 5000, []int{4001, 4002}
			}),
			history.ThreadSample{PID: 101, TID: 101, State: "S", Still: t - 5*s, Syscall: "flock", Twice: true},
		}
	}), at(5200*ms, history.Ledger{Workers: []history.OpenTasks{{PID: 101, Open: 3, Oldest: 1 * s}}}),
		at(8*s, history.WorkerGone{PID: 101, Worker: 1, Signal: "SIGABRT", By: "arbiter"},
			history.Hit{Seq: 1, Due: 4900 * ms, Sent: 5 * s, Took: 3 * s, Error: history.ErrReset, Port: 4001},
			history.Hit{Seq: 2, Due: 1 * s, Sent: 1 * s, Took: 10 * ms, Status: 202, Port: 4002},
			history.HitWindow{Due: 5 * s, Width: 100 * ms, Errors: map[string]uint64{history.ErrReset: 2}},
			history.HitWindow{Due: 1 * s, Width: 100 * ms, Errors: map[string]uint64{history.ErrReset: 9}}),
		at(8500*ms, history.Ledger{Lost: 3}))
	want := Cost{Inside: 2, Failed: 2, Slowest: 3100 * ms, Joined: 1, Tasks: 3, Lost: 3}
	if got := fold(h).Incidents(); len(got) != 1 || got[0].Cost != want {
		t.Errorf("got %+v, want cost %+v", got, want)
	}
}
