package refserver

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A practice's bad side must do what the guide says, for real, and its good side must not.

func async(c *Config) { c.WorkerClass = "async" }

func TestLoggingSharedLockBlocksEveryThreadAndPerPidNone(t *testing.T) {
	t.Parallel()
	for _, logging := range []string{"shared-lock", "per-pid"} {
		t.Run(logging, func(t *testing.T) {
			s := serve(t, func(c *Config) { c.Workers, c.Logging, c.Timeout = 2, logging, 0 })
			lock, err := os.OpenFile(filepath.Join(s.dir, "async_tasks.log"), os.O_RDWR|os.O_CREATE, 0o644)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = lock.Close() }()
			if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX); err != nil {
				t.Fatal(err)
			}
			answers := make(chan int, 2)
			for range 2 {
				go func() {
					status, _, _ := s.ask("POST", "/task", `{"work":"sleep","duration":"1ms"}`)
					answers <- status
				}()
			}
			if logging == "shared-lock" {
				for _, pid := range s.workers() {
					s.until("the worker waits for the file lock",
						func() bool { return waitsIn(pid, "locks_lock_inode_wait") })
				}
				if err := unix.Flock(int(lock.Fd()), unix.LOCK_UN); err != nil {
					t.Fatal(err)
				}
			}
			for range 2 {
				if status := <-answers; status != 202 {
					t.Fatalf("status %d, want 202", status)
				}
			}
		})
	}
}

// waitsIn says whether a thread of the process waits in the kernel function, /proc/PID/task/TID/wchan.
func waitsIn(pid int, function string) bool {
	paths, _ := filepath.Glob("/proc/" + itoa(pid) + "/task/*/wchan")
	for _, p := range paths {
		if text, _ := os.ReadFile(p); string(text) == function {
			return true
		}
	}
	return false
}

func TestStateUnawareCrashesBeforeTheLoopRunsAndAfterItDied(t *testing.T) {
	t.Parallel()
	t.Run("before", func(t *testing.T) {
		s := serve(t, func(c *Config) { c.State, c.LoopStartDelay = "unaware", 2*time.Second })
		s.task(500, `{"work":"sleep"}`)
		s.until("the loop runs", func() bool { status, _ := s.get("/health"); return status == 200 })
		s.becomes(s.task(202, `{"work":"sleep"}`), "done")
	})
	t.Run("aware waits for its loop", func(t *testing.T) {
		s := serve(t, func(c *Config) { c.LoopStartDelay = 200 * time.Millisecond })
		s.becomes(s.task(202, `{"work":"sleep"}`), "done")
	})
	t.Run("died", func(t *testing.T) {
		s := serve(t, func(c *Config) { c.State = "unaware" })
		s.until("the loop runs", func() bool { status, _ := s.get("/health"); return status == 200 })
		s.task(202, `{"work":"exit"}`)
		s.until("the loop is dead", func() bool { status, _ := s.get("/health"); return status == 503 })
		s.task(500, `{"work":"sleep"}`)
	})
	t.Run("stopped and not closed", func(t *testing.T) {
		s := serve(t, func(c *Config) { c.State = "unaware" })
		s.until("the loop runs", func() bool { status, _ := s.get("/health"); return status == 200 })
		s.task(202, `{"work":"stop"}`)
		s.until("the loop has stopped", func() bool { status, _ := s.get("/health"); return status == 503 })
		swallowed := s.task(202, `{"work":"sleep"}`)
		s.task(202, `{"work":"sleep"}`)
		if state := s.state(swallowed); state != "accepted" {
			t.Errorf("a task given to a stopped loop is %s, want accepted for ever", state)
		}
	})
}

