package diagnose

import (
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// Goroutines that ended while they ran are forgotten: a server makes one for each request.
func TestGoroutinesThatEndedAreForgotten(t *testing.T) {
	l := newProcess(101, 1, 0).looks
	for i := range uint64(3 * maxThreads) {
		st := history.Stack{PID: 101, Kind: "goroutine", ID: i, Request: &history.Request{Path: "/"}}
		l.spun(time.Duration(i)*s, st)
	}
	if n := len(l.spinning); n == 0 || n > 4 {
		t.Errorf("%d goroutines are kept of those of an hour, want the last few", n)
	}
}

// TestAGoroutineThatComputesGoesFromThreadToThread: no thread is seen to run all the time on a busy machine, and not each
// reading tells the line.
func TestAGoroutineThatComputesGoesFromThreadToThread(t *testing.T) {
	request := &history.Request{Method: "GET", Path: "/count", Port: 40001}
	server := func(waits time.Duration) Worker { // from then on it waits for a lock
		turn := 0
		return fold(script(pool(1), healthy(1, 101, 1*s, 5*s), every(5*s+100*ms, 17*s, func(t time.Duration) []history.Event {
			turn++
			st := history.Stack{PID: 101, Language: "go", Kind: "goroutine", ID: 7, StackRole: history.StackRole{Pool: true}, Request: request,
				Frames: []string{"main.count (main.go:42)", "net/http.(*conn).serve (server.go:1)"}, Own: 1}
			threads := []history.Event{accepting(101, 101, 10*ms), stands(101, 111, "futex", 10*ms), stands(101, 112, "futex", 10*ms)}
			switch {
			case t >= waits:
				st.Wait = &history.Wait{On: "lock", Object: 9}
			case turn%3 != 0:
				st.TID = 110 + turn%3 // it runs there, and the thread parked when it was looked at
				st.Frames, st.Own = st.Frames[1:], 0
			}
			return look(101, inside(101, t-5*s), append(threads, st)...)
		}))).Workers()[0]
	}
	w := server(20 * s)
	if w.State != Hung || w.Cause.Kind != CauseCPU || w.Cause.Where != "main.count (main.go:42)" || len(w.Requests) != 1 {
		t.Errorf("it computes: %s, %d requests, %+v", w.State, len(w.Requests), w.Cause)
	}
	if w := server(6 * s); w.Cause == nil || w.Cause.Kind == CauseCPU {
		t.Errorf("it waits for a lock: %s, %+v", w.State, w.Cause)
	}
}

// TestALongerLookSaysWhetherAGoroutineComputes: it was found running, and for how long one reading does not say.
func TestALongerLookSaysWhetherAGoroutineComputes(t *testing.T) {
	for name, row := range map[string]struct {
		came  time.Duration
		waits bool
		goes  bool
		state State
	}{
		"it runs":                 {came: 2 * s, goes: true, state: Busy},
		"it came a moment ago":    {came: 8700 * ms, state: Busy},
		"it waits for its client": {came: 2 * s, waits: true, state: Busy},
	} {
		st := history.Stack{PID: 101, Language: "go", Kind: "goroutine", ID: 7, StackRole: history.StackRole{Pool: true}, Own: 1,
			Request: &history.Request{Path: "/count", Port: 40001}, Frames: []string{"main.count (main.go:42)"}}
		if row.waits {
			st.Wait = &history.Wait{On: "socket"}
		}
		w := fold(script(pool(1), every(8*s, 9*s, func(t time.Duration) []history.Event {
			found := []history.Event{accepting(101, 101, 10*ms)}
			if t == 8800*ms {
				found = append(found, st)
			}
			return look(101, inside(101, t-row.came), found...)
		}))).Workers()[0]
		if w.State != row.state || w.Undecided != row.goes {
			t.Errorf("%s: %s (%s), undecided %v", name, w.State, w.Reason, w.Undecided)
		}
	}
}
