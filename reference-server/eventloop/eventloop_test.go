package eventloop

import (
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"
)

// start runs a loop on a thread of its own; ended says how it ended.
func start(t *testing.T, options Options) (l *Loop, ended <-chan error) {
	t.Helper()
	zero := time.Now()
	options.Name, options.Now = "loop", func() int64 { return int64(time.Since(zero)) }
	l, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- l.RunForever() }()
	return l, done
}

// on runs f on the loop's thread and waits for it.
func on(t *testing.T, l *Loop, f func()) {
	t.Helper()
	done := make(chan struct{})
	if err := l.CallSoonThreadsafe(Callback{Run: func() { f(); close(done) }}); err != nil {
		t.Fatal(err)
	}
	<-done
}

func end(t *testing.T, l *Loop, ended <-chan error) {
	t.Helper()
	l.Stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

func TestCallbacksRunInOrderAndTimersWhenDue(t *testing.T) {
	l, ended := start(t, Options{})
	var order []string
	done := make(chan struct{})
	note := func(what string) Callback { return Callback{Run: func() { order = append(order, what) }} }
	on(t, l, func() {
		l.CallLater(20*time.Millisecond, Callback{Run: func() { order = append(order, "later"); close(done) }})
		l.CallLater(5*time.Millisecond, note("sooner"))
		l.Cancel(l.CallLater(time.Millisecond, note("never")))
		l.CallSoon(note("first"))
		l.CallSoon(note("second"))
	})
	<-done
	end(t, l, ended)
	if want := []string{"first", "second", "sooner", "later"}; !slices.Equal(order, want) {
		t.Errorf("%v, want %v", order, want)
	}
}

func TestStoppedLoopSwallowsAndClosedLoopRefuses(t *testing.T) {
	l, ended := start(t, Options{})
	l.Stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if err := l.CallSoonThreadsafe(Callback{Run: func() {
		t.Error("it ran")
	}}); err != nil || l.Waiting() != 1 || l.Running() {
		t.Errorf("%v, %d waiting; want it kept without a word", err, l.Waiting())
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := l.CallSoonThreadsafe(Callback{}); !errors.Is(err, ErrClosed) {
		t.Errorf("%v, want %v", err, ErrClosed)
	}
}

func TestExitEndsTheLoopAsAnUncaughtExceptionDoes(t *testing.T) {
	l, ended := start(t, Options{})
	why := errors.New("SystemExit")
	if err := l.CallSoonThreadsafe(Callback{Run: func() { l.Exit(why) }}); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; !errors.Is(err, why) {
		t.Errorf("%v, want %v", err, why)
	}
}

func TestSlowCallbacksLagAndPanicsAreTold(t *testing.T) {
	var slow, failed atomic.Uint64
	var lag atomic.Int64
	l, ended := start(t, Options{
		Limit:  time.Millisecond,
		Slow:   func(label uint64, took time.Duration) { slow.Store(label) },
		Lag:    func(late time.Duration) { lag.Store(max(lag.Load(), int64(late))) },
		Failed: func(label uint64, problem any) { failed.Store(label) },
	})
	on(t, l, func() {
		// It blocks the loop: that is what is measured.
		l.CallSoon(Callback{Label: 7, Run: func() { time.Sleep(20 * time.Millisecond) }})
		l.CallSoon(Callback{Label: 8, Run: func() { panic("no") }})
	})
	on(t, l, func() {}) // the loop went on after the panic
	on(t, l, func() {})
	end(t, l, ended)
	if slow.Load() != 7 || failed.Load() != 8 || lag.Load() < int64(20*time.Millisecond) {
		t.Errorf("slow callback %d, want 7; failed %d, want 8; lag %v, want at least the 20 ms that the second one waited", slow.Load(), failed.Load(), time.Duration(lag.Load()))
	}
}

func TestExecutorRunsOnItsThreadsAndRefusesAfterShutdown(t *testing.T) {
	e := NewExecutor(2)
	release := make(chan struct{})
	var ran atomic.Int64
	for range 3 {
		if err := e.Submit(func() { <-release; ran.Add(1) }); err != nil {
			t.Fatal(err)
		}
	}
	for jobs, threads := e.Waiting(); jobs != 1 || threads != 2; jobs, threads = e.Waiting() {
		time.Sleep(time.Millisecond) // until both threads have a job
	}
	e.Shutdown()
	if err := e.Submit(func() {}); !errors.Is(err, ErrShutdown) {
		t.Errorf("%v, want %v", err, ErrShutdown)
	}
	close(release)
	e.Wait()
	if ran.Load() != 3 {
		t.Errorf("%d jobs ran, want 3", ran.Load())
	}
}
