package jvm

import (
	"strings"

	"github.com/hangtime-dev/hangtime/stacks"
	"github.com/hangtime-dev/hangtime/stacks/foreign"
)

// waits tell what threads wait for.
type waits struct {
	monitorLayout
	view    *foreign.View
	classes *classes
}

// of tells what a thread waits for: a monitor, whatever it parked for, another thread, or time. What it waits for
// in a call of the system the kernel knows.
func (ws *waits) of(t *thread, threads []*thread) stacks.Wait {
	switch {
	case t.moved || len(t.frames) == 0:
		return stacks.Wait{}
	case t.pending != 0:
		return ws.monitor(t, threads)
	}
	switch top := t.frames[0].Function; {
	case strings.HasPrefix(top, "java.lang.Object.wait"):
		return ws.notification(t, threads)
	case strings.HasPrefix(top, "java.lang.Thread.sleep"):
		return stacks.Wait{On: "sleep", FD: -1}
	case top == "jdk.internal.misc.Unsafe.park":
		return ws.parked(t, threads)
	case strings.HasPrefix(top, "sun.nio.ch.EPoll.wait"):
		return stacks.Wait{On: "select", FD: -1}
	}
	return stacks.Wait{}
}

// monitor is that of an object whose lock somebody else has: it wants to enter a synchronized block or method.
func (ws *waits) monitor(t *thread, threads []*thread) stacks.Wait {
	w := stacks.Wait{On: "monitor", Object: ws.guarded(t.pending), FD: -1}
	w.Name = ws.classes.describe(w.Object)
	if owner := ownerAmong(threads, ws.view.Word(t.pending+uint64(ws.owner)), w.Object); owner != nil && owner != t {
		w.Owner = uint64(owner.tid)
	}
	return w
}

// guarded is the object whose monitor this is.
func (ws *waits) guarded(monitor uint64) uint64 {
	object := ws.view.Word(monitor + uint64(ws.object))
	if ws.monitorIsHandle {
		object = ws.classes.objects.cell(object)
	}
	return object
}

// notification is what a thread waits for in Object.wait: another thread's end, a child's, or that somebody calls notify.
func (ws *waits) notification(t *thread, threads []*thread) stacks.Wait {
	w := stacks.Wait{On: "condition", FD: -1}
	if t.waiting != 0 {
		w.Object = ws.guarded(t.waiting)
	}
	w.Name = ws.classes.describe(w.Object)
	switch caller := callerOf(t.frames, "java.lang.Object.wait"); {
	case caller == "java.lang.Thread.join":
		w.On, w.Name = "thread", ""
		if joined := ofObject(threads, w.Object); joined != nil {
			w.Owner, w.Name = uint64(joined.tid), joined.name
		}
	default:
		if w.On, w.Name = refined(t.frames, w.On, w.Name); w.On == "child" {
			w.Owner = uint64(max(0, ws.classes.number(w.Object, "pid"))) // of java.lang.ProcessImpl, which has notifyAll called
		}
	}
	return w
}

// callerOf is the function that called one: of the first frame that is none of it.
func callerOf(frames []stacks.Frame, function string) string {
	for _, f := range frames {
		if !strings.HasPrefix(f.Function, function) {
			return f.Function
		}
	}
	return ""
}

// parked is what a thread has parked for by its parkBlocker, which LockSupport.park notes.
func (ws *waits) parked(t *thread, threads []*thread) stacks.Wait {
	blocker := ws.classes.get(t.object, "parkBlocker")
	if blocker == 0 {
		return stacks.Wait{}
	}
	name := ws.classes.describe(blocker)
	w := stacks.Wait{On: kindOf(name), Object: blocker, Name: name, FD: -1}
	if w.On == "lock" || w.On == "condition" { // by its class; one that somebody wrote himself on AQS is a lock if it has an owner
		owner := ofObject(threads, ws.classes.get(blocker, "exclusiveOwnerThread")) // of AbstractOwnableSynchronizer
		if owner != nil && owner != t {
			w.On, w.Owner = "lock", uint64(owner.tid)
		}
	}
	if w.On == "future" { // of FutureTask, whose job a thread runs by now; others have no such field
		if runner := ofObject(threads, ws.classes.get(blocker, "runner")); runner != nil && runner != t {
			w.Owner = uint64(runner.tid)
		}
	}
	w.On, w.Name = refined(t.frames, w.On, w.Name)
	return w
}

// kindOf tells what an object is that a thread parks for, by its class.
func kindOf(class string) string {
	for part, on := range map[string]string{
		"ReentrantLock$": "lock", "ReentrantReadWriteLock$": "lock", "StampedLock": "lock",
		"Semaphore$": "semaphore", "CountDownLatch$": "event", "Phaser": "event",
		"FutureTask": "future", "CompletableFuture$": "future", "ForkJoinTask": "future",
		"SynchronousQueue": "queue", "LinkedTransferQueue": "queue",
	} {
		if strings.HasPrefix(class, "java.util.concurrent.") && strings.Contains(class, part) {
			return on
		}
	}
	return "condition"
}

// maxInside is how many frames from the innermost one say what a wait is part of.
const maxInside = 16

// refined makes a condition or semaphore to the thing that uses it where a frame near the innermost one is of one: a
// queue, a barrier, a pool of connections.
func refined(frames []stacks.Frame, on, name string) (string, string) {
	for _, f := range frames[:min(len(frames), maxInside)] {
		class, method := split(f.Function)
		switch {
		case !f.Library:
			return on, name
		case strings.HasPrefix(class, "java.lang.Process") && method == "waitFor":
			return "child", ""
		case isConnectionPool(class, method):
			return "pool", class[strings.LastIndexByte(class, '.')+1:]
		case on == "condition" && strings.HasPrefix(class, "java.util.concurrent.CyclicBarrier"):
			return "event", name
		case on == "condition" && isQueue(class):
			on, name = "queue", class
			if method == "put" || method == "offer" || method == "putLast" || method == "putFirst" {
				on = "room"
			}
		}
	}
	return on, name
}

// isQueue says that a class is one of Java's queues that wait.
func isQueue(class string) bool {
	return strings.HasPrefix(class, "java.util.concurrent.") &&
		(strings.HasSuffix(class, "Queue") || strings.HasSuffix(class, "BlockingDeque"))
}

// isConnectionPool says that a call takes something from a pool and waits until there is one: HikariCP, the pools of
// Tomcat and of Apache Commons, c3p0, Apache's HTTP client.
func isConnectionPool(class, method string) bool {
	switch class {
	case "com.zaxxer.hikari.pool.HikariPool":
		return method == "getConnection"
	case "org.apache.tomcat.jdbc.pool.ConnectionPool":
		return method == "borrowConnection"
	case "org.apache.commons.pool2.impl.GenericObjectPool", "org.apache.commons.pool.impl.GenericObjectPool",
		"org.apache.tomcat.dbcp.pool2.impl.GenericObjectPool":
		return method == "borrowObject"
	case "com.mchange.v2.resourcepool.BasicResourcePool":
		return method == "awaitAvailable"
	case "org.apache.http.pool.AbstractConnPool":
		return method == "getPoolEntryBlocking"
	}
	return false
}

// split takes the name of a method from that of its class.
func split(function string) (class, method string) {
	if dot := strings.LastIndexByte(function, '.'); dot >= 0 {
		return function[:dot], function[dot+1:]
	}
	return "", function
}
