package diagnose

import (
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// calls is a worker whose main thread waits for events from 5 s on, and wakes up each 200 ms to wait again, while the code
// that it runs is as more says.
func calls(to time.Duration, more func(*history.Stack)) []moment {
	return every(5*s+100*ms, to, func(at time.Duration) []history.Event {
		w := inside(101, at-5*s)
		w.Ports = []int{40001}
		waits, poller := stands(101, 101, "epoll_wait", (at-5*s)%(200*ms)), stands(101, 111, "epoll_wait", at-5*s)
		waits.Idle, waits.For, poller.Idle, poller.For = true, "events", true, "events"
		return look(101, w, waits, poller, code(101, 101, func(st *history.Stack) {
			st.Frames = []string{"call (rpc/channel.py:9)", "view (/app/views.py:10)"}
			more(st)
		}))
	})
}

// TestAWaitForEventsInsideOfARequestIsWork: a call to another server brings a loop of its own; a thread of a library's
// that polls beside it is none of the server's.
func TestAWaitForEventsInsideOfARequestIsWork(t *testing.T) {
	check(t, "in a request", fold(script(pool(1), healthy(1, 101, 1*s, 5*s), calls(20*s, func(st *history.Stack) {
		st.Request = &history.Request{Method: "GET", Path: "/g", Port: 40001}
	}))), wanted{state: Hung, began: 5 * s, detected: 15 * s, cause: CausePolling})
	check(t, "in a job of a pool", fold(script(pool(1), healthy(1, 101, 1*s, 5*s), calls(20*s, func(st *history.Stack) {
		st.Pool, st.Own = true, 2
	}))), wanted{state: Hung, began: 5 * s, detected: 15 * s, cause: CausePolling})
	check(t, "in a loop that calls nobody", fold(script(pool(1), healthy(1, 101, 1*s, 5*s), calls(8*s, func(st *history.Stack) {
		st.Idle = true
	}))), wanted{state: Busy, label: LongPoll})
}

// TestALoopThatHasEndedATurnRests: what was read of it before says nothing of its wait now.
func TestALoopThatHasEndedATurnRests(t *testing.T) {
	turn := at(6*s, code(101, 101, func(st *history.Stack) {
		st.Turn, st.Own, st.Frames = true, 1, []string{"view (/app/views.py:10)"}
	}))
	rests := every(6*s+100*ms, 7*s, func(at time.Duration) []history.Event {
		loop := stands(101, 101, "epoll_wait", at-6*s-90*ms)
		loop.Idle, loop.For = true, "events"
		return look(101, inside(101, at-5*s), loop)
	})
	f := fold(script(pool(1), healthy(1, 101, 1*s, 5*s), turn, rests))
	if w := f.Workers()[0]; w.State != Busy || w.Label != LongPoll {
		t.Errorf("%s %q, want a loop that waits", w.State, w.Label)
	}
}