func TestRecoveryRestartsADeadLoopAndNoneLosesEveryTask(t *testing.T) {
	t.Parallel()
	for work, end := range map[string]string{"exit": "failed", "stop": "done"} {
		t.Run("restart after "+work, func(t *testing.T) {
			s := serve(t, nil)
			s.becomes(s.task(202, `{"work":"`+work+`"}`), end) // what came in the same turn of the loop would fail with it
			s.becomes(s.task(202, `{"work":"sleep"}`), "done")
			if _, m := s.get("/metrics"); number(m["loop_restarts"]) != 1 {
				t.Errorf("the loop was restarted %v times, want 1", m["loop_restarts"])
			}
		})
		t.Run("none after "+work, func(t *testing.T) {
			s := serve(t, func(c *Config) { c.Recovery, c.Health = "none", "shallow" })
			s.task(202, `{"work":"`+work+`"}`)
			s.until("the loop is dead", func() bool { return threadNamed(s.workers()[0], "loop") == 0 })
			id := s.task(202, `{"work":"sleep"}`)
			if status, h := s.get("/health"); status != 200 || h["status"] != "healthy" {
				t.Errorf("shallow health says %d %v", status, h)
			}
			if _, m := s.get("/metrics"); m["event_loop_running"] != true {
				t.Error("somebody noticed that the loop is dead")
			}
			if state := s.state(id); state != "accepted" {
				t.Errorf("a task given to a dead loop is %s, want accepted for ever", state)
			}
		})
	}
}

// threadNamed is the number of the process's thread of that name; 0: it has none.
func threadNamed(pid int, name string) int {
	paths, _ := filepath.Glob("/proc/" + itoa(pid) + "/task/*/comm")
	for _, p := range paths {
		if text, _ := os.ReadFile(p); strings.TrimSpace(string(text)) == name {
			return atoi(filepath.Base(filepath.Dir(p)))
		}
	}
	return 0
}

func TestCleanupDrainFinishesTasksAndNoneDropsThem(t *testing.T) {
	t.Parallel()
	run := func(cleanup string) (*target, string) {
		s := serve(t, func(c *Config) { c.Workers, c.Cleanup = 1, cleanup })
		id := s.task(202, `{"work":"sleep","duration":"700ms"}`)
		s.becomes(id, "running")
		s.signal(syscall.SIGTERM)
		if code := s.exitCode(); code != 0 {
			t.Errorf("exit code %d, want 0", code)
		}
		return s, id
	}
	if s, id := run("drain"); !strings.Contains(s.file("async_tasks_*.log"), `"msg":"task done","id":"`+id) {
		t.Error("drain: the task was not finished, or its last line not written")
	}
	s, id := run("none")
	if strings.Contains(s.file("async_tasks_*.log"), `"msg":"task done","id":"`+id) {
		t.Error("none: the task was finished all the same")
	}
	if lost := number(s.event("worker-exited")["tasks_lost"]); lost != 1 {
		t.Errorf("none: %d tasks lost, want 1", lost)
	}
}

func TestCleanupNoneLeaksAtEachRestartOfTheLoop(t *testing.T) {
	t.Parallel()
	grown := func(cleanup string) (files, threads int) {
		s := serve(t, func(c *Config) { c.Cleanup = cleanup })
		figures := func() (int, int) {
			_, m := s.get("/metrics")
			return number(m["open_files"]), number(m["goroutines"])
		}
		s.becomes(s.task(202, `{"work":"cpu","duration":"1ms"}`), "done")
		f0, g0 := figures()
		for i := range 5 {
			s.becomes(s.task(202, `{"work":"cpu","duration":"1ms"}`), "done")
			s.task(202, `{"work":"stop"}`)
			s.until("the loop was restarted",
				func() bool { _, m := s.get("/metrics"); return number(m["loop_restarts"]) == i+1 })
		}
		s.becomes(s.task(202, `{"work":"cpu","duration":"1ms"}`), "done")
		f1, g1 := figures()
		return f1 - f0, g1 - g0
	}
	if files, goroutines := grown("none"); files < 10 || goroutines < 5 {
		t.Errorf("none: %d files and %d goroutines more after 5 restarts, want at least 10 and 5", files, goroutines)
	}
	if files, goroutines := grown("drain"); files > 1 || goroutines > 2 {
		t.Errorf("drain: %d files and %d goroutines more after 5 restarts, want none", files, goroutines)
	}
}

