package diagnose

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// TestAWaitThatWakesEachSecondIsAsOldAsTheSilence: of a task of a queue, whose start nobody has seen.
func TestAWaitThatWakesEachSecondIsAsOldAsTheSilence(t *testing.T) {
	asks := func(silent time.Duration) []moment {
		return queueWorker(20*s, 22*s, func(at time.Duration) []history.Event {
			still := (at - 20*s) % (900 * ms)
			return []history.Event{stands(101, 101, "poll", still), code(101, 101, func(st *history.Stack) {
				st.Request, st.Own = &history.Request{Path: "app.work", ID: "1"}, 1
				st.Frames = []string{"work (/app/tasks.py:8)"}
			}), history.SocketWait{PID: 101, TID: 101, FD: 9, Op: "poll", Family: "tcp", Remote: "127.0.0.1:6379", State: "ESTAB",
				Silent: silent + at - 20*s, Asked: silent + at - 20*s, Still: still}}
		})
	}
	attached := func(more []moment) []history.Record {
		return script(at(20*s, history.ServerStarted{Server: "attach", PID: 1, HangAfter: 10 * s},
			history.WorkerSeen{PID: 101, Worker: 1, Born: 1 * s}), more)
	}
	if w := fold(attached(asks(12 * s))).Workers()[0]; w.State != Hung {
		t.Errorf("nobody has said anything for 12 s: %s, want hung", w.State)
	}
	if w := fold(attached(asks(3 * s))).Workers()[0]; w.State != Busy || w.Label != Slow {
		t.Errorf("nobody has said anything for 3 s: %s %q, want busy and slow", w.State, w.Label)
	}
}

// TestALockThatIsPolledIsNamed: with its holder, and as no more than likely; a sleep by itself is none.
func TestALockThatIsPolledIsNamed(t *testing.T) {
	sleeps := func(each time.Duration) []moment {
		return every(5*s+100*ms, 17*s, func(at time.Duration) []history.Event {
			still := (at - 5*s) % each
			return look(101, inside(101, at-5*s), stands(101, 101, "clock_nanosleep", still), history.LockWait{PID: 101, TID: 101,
				Lock: "fcntl", FD: 9, Path: "/data/db.sqlite", Inode: 7, Still: still, Polled: true,
				Holders: []history.LockHolder{{PID: 900, Command: "import", Creator: true}}},
				code(101, 101, func(st *history.Stack) { st.Own, st.Frames = 1, []string{"save (/app/views.py:10)"} }))
		})
	}
	f := fold(script(pool(1), healthy(1, 101, 1*s, 5*s), sleeps(200*ms)))
	check(t, "it asks again", f, wanted{state: Hung, cause: CausePolling, began: 5 * s, detected: 15 * s,
		says: "/data/db.sqlite, which it has open, is locked by pid 900 (import)"})
	if c := f.Workers()[0].Cause; c == nil || c.Confidence != Likely {
		t.Errorf("%+v, want no more than likely", c)
	}
	check(t, "it sleeps", fold(script(pool(1), healthy(1, 101, 1*s, 5*s), sleeps(3600*s))),
		wanted{state: Hung, cause: CauseSleeping, began: 5 * s, detected: 15 * s})
}

// TestAChildWhoseOutputNobodyReadsNeverEnds: it writes to a full pipe that only the one could read who waits for its end.
func TestAChildWhoseOutputNobodyReadsNeverEnds(t *testing.T) {
	child := func(sole bool) []moment {
		return every(5*s+100*ms, 7*s, func(at time.Duration) []history.Event {
			return look(101, inside(101, at-5*s), stands(101, 101, "wait4", at-5*s),
				history.ChildWait{PID: 101, TID: 101, Op: "wait4", Via: "end", Child: history.Peer{PID: 900, Command: "gzip"}, Still: at - 5*s},
				history.Chain{PID: 101, TID: 101, Links: []history.Link{{Peer: history.Peer{PID: 900, Command: "gzip"},
					Does: "writes to a full pipe", Ends: sole, Sole: sole, Child: true}}})
		})
	}
	f := fold(script(pool(1), healthy(1, 101, 1*s, 5*s), child(true)))
	w := f.Workers()[0]
	if w.State != Hung || w.Cause == nil || !strings.Contains(w.Cause.Sentence, "full pipe that only pid 101 could read") {
		t.Errorf("%s: %+v, want a hang that is proven", w.State, w.Cause)
	}
	if w := fold(script(pool(1), healthy(1, 101, 1*s, 5*s), child(false))).Workers()[0]; w.State.IsHang() {
		t.Errorf("others could read it: %s", w.State)
	}
}

// TestAnAnswerThatIsSentPieceByPieceIsProgress: server-sent events, one each second, from a thread that sleeps in between; and
// one of which no more comes.
func TestAnAnswerThatIsSentPieceByPieceIsProgress(t *testing.T) {
	streams := func(until time.Duration) []moment {
		return every(5*s+100*ms, 27*s, func(at time.Duration) []history.Event {
			still := (at - 5*s) % s
			spoke := still
			if at > until {
				spoke = at - until
			}
			return look(101, sample(1, 101, func(w *history.WorkerSample) { w.Idle, w.Moved, w.Spoke, w.CPU = 1, true, spoke+1, at/4 }),
				stands(101, 101, "epoll_wait", at), stands(101, 105, "clock_nanosleep", still),
				code(101, 105, func(st *history.Stack) {
					st.Pool, st.Own, st.Frames = true, 1, []string{"stream (/app/views.py:10)"}
					st.Request = &history.Request{Method: "GET", Path: "/events", Port: 40001, Spoke: spoke + 1}
				}))
		})
	}
	if w := fold(script(pool(1), healthy(1, 101, 1*s, 5*s), streams(30*s))).Workers()[0]; w.State.IsHang() || w.Label == Slow {
		t.Errorf("an event each second: %s %q", w.State, w.Label)
	}
	f := fold(script(pool(1), healthy(1, 101, 1*s, 5*s), streams(8*s)))
	if w := f.Workers()[0]; w.State != Hung || w.Since < 7*s {
		t.Errorf("none since 8 s: %s since %v", w.State, w.Since)
	}
}

