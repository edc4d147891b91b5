package jvm

import (
	"errors"
	"os"
	"testing"

	"github.com/hangtime-dev/hangtime/kernel/proc"
	"github.com/hangtime-dev/hangtime/stacks"
)

// testWaits asks what the threads of App wait for, in the look that is to come.
func testWaits(t *testing.T, java jdk, app program, r *reader) {
	all := look(t, r)
	for _, row := range []struct {
		thread, on, name, owner string
		idle, pool              bool
	}{
		{thread: "ab", on: "monitor", name: "java.lang.Object", owner: "ba"},
		{thread: "ba", on: "monitor", name: "java.lang.Object", owner: "ab"},
		{thread: "class", on: "monitor", name: "App.class", owner: "class-holder"},
		{thread: "lock", on: "lock", name: "java.util.concurrent.locks.ReentrantLock$NonfairSync", owner: "holder"},
		{thread: "timed-lock", on: "lock", name: "java.util.concurrent.locks.ReentrantLock$NonfairSync", owner: "holder"},
		{thread: "read-lock", on: "lock", name: "java.util.concurrent.locks.ReentrantReadWriteLock$NonfairSync",
			owner: "holder"},
		{thread: "turnstile", on: "lock", name: "App$Turnstile", owner: "holder"},
		{thread: "semaphore", on: "semaphore", name: "java.util.concurrent.Semaphore$NonfairSync"},
		{thread: "latch", on: "event", name: "java.util.concurrent.CountDownLatch$Sync"},
		{thread: "barrier", on: "event", name: "java.util.concurrent.locks.AbstractQueuedSynchronizer$ConditionObject"},
		{thread: "condition", on: "condition",
			name: "java.util.concurrent.locks.AbstractQueuedSynchronizer$ConditionObject"},
		{thread: "queue", on: "queue", name: "java.util.concurrent.ArrayBlockingQueue"},
		{thread: "supplied", on: "queue", name: "java.util.concurrent.ArrayBlockingQueue"},
		{thread: "timed-queue", on: "queue", name: "java.util.concurrent.LinkedBlockingQueue"},
		{thread: "future", on: "future", name: "java.util.concurrent.FutureTask"},
		{thread: "promise", on: "future", name: "java.util.concurrent.CompletableFuture$Signaller"},
		{thread: "running-future", on: "future", name: "java.util.concurrent.FutureTask", owner: "runner"},
		{thread: "supply", on: "future", name: signaller, owner: "supplier"},
		{thread: "derived", on: "future", name: signaller, owner: "supplier"},
		{thread: "either", on: "future", name: signaller}, // another may complete it
		{thread: "first-of-two", on: "future", name: signaller},
		{thread: "second-of-two", on: "future", name: signaller},
		{thread: "unpaid", on: "future", name: signaller},
		{thread: "limited", on: "future", name: signaller}, // it ends by itself
		{thread: "notify", on: "condition", name: "java.lang.Object"},
		{thread: "join", on: "thread", name: "holder", owner: "holder"},
		{thread: "main", on: "thread", name: "holder", owner: "holder"},
		{thread: "child", on: "child"},
		{thread: "sleep", on: "sleep"},
		{thread: "busy", on: "sleep", pool: true},
		{thread: "pool", on: "queue", name: "java.util.concurrent.LinkedBlockingQueue", idle: true, pool: true},
		{thread: "scheduled", on: "queue", name: "java.util.concurrent.ScheduledThreadPoolExecutor$DelayedWorkQueue",
			idle: true, pool: true},
		{thread: "HTTP-Dispatcher", on: "sleep", pool: true},
		{thread: "timer", on: "condition", name: "java.util.TaskQueue", idle: true},
	} {
		w, known := all[row.thread]
		if !known {
			t.Errorf("no thread %s", row.thread)
			continue
		}
		// The wait is at a condition of the child's ProcessImpl in newer ones, which does not lead back to that.
		if row.on == "child" && java.version(t) <= 21 {
			if s, err := proc.FS("/proc").Stat(int(w.Wait.Owner)); err != nil || s.Parent != app.pid {
				t.Errorf("%s: it waits for process %d (%v), want a child of %d", row.thread, w.Wait.Owner, err, app.pid)
			}
			w.Wait.Owner = 0
		}
		if w.Wait.On != row.on || w.Wait.Name != row.name || w.Idle != row.idle || w.Pool != row.pool ||
			w.Wait.Owner != uint64(all[row.owner].TID) {
			t.Errorf("%s: %+v, idle %v, pool %v; want %+v with the owner's thread %d", row.thread, w.Wait, w.Idle,
				w.Pool, row, all[row.owner].TID)
		}
		if own := !row.pool && row.thread != "timer"; w.Script != own || w.Main != (row.thread == "main") {
			t.Errorf("%s: in the program's own course %v, the main one %v", row.thread, w.Script, w.Main)
		}
		if row.on == "lock" && w.Wait.Object == 0 || row.on == "monitor" && w.Wait.Object == 0 {
			t.Errorf("%s waits for no object", row.thread)
		}
	}
	if all["lock"].Wait.Object != all["timed-lock"].Wait.Object {
		t.Error("two who wait for one lock wait for two")
	}
	service := ""
	until(t, func() bool { // who wrote the dump of the threads may have to come back to its place
		now := look(t, r)
		for _, service = range []string{"Signal Dispatcher", "Service Thread", "Finalizer", "Reference Handler",
			"Common-Cleaner"} {
			if w := now[service]; !w.Idle || w.TID == 0 {
				return false
			}
		}
		return true
	}, "%s to be idle", &service)
	if top := all["ab"].Frames[0]; top != (stacks.Frame{Function: "App.deadlock", File: "App.java", Line: 45}) {
		t.Errorf("ab is at %+v", top)
	}
}

func TestAProcessWithoutJavaHasNone(t *testing.T) {
	if _, err := Open(process(os.Getpid())); !errors.Is(err, stacks.ErrNone) {
		t.Errorf("a program of Go: %v, want %v", err, stacks.ErrNone)
	}
}