func TestCleanupNoneWaitsForAThreadThatNeverEnds(t *testing.T) {
	t.Parallel()
	s := serve(t, func(c *Config) { c.Cleanup, c.GracefulTimeout = "none", time.Second })
	s.becomes(s.task(202, `{"work":"socket","duration":"1h"}`), "running")
	s.signal(syscall.SIGTERM)
	s.exitCode()
	if e := s.event("worker-exited"); e["signal"] != "SIGKILL" {
		t.Errorf("the worker left by itself (%v), want it killed at graceful-timeout", e)
	}
}

func TestLimitsRefuseGiveUpAndUnboundedGrows(t *testing.T) {
	t.Parallel()
	t.Run("queue", func(t *testing.T) {
		s := serve(t, func(c *Config) { c.MaxConcurrentTasks, c.TaskQueue = 1, 1 })
		first := s.task(202, `{"work":"sleep","duration":"1h"}`)
		second := s.task(202, `{"work":"sleep","duration":"1h"}`)
		s.becomes(first, "running")
		if state := s.state(second); state != "accepted" {
			t.Errorf("the second task is %s, want accepted", state)
		}
		r, err := s.client(patience).Post("http://"+s.address+"/task", "application/json",
			strings.NewReader(`{"work":"sleep"}`))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = r.Body.Close() }()
		if r.StatusCode != 503 || r.Header.Get("Retry-After") == "" {
			t.Errorf("status %d, Retry-After %q; want 503 and a number", r.StatusCode, r.Header.Get("Retry-After"))
		}
	})
	t.Run("timeout", func(t *testing.T) {
		s := serve(t, func(c *Config) { c.TaskTimeout = 50 * time.Millisecond })
		s.becomes(s.task(202, `{"work":"sleep","duration":"1h"}`), "timed-out")
		s.becomes(s.task(202, `{"work":"socket","duration":"1h"}`), "timed-out")
	})
	t.Run("unbounded", func(t *testing.T) {
		s := serve(t, func(c *Config) {
			async(c)
			c.Limits, c.MaxConcurrentTasks, c.TaskQueue, c.MemoryLimit = "unbounded", 1, 1, 200
		})
		victim := s.workers()[0]
		for range 400 {
			if status, _, err := s.ask("POST", "/task",
				`{"work":"sleep","duration":"1h","size":2000000}`); err != nil || status != 202 {
				break // it is being killed
			}
			if !running(victim) {
				break
			}
		}
		if e := s.event("worker-over-memory-limit"); number(e["pid"]) != victim || number(e["memory_mib"]) < 200 ||
			number(e["limit_mib"]) != 200 {
			t.Errorf("killed for memory: %v", e)
		}
		if e := s.event("worker-exited"); e["signal"] != "SIGKILL" || number(e["tasks_lost"]) == 0 {
			t.Errorf("ended: %v", e)
		}
	})
}

func TestIOBlockingStopsTheLoopAndExecutorDoesNot(t *testing.T) {
	t.Parallel()
	for _, work := range []string{"sleep", "socket", "dns", "cpu"} {
		t.Run("blocking "+work, func(t *testing.T) {
			s := serve(t, func(c *Config) { async(c); c.IO = "blocking" })
			s.becomes(s.task(202, `{"work":"`+work+`","duration":"1h"}`), "running")
			second := s.task(202, `{"work":"sleep"}`)
			s.until("deep health says that the loop is stalled", func() bool {
				status, h := s.get("/health")
				return status == 503 && h["status"] == "stalled"
			})
			if state := s.state(second); state != "accepted" {
				t.Errorf("a task behind a blocked loop is %s, want accepted", state)
			}
		})
		t.Run("slow "+work, func(t *testing.T) { // slower than 100 ms
			s := serve(t, func(c *Config) { async(c); c.IO = "blocking" })
			long := s.task(202, `{"work":"`+work+`","duration":"150ms"}`)
			s.becomes(s.task(202, `{"work":"sleep"}`), "done")
			s.until("the slow callback is in the log with its task", func() bool {
				return strings.Contains(s.file("async_tasks_*.log"), `"msg":"slow callback","id":"`+long)
			})
		})
	}
	t.Run("executor", func(t *testing.T) {
		s := serve(t, func(c *Config) { async(c) })
		long := s.task(202, `{"work":"socket","duration":"1h"}`)
		s.becomes(long, "running")
		s.becomes(s.task(202, `{"work":"file","size":100000}`), "done")
		if status, _ := s.get("/health"); status != 200 {
			t.Errorf("health says %d while a job is on the executor, want 200", status)
		}
	})
	t.Run("shallow health stays green", func(t *testing.T) {
		s := serve(t, func(c *Config) { async(c); c.IO, c.Health = "blocking", "shallow" })
		id := s.task(202, `{"work":"sleep","duration":"2s"}`)
		s.becomes(id, "running")
		for range 10 {
			if status, h := s.get("/health"); status != 200 || h["status"] != "healthy" {
				t.Fatalf("health says %d %v", status, h)
			}
		}
		s.becomes(id, "done")
	})
}

