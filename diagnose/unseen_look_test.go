package diagnose

import (
	"cmp"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// Where hangtime itself gets little of a processor, its looks come late.
func TestWhereTheLastLookIsOldALongerOneTellsMore(t *testing.T) {
	for name, row := range map[string]struct {
		looks time.Duration // the last one
		runs  time.Duration // from when on they find it running
		age   time.Duration // of the request, when it is first seen
		until time.Duration // it is watched; 0: 1.6 s
		goes  bool
		state State
	}{
		"its loop waited for events, a while ago":         {looks: 600 * ms, runs: 3 * s, age: 12 * s, goes: true, state: Busy},
		"its loop waited for events in the first looks":   {looks: 3 * s, runs: 3 * s, age: 12 * s, goes: true, state: Unknown},
		"its loop waits for events":                       {looks: 3 * s, runs: 3 * s, age: 12 * s, until: 2800 * ms, state: Unknown},
		"it was found running at its last looks":          {looks: 700 * ms, runs: 300 * ms, age: 12 * s, goes: true, state: Busy},
		"its loop waited, and a request came a while ago": {looks: 600 * ms, runs: 3 * s, age: -900 * ms, state: Busy},
	} {
		w := fold(script(at(0, history.Header{Format: wholeSince}, history.ServerStarted{Server: "attach", PID: 50},
			history.WorkerSeen{PID: 101, Worker: 1, Born: -60 * s}),
			every(100*ms, cmp.Or(row.until, 1600*ms), func(t time.Duration) []history.Event {
				one := inside(101, max(t+row.age, 0))
				one.State, one.CPU, one.Moved = "R", t, true
				if t > row.looks {
					return []history.Event{one}
				}
				if t < row.runs {
					return look(101, one, accepting(101, 101, 10*ms))
				}
				return look(101, one, history.ThreadSample{PID: 101, TID: 101, State: "R", Syscall: "running"})
			}))).Workers()[0]
		if w.State != row.state || w.Undecided != row.goes {
			t.Errorf("%s: %s (%s), a longer look says more: %v; want %s, %v", name, w.State, w.Reason, w.Undecided,
				row.state, row.goes)
		}
	}
}

// A proxy that waits for whom it has asked is well; but one look may have come before what it does was read.
func TestOneLookAtOldWorkIsTooFew(t *testing.T) {
	for looks, goes := range map[int]bool{1: true, 2: true, 3: false, 9: false} {
		w := fold(script(at(0, history.Header{Format: wholeSince}, history.ServerStarted{Server: "attach", PID: 50},
			history.WorkerSeen{PID: 101, Worker: 1, Born: -60 * s}),
			every(100*ms, 1600*ms, func(t time.Duration) []history.Event {
				one := inside(101, t+12*s)
				owed := history.Upstream{PID: 101, Waits: []history.Unanswered{{Remote: "127.0.0.1:5432", Count: 1, Oldest: t + 11*s}}}
				if t < 1600*ms-time.Duration(looks)*100*ms { // the last ones
					return []history.Event{one, owed}
				}
				return append([]history.Event{owed}, look(101, one, accepting(101, 101, 10*ms))...)
			}))).Workers()[0]
		if w.State != Busy || w.Undecided != goes {
			t.Errorf("%d looks: %s (%s), a longer look says more: %v; want %v", looks, w.State, w.Label, w.Undecided, goes)
		}
	}
}