// seenLate is a worker of a busy machine whose code is read once a second, first 400 ms after the watch began: its main
// thread sleeps, asks, and sleeps again for a request of 12 s while others wait before the door. line says at which line
// it was at each reading.
func seenLate(line func(reading int) string) []history.Record {
	attached := at(0, history.ServerStarted{Server: "attach", PID: 50, HangAfter: 10 * s},
		history.WorkerSeen{PID: 101, Worker: 1, Born: -60 * s})
	asks := func(t time.Duration) []history.Event {
		w := sample(1, 101, func(w *history.WorkerSample) { w.Inside, w.Oldest = 1, t+12*s })
		asleep := history.ThreadSample{PID: 101, TID: 101, State: "S", Syscall: "clock_nanosleep", Still: 20 * ms}
		if t < 400*ms {
			return []history.Event{w, asleep}
		}
		all := []history.Event{asleep, history.LockWait{PID: 101, TID: 101, Lock: "fcntl", FD: 9,
			Path: "/data/db.sqlite", Inode: 7, Still: 20 * ms, Polled: true,
			Holders: []history.LockHolder{{PID: 900, Command: "import", Creator: true}}}}
		if reading := int((t - 400*ms) / s); (t-400*ms)%s == 0 {
			all = append(all, code(101, 101, func(st *history.Stack) { st.Own, st.Frames = 1, []string{line(reading)} }))
		}
		return look(101, w, all...)
	}
	return script(attached, backlog(0, 4*s), every(100*ms, 4*s, asks))
}

// TestALoopThatWasFoundLateIsWaitedFor: nothing is decided before it can be seen whether it comes back to one place.
func TestALoopThatWasFoundLateIsWaitedFor(t *testing.T) {
	h := seenLate(func(int) string { return "save (/app/views.py:10)" })
	check(t, "one place", fold(h), wanted{state: Hung, cause: CausePolling, began: -12 * s, detected: 1400 * ms,
		says: "/data/db.sqlite, which it has open, is locked by pid 900 (import), in save (/app/views.py:10)"})
}

// TestWhoMovesIsToldWithTheLastThatWasSeen: a thread that is at another line each time explains nothing; what it was last
// seen at is told all the same.
func TestWhoMovesIsToldWithTheLastThatWasSeen(t *testing.T) {
	f := fold(seenLate(func(reading int) string { return fmt.Sprintf("save (/app/views.py:%d)", 10+reading) }))
	check(t, "another place", f, wanted{state: Hung, cause: CauseUnknown, began: -12 * s, detected: 2900 * ms,
		says: "its main thread moves, and does not say why; it was last seen in clock_nanosleep; /data/db.sqlite, which it has open, " +
			"is locked by pid 900 (import), in save (/app/views.py:1"})
	if c := f.Workers()[0].Cause; c == nil || c.Confidence != Guess || len(c.Stack) == 0 {
		t.Errorf("%+v, want a guess with the stack", c)
	}
}

// TestLooksFarApartShowNoSleep: at each of them it runs, on a machine that gives it and hangtime little.
func TestLooksFarApartShowNoSleep(t *testing.T) {
	runs := func(seen func(at time.Duration) history.Event) []moment {
		return every(5*s+100*ms, 18*s, func(at time.Duration) []history.Event {
			one := inside(101, at-5*s)
			one.State, one.Moved, one.CPU, one.RunDelay = "R", true, (at-5*s)/4, (at-5*s)/4
			switch (at - 5*s - 100*ms) % (900 * ms) {
			case 0:
				return []history.Event{one, seen(at)}
			case 400 * ms: // the look takes that long
				return look(101, one, code(101, 101, func(st *history.Stack) { st.Own, st.Frames = 1, []string{"search (/app/desk.js:5)"} }))
			}
			return []history.Event{one}
		})
	}
	always := runs(func(time.Duration) history.Event {
		return history.ThreadSample{PID: 101, TID: 101, State: "R", Syscall: "running"}
	})
	check(t, "each look finds it running", fold(script(pool(1), healthy(1, 101, 1*s, 5*s), always)),
		wanted{state: Hung, cause: CauseCPU, began: 5 * s, detected: 15 * s})
	byTurns := runs(func(at time.Duration) history.Event {
		if at/(900*ms)%2 == 0 {
			return history.ThreadSample{PID: 101, TID: 101, State: "R", Syscall: "running"}
		}
		return stands(101, 101, "clock_nanosleep", 20*ms)
	})
	check(t, "it sleeps and runs by turns", fold(script(pool(1), healthy(1, 101, 1*s, 5*s), byTurns)),
		wanted{state: Hung, cause: CausePolling, began: 5 * s, detected: 15 * s})
}