func TestThreadPoolIsExhaustedAndDeadlocks(t *testing.T) {
	t.Parallel()
	s := serve(t, func(c *Config) { async(c); c.ExecutorThreads = 2 })
	for range 2 {
		s.becomes(s.task(202, `{"work":"nested","duration":"1ms"}`), "done") // one alone finds a second thread
	}
	s.task(202, `{"work":"socket","duration":"1h"}`)
	s.task(202, `{"work":"nested"}`)
	s.until("both threads wait", func() bool { _, m := s.get("/metrics"); return number(m["executor_jobs_waiting"]) == 1 })
	id := s.task(202, `{"work":"cpu"}`)
	s.until("one more job waits for a thread",
		func() bool { _, m := s.get("/metrics"); return number(m["executor_jobs_waiting"]) == 2 })
	s.becomes(s.task(202, `{"work":"sleep"}`), "done") // the loop itself is free
	if state := s.state(id); state != "running" {
		t.Errorf("the job without a thread is %s, want running", state)
	}
}

func TestSignalsEveryWorkerExitsByItself(t *testing.T) {
	t.Parallel()
	for _, signals := range []string{"arbiter", "every-worker"} {
		t.Run(signals, func(t *testing.T) {
			s := serve(t, func(c *Config) { c.Workers, c.Signals = 2, signals })
			workers := s.workers()
			// Ctrl-C goes to the whole process group of the terminal; the arbiter is stopped so that it cannot have a
			// part in it.
			s.signal(syscall.SIGSTOP)
			if err := syscall.Kill(-s.cmd.Process.Pid, syscall.SIGINT); err != nil {
				t.Fatal(err)
			}
			for _, pid := range workers {
				if signals == "every-worker" {
					s.until("the worker exits by itself", func() bool { return !running(pid) })
				} else if group, err := syscall.Getpgid(pid); err != nil ||
					group == s.cmd.Process.Pid { // one that does get it takes its time
					t.Errorf("worker %d is in the arbiter's process group %d: Ctrl-C reaches it (%v)", pid, group, err)
				}
			}
			s.signal(syscall.SIGCONT)
			s.exitCode()
		})
	}
}

func TestPreloadLoopBeforeForkIsAGhost(t *testing.T) {
	t.Parallel()
	s := serve(t, func(c *Config) { c.Preload = "loop-before-fork" })
	id := s.task(202, `{"work":"sleep"}`)
	if _, m := s.get("/metrics"); m["event_loop_running"] != true || number(m["tasks_waiting"]) != 1 {
		t.Errorf("metrics: %v", m)
	}
	if status, h := s.get("/health"); status != 503 || h["status"] != "dead" {
		t.Errorf("deep health says %d %v, want dead", status, h)
	}
	if threadNamed(s.workers()[0], "loop") != 0 {
		t.Error("the loop has a thread")
	}
	if state := s.state(id); state != "accepted" {
		t.Errorf("the task is %s, want accepted for ever", state)
	}
}

func TestMonitoringOff(t *testing.T) {
	t.Parallel()
	s := serve(t, func(c *Config) { c.Monitoring = "off" })
	s.becomes(s.task(202, `{"work":"sleep"}`), "done")
	if text := s.file("*.log"); text != "" {
		t.Errorf("it logged %q", text)
	}
	if status, _ := s.get("/metrics"); status != 404 {
		t.Errorf("metrics: status %d, want 404", status)
	}
}
