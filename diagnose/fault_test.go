package diagnose

import (
	"strings"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

func TestWhichFaultAHangIsBlamedOn(t *testing.T) {
	asked := func(more func(*history.FaultAsked)) history.FaultAsked {
		ev := history.FaultAsked{ID: "v/1", Fault: "hold-lock", For: 8 * s}
		more(&ev)
		return ev
	}
	lock := asked(func(*history.FaultAsked) {})
	signal := asked(func(ev *history.FaultAsked) { ev.Fault, ev.For = "signal", 0 })
	request := asked(func(ev *history.FaultAsked) { ev.Fault, ev.For = "request", 0 })
	effect, failed := history.FaultInEffect{ID: "v/1"}, history.FaultFailed{ID: "v/1", Reason: "no such file"}
	for _, row := range []struct {
		name     string
		what     []moment
		blamed   string
		injected time.Duration
	}{
		{"one that is in effect", append(at(5*s, lock), at(5*s+10*ms, effect)...), "v/1", 5*s + 10*ms},
		{"none: it failed long before", at(2*s, lock, failed), "", -1},
		{"none: it is known only afterwards that it failed", append(at(5*s, lock), at(7*s, failed)...), "", -1},
		{"one that could not be undone", append(at(3*s, lock, effect), at(4*s, failed)...), "v/1", 3 * s},
		{"a signal of a moment ago", at(4*s, signal, effect), "v/1", 4 * s},
		{"none: a signal of long ago says nothing", at(1*s, signal, effect), "", -1},
		{"a call that is not answered because of it", append(at(5*s, request), at(7*s, failed)...), "v/1", -1},
		{"the one that did not fail", append(at(5*s, lock,
			history.FaultAsked{ID: "v/2", Fault: "slow-disk", For: 8 * s}, history.FaultInEffect{ID: "v/2"}),
			at(7*s, failed)...), "v/2", 5 * s},
	} {
		got := fold(script(pool(1), row.what, healthy(1, 101, 1*s, 5*s),
			stuck(1, 101, 5*s+20*ms, 5*s+100*ms, 8*s, "flock", "9 → /tmp/x/a.log, LOCK_EX"))).Incidents()
		if len(got) != 1 || got[0].Fault != row.blamed || got[0].Injected != row.injected {
			t.Errorf("%s: got %+v", row.name, got)
		}
	}
}

// TestTheAdviceOnADeathFitsWhatDied: a queue's worker needs no queue, and a program in another language none of Python's.
func TestTheAdviceOnADeathFitsWhatDied(t *testing.T) {
	died := func(before ...history.Event) string {
		all := fold(script(pool(1), healthy(1, 101, 1*s, 5*s), at(4*s, before...),
			at(6*s, history.WorkerGone{PID: 101, Worker: 1, Signal: "SIGKILL", By: "pid 9"}))).Incidents()
		if len(all) != 1 {
			t.Fatalf("%+v", all)
		}
		return all[0].Cause.Remedy
	}
	for want, before := range map[string][]history.Event{
		"have its queue give a task out again": {code(101, 101, func(st *history.Stack) {
			st.Request = &history.Request{Path: "shop.send", ID: "4711"}
		})},
		"in a proper task queue":    {history.Heartbeat{PID: 101}},
		"find who ended it and why": {code(101, 101, func(st *history.Stack) { st.Language = "php" })},
	} {
		if got := died(before...); !strings.Contains(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
