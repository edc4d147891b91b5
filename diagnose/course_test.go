package diagnose

import (
	"strings"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// byItself is a program with pid 101 that listens nowhere and is found at 12 s of its life, as it is at each look.
func byItself(lasts time.Duration, does func(t time.Duration) []history.Event) Worker {
	const lived = 12 * s
	return fold(script(at(0, history.ServerStarted{Server: "attach", PID: 101},
		history.WorkerSeen{PID: 101, Worker: 1, NoListener: true, Born: -lived}),
		every(100*ms, lasts, func(t time.Duration) []history.Event {
			return look(101, sample(1, 101, func(*history.WorkerSample) {}), does(t+lived)...)
		}))).Workers()[0]
}

// waitsFor is a thread in a futex whose code waits for something of an owner.
func waitsFor(tid int, still time.Duration, on string, owner int, more func(*history.Stack)) []history.Event {
	return []history.Event{stands(101, tid, "futex", still),
		history.MutexWait{PID: 101, TID: tid, Address: uint64(tid), Still: still},
		code(101, tid, func(st *history.Stack) {
			st.Script, st.Wait = true, &history.Wait{On: on, Object: uint64(tid), Owner: uint64(owner)}
			if more != nil {
				more(st)
			}
		})}
}

// resting is a thread of a runtime that waits, as any of a program at rest does.
func resting(tid int, still time.Duration, more func(*history.Stack)) []history.Event {
	t := stands(101, tid, "futex", still)
	t.Idle, t.For = true, "parked"
	events := []history.Event{t}
	if more != nil {
		events = append(events, code(101, tid, func(st *history.Stack) { st.Own, st.Idle = 0, true; more(st) }))
	}
	return events
}

func all(parts ...[]history.Event) (out []history.Event) {
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

func TestTheCourseOfAProgramByItself(t *testing.T) {
	main := func(st *history.Stack) { st.Main = true }
	goroutine := func(id uint64, on, line string) history.Stack {
		st := task(101, id, "goroutine", history.Wait{On: on, Object: id})
		st.Language, st.Request, st.Script, st.Main = "go", nil, true, id == 1
		st.Frames = []string{"sync.(*Mutex).Lock (mutex.go:46)", line}
		return st
	}
	loop := func(t time.Duration) []history.Event {
		one := stands(101, 101, "epoll_wait", 10*ms)
		one.Idle, one.For = true, "events"
		return []history.Event{one, history.Stack{PID: 101, TID: 101, Language: "javascript", StackRole: history.StackRole{Idle: true}}}
	}
	owes := func(age time.Duration) []history.Event {
		return []history.Event{history.Upstream{PID: 101, Waits: []history.Unanswered{
			{Remote: "10.0.0.9:80", Count: 1, Oldest: age}, {Remote: "/run/log", Count: 3}}}}
	}
	for name, row := range map[string]struct {
		at    func(t time.Duration) []history.Event
		state State
		says  string // the reason, or the cause
		goes  bool   // a longer look would say more
	}{
		"two threads wait for each other, and the main one for them": {func(t time.Duration) []history.Event {
			return all(resting(101, t, nil), waitsFor(102, t, "thread", 103, main), waitsFor(103, t, "monitor", 104, nil),
				waitsFor(104, t, "monitor", 103, nil))
		}, Hung, "a circle that never ends by itself", false},
		"the same beside a library's loop": {func(t time.Duration) []history.Event {
			return all(resting(101, t, func(*history.Stack) {}), waitsFor(103, t, "lock", 104, nil),
				waitsFor(104, t, "lock", 103, nil))
		}, Hung, "a circle that never ends by itself", false},
		"the main thread waits for a lock of one that sleeps": {func(t time.Duration) []history.Event {
			return all(resting(101, t, nil), waitsFor(102, t, "lock", 103, main), waitsFor(103, t, "sleep", 0, nil))
		}, Unknown, "stands still in pay (app.py:12) for 13.9 s;", false},
		"the main thread waits for the end of one that reads": {func(t time.Duration) []history.Event {
			return all(waitsFor(102, t, "thread", 103, main), waitsFor(103, t, "socket", 0, func(st *history.Stack) {
				st.Frames[1] = "read (feed.py:3)"
			}))
		}, Unknown, "in read (feed.py:3)", false},
		"a runtime that waits by a wake-up of its own, for a sleep": {func(t time.Duration) []history.Event {
			events := waitsFor(101, t%(500*ms), "sleep", 0, nil)
			one := events[0].(history.ThreadSample)
			one.Syscall, one.Idle, one.For = "ppoll", true, "events"
			return []history.Event{one, events[2]}
		}, Busy, "", true},
		"goroutines wait for locks, and no thread has run since": {func(t time.Duration) []history.Event {
			return append(all(resting(101, t, nil), resting(102, t-1*s, nil)), goroutine(1, "wait group", "main (main.go:9)"),
				goroutine(18, "lock", "take (main.go:7)"), goroutine(19, "lock", "take (main.go:7)"))
		}, Unknown, "in take (main.go:7) for 12.9 s at least", false},
		"they do, and threads run for others": {func(t time.Duration) []history.Event {
			return append(all(resting(101, t, nil), resting(102, 10*ms, nil)), goroutine(1, "wait group", "main (main.go:9)"),
				goroutine(18, "lock", "take (main.go:7)"))
		}, Busy, "", true},
		"a goroutine that computes": {func(t time.Duration) []history.Event {
			st := goroutine(1, "", "main (main.go:9)")
			st.TID, st.Wait = 102, nil
			return append(resting(101, t, nil), history.ThreadSample{PID: 101, TID: 102, State: "R", Syscall: "running"}, st)
		}, Busy, "", false},
		"a pool rests, and what began it is over": {func(t time.Duration) []history.Event {
			return all(resting(101, t, nil), resting(102, t, func(st *history.Stack) { st.Pool = true }),
				waitsFor(103, t, "sleep", 0, nil))
		}, Idle, "", false},
		"a library's loop rests beside a thread of the application's": {func(t time.Duration) []history.Event {
			return all(resting(101, t, func(*history.Stack) {}), waitsFor(103, t, "sleep", 0, nil))
		}, Idle, "", false},
		"its own loop waits for the next message": {func(t time.Duration) []history.Event {
			return all(resting(101, t, func(st *history.Stack) { st.Script = true }), owes(t))
		}, Idle, "", false},
		"a loop waits for events": {loop, Idle, "", false},
		"a loop waits for an answer": {func(t time.Duration) []history.Event { return all(loop(t), owes(t)) }, Unknown,
			"waits for events; 10.0.0.9:80 has not answered for 13.9 s; whether", false},
		"a loop waits for a young answer": {func(t time.Duration) []history.Event {
			return all(loop(t), owes(t-10*s))
		}, Busy, "", true},
		"a loop waits for a program that it started": {func(t time.Duration) []history.Event {
			return []history.Event{stands(101, 101, "epoll_wait", t),
				history.ChildWait{PID: 101, TID: 101, Op: "epoll_wait", Via: "pipe", Child: history.Peer{PID: 300, Command: "sleep"},
					Still: t}, loop(t)[1]}
		}, Unknown, "pid 300 (sleep)", false},
	} {
		w := byItself(2*s, row.at)
		said := w.Reason
		if w.Cause != nil && w.State == Hung {
			said = w.Cause.Sentence
		}
		if w.State != row.state || !strings.Contains(said, row.says) || w.Undecided != row.goes {
			t.Errorf("%s: got %s (%s), a longer look says more: %v; want %s (%s), %v", name, w.State, said, w.Undecided,
				row.state, row.says, row.goes)
		}
	}
}

// A program whose own loop was seen to wait for its next message has got one when it stands elsewhere: that may be too old.
func TestAMessageThatIsNeverDoneHangs(t *testing.T) {
	w := byItself(14*s, func(t time.Duration) []history.Event {
		if t < 13*s {
			return resting(101, 10*ms, func(st *history.Stack) { st.Script = true })
		}
		return waitsFor(101, t-13*s, "socket", 0, nil)
	})
	if w.State != Hung {
		t.Errorf("got %s (%s), want hung", w.State, w.Reason)
	}
}

// TestARequestOfAServerThatListensNoMoreIsAsOldAsItsConnection: it is to end, and one request keeps it.
func TestARequestOfAServerThatListensNoMoreIsAsOldAsItsConnection(t *testing.T) {
	for port, want := range map[int]State{40001: Hung, 40002: Unknown} {
		got := byItself(6500*ms, func(now time.Duration) []history.Event {
			st := task(101, 7, "goroutine", history.Wait{On: "socket", Object: 7})
			st.Language, st.Request = "go", &history.Request{Method: "GET", Path: "/a", Port: 40001}
			main := task(101, 1, "goroutine", history.Wait{On: "channel", Object: 1})
			main.Language, main.Request, main.Script, main.Main = "go", nil, true, true
			return []history.Event{st, main, history.Upstream{PID: 101, Owed: []history.Owed{{Port: port, Age: now}}}}
		})
		if got.State != want || want == Hung && (got.Since > -10*s || got.Cause.Request != "GET /a") {
			t.Errorf("port %d: %s since %v (%+v), want %s", port, got.State, got.Since, got.Cause, want)
		}
	}
}
