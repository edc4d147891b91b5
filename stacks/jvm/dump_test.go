package jvm

import (
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// A dumped is a thread in the dump that the virtual machine itself writes of them, as jstack shows it too.
type dumped struct {
	state  string   // "WAITING"
	frames []string // without those that nobody wrote
}

// at says that a thread waits in a function, or in what that calls.
func (d dumped) at(p place) bool {
	for _, f := range d.frames {
		if strings.HasPrefix(f, p.function+"(") {
			return d.state == p.state
		}
	}
	return false
}

// A place is where a thread waits, and how.
type place struct{ function, state string }

// places are those where the threads of App stay.
var places = map[string]place{
	"main":            {"java.lang.Thread.join", "WAITING"},
	"holder":          {"App.forever", "TIMED_WAITING"},
	"class-holder":    {"App.forever", "TIMED_WAITING"},
	"ab":              {"App.deadlock", "BLOCKED"},
	"ba":              {"App.deadlock", "BLOCKED"},
	"lock":            {"java.util.concurrent.locks.ReentrantLock.lock", "WAITING"},
	"timed-lock":      {"java.util.concurrent.locks.ReentrantLock.tryLock", "TIMED_WAITING"},
	"read-lock":       {"java.util.concurrent.locks.ReentrantReadWriteLock$ReadLock.lock", "WAITING"},
	"turnstile":       {"java.util.concurrent.locks.AbstractQueuedSynchronizer.acquire", "WAITING"},
	"semaphore":       {"java.util.concurrent.Semaphore.acquire", "WAITING"},
	"latch":           {"java.util.concurrent.CountDownLatch.await", "WAITING"},
	"queue":           {"java.util.concurrent.ArrayBlockingQueue.take", "WAITING"},
	"timed-queue":     {"java.util.concurrent.LinkedBlockingQueue.poll", "TIMED_WAITING"},
	"future":          {"java.util.concurrent.FutureTask.get", "WAITING"},
	"promise":         {"java.util.concurrent.CompletableFuture.get", "WAITING"},
	"runner":          {"App.forever", "TIMED_WAITING"},
	"running-future":  {"java.util.concurrent.FutureTask.get", "WAITING"},
	"supplier":        {"App.forever", "TIMED_WAITING"},
	"supply":          {"java.util.concurrent.CompletableFuture.get", "WAITING"},
	"derived":         {"java.util.concurrent.CompletableFuture.join", "WAITING"},
	"either":          {"java.util.concurrent.CompletableFuture.join", "WAITING"},
	"first-of-two":    {"java.util.concurrent.CompletableFuture.join", "WAITING"},
	"second-of-two":   {"java.util.concurrent.CompletableFuture.join", "WAITING"},
	"hot":             {"App.forever", "TIMED_WAITING"},
	"unpaid":          {"java.util.concurrent.CompletableFuture.join", "WAITING"},
	"limited-runner":  {"App.forever", "TIMED_WAITING"},
	"limited":         {"java.util.concurrent.CompletableFuture.get", "WAITING"},
	"barrier":         {"java.util.concurrent.CyclicBarrier.await", "WAITING"},
	"notify":          {"java.lang.Object.wait", "WAITING"},
	"class":           {"App.forClass", "BLOCKED"},
	"join":            {"java.lang.Thread.join", "WAITING"},
	"child":           {"java.lang.ProcessImpl.waitFor", "WAITING"},
	"sleep":           {"App.forever", "TIMED_WAITING"},
	"deep":            {"App.forever", "TIMED_WAITING"},
	"supplied":        {"java.util.concurrent.ArrayBlockingQueue.take", "WAITING"},
	"condition":       {"java.util.concurrent.locks.AbstractQueuedSynchronizer$ConditionObject.await", "WAITING"},
	"pool":            {"java.util.concurrent.ThreadPoolExecutor.getTask", "WAITING"},
	"scheduled":       {"java.util.concurrent.ThreadPoolExecutor.getTask", "TIMED_WAITING"},
	"busy":            {"App.forever", "TIMED_WAITING"},
	"timer":           {"java.util.TimerThread.mainLoop", "TIMED_WAITING"},
	"HTTP-Dispatcher": {"App.forever", "TIMED_WAITING"},
}

// settled is the dump of App as soon as all its threads wait where they are to stay.
func settled(t *testing.T, app program) (all map[string]dumped) {
	t.Helper()
	missing := ""
	until(t, func() bool {
		all = app.dump(t)
		for thread, p := range places {
			if missing = thread; !all[thread].at(p) {
				return false
			}
		}
		return true
	}, "%s to be at its place", &missing)
	return all
}

var (
	threadLine = regexp.MustCompile(`^"(.*?)" #`)
	stateLine  = regexp.MustCompile(`^   java\.lang\.Thread\.State: (\w+)`)
	frameLine  = regexp.MustCompile(`^\tat (?:.*/)?([^/(]+)\((?:[^/()]*/)?([^()]*)\)$`)
)

// dump is what the virtual machine itself tells of its threads when it gets SIGQUIT.
func (p program) dump(t *testing.T) map[string]dumped {
	t.Helper()
	before := len(p.said.String())
	if err := syscall.Kill(p.pid, syscall.SIGQUIT); err != nil {
		t.Fatal(err)
	}
	text := ""
	until(t, func() bool {
		var whole bool
		text, _, whole = strings.Cut(p.said.String()[before:], "\nJNI global ref") // which comes after the threads
		return whole
	}, "the dump of the threads")
	all, thread := map[string]dumped{}, ""
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if m := threadLine.FindStringSubmatch(line); m != nil {
			thread = m[1]
		}
		d := all[thread]
		if m := stateLine.FindStringSubmatch(line); m != nil {
			d.state = m[1]
		}
		m := frameLine.FindStringSubmatch(line)
		if m != nil && !strings.Contains(line, "$$Lambda") && !strings.Contains(line, "LambdaForm") {
			d.frames = append(d.frames, m[1]+"("+m[2]+")")
		}
		all[thread] = d
	}
	return all
}
