package diagnose

import (
	"strings"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// TestTheCodeOfAChildExplainsWhoWaitsForIt: where the one who waits has no line of the application's own.
func TestTheCodeOfAChildExplainsWhoWaitsForIt(t *testing.T) {
	waits := func(own int, links ...history.Link) Cause {
		h := script(pool(1), healthy(1, 101, 1*s, 5*s), every(5*s+100*ms, 17*s, func(t time.Duration) []history.Event {
			return look(101, inside(101, t-5*s), stands(101, 101, "wait4", t-5*s),
				history.ChildWait{PID: 101, TID: 101, Op: "wait4", Via: "end", Child: history.Peer{PID: 300}, Still: t - 5*s},
				history.Chain{PID: 101, TID: 101, Links: links},
				code(101, 101, func(st *history.Stack) {
					st.Frames, st.Own = []string{"wait_for_horse (rq/worker.py:9)", "thumbnail (app.py:12)"}, own
				}))
		}))
		got := fold(h).Incidents()
		if len(got) != 1 {
			t.Fatalf("incidents %+v, want one", got)
		}
		return got[0].Cause
	}
	horse := history.Link{Peer: history.Peer{PID: 300}, Does: "is in recvfrom", Child: true, At: "fetch (jobs.py:12)",
		Stack: []string{"recv (socket.py:1)", "fetch (jobs.py:12)"}, Request: &history.Request{Path: "jobs.fetch", ID: "7"}}
	c := waits(0, horse)
	if c.Where != horse.At || len(c.Stack) != 2 || c.Stack[0] != horse.Stack[0] || c.Request != "jobs.fetch 7" ||
		!strings.Contains(c.Sentence, "that one itself is in recvfrom in fetch (jobs.py:12)") {
		t.Errorf("got %+v", c)
	}
	if c := waits(2, horse); c.Where != "thumbnail (app.py:12)" {
		t.Errorf("the application's own line is %q", c.Where)
	}
	horse.Child = false // a server that it asks is not to be taken for a child
	if c := waits(0, horse); c.Where != "wait_for_horse (rq/worker.py:9)" {
		t.Errorf("of another server's code: %q", c.Where)
	}
}

// TestTheThreadThatReapsAChildSaysWhoIsWaitedFor: a thread waits in a futex for the word of the one in wait4.
func TestTheThreadThatReapsAChildSaysWhoIsWaitedFor(t *testing.T) {
	waits := func(owner uint64, children ...int) Cause {
		h := script(pool(1), healthy(1, 101, 1*s, 5*s), every(5*s+100*ms, 17*s, func(t time.Duration) []history.Event {
			found := []history.Event{accepting(101, 101, 10*ms), stands(101, 111, "futex", t-5*s),
				history.MutexWait{PID: 101, TID: 111, Address: 7, Still: t - 5*s},
				code(101, 111, func(st *history.Stack) {
					st.Pool, st.Wait = true, &history.Wait{On: "child", Owner: owner}
				})}
			for i, child := range children {
				reaper := 121 + i
				found = append(found, stands(101, reaper, "wait4", t-5*s),
					code(101, reaper, func(st *history.Stack) { st.Own = 0 }),
					history.ChildWait{PID: 101, TID: reaper, Op: "wait4", Via: "end", Child: history.Peer{PID: child}, Still: t - 5*s},
					history.Chain{PID: 101, TID: reaper, Links: []history.Link{{Peer: history.Peer{PID: child}, Does: "is in write"}}})
			}
			return look(101, inside(101, t-5*s), found...)
		}))
		got := fold(h).Incidents()
		if len(got) != 1 {
			t.Fatalf("incidents %+v, want one", got)
		}
		return got[0].Cause
	}
	for _, c := range []Cause{waits(0, 300), waits(300, 299, 300)} {
		if c.Kind != CauseChild || !strings.Contains(c.Sentence, "a process that it started, pid 300") ||
			!strings.Contains(c.Sentence, "that one itself is in write") {
			t.Errorf("got %+v", c)
		}
	}
	if c := waits(0, 299, 300); c.Kind != CauseChild || strings.Contains(c.Sentence, "pid") {
		t.Errorf("one of two: %+v", c)
	}
}

// TestWhoWaitsForAChildIsAskedForSomething: a session's request came in the step of the kernel's clock in which the last
// was answered, so that the socket leaves it in doubt.
func TestWhoWaitsForAChildIsAskedForSomething(t *testing.T) {
	session := func(doubtfulFrom, waitsFrom time.Duration, more ...history.Event) Worker {
		return fold(script(pool(1), healthy(1, 101, 1*s, 5*s), every(5*s+100*ms, 17*s, func(t time.Duration) []history.Event {
			doubt := sample(1, 101, func(w *history.WorkerSample) {
				w.Answered, w.Idle, w.Doubtful, w.DoubtfulFor, w.Still = 4900, 1, 1, t-doubtfulFrom, t-waitsFrom
			})
			return look(101, doubt, append(more, stands(101, 101, "read", t-waitsFrom), history.ChildWait{PID: 101, TID: 101,
				Op: "read", Via: "pipe", Child: history.Peer{PID: 300}, Still: t - waitsFrom})...)
		}))).Workers()[0]
	}
	if w := session(5*s, 5*s+10*ms); w.State != Hung || w.Inside != 1 || w.Cause.Kind != CauseChild {
		t.Errorf("it waits since it was asked: %s, %d inside, %+v", w.State, w.Inside, w.Cause)
	}
	if w := session(7*s, 5*s+10*ms); w.Inside != 0 {
		t.Errorf("it has waited for longer: %s, %d inside", w.State, w.Inside)
	}
	if w := session(5*s, 5*s+10*ms, accepting(101, 102, 10*ms)); w.Inside != 0 {
		t.Errorf("another thread may have answered: %s, %d inside", w.State, w.Inside)
	}
}

// TestAChildThatWaitsForALockOfBeforeTheForkNeverEnds: so does the one that waits for it.
func TestAChildThatWaitsForALockOfBeforeTheForkNeverEnds(t *testing.T) {
	waits := func(lost bool) *Fold {
		return fold(script(pool(1), healthy(1, 101, 1*s, 5*s), every(5*s+100*ms, 8*s, func(t time.Duration) []history.Event {
			return look(101, inside(101, t-5*s), stands(101, 101, "wait4", t-5*s),
				history.ChildWait{PID: 101, TID: 101, Op: "wait4", Via: "end", Child: history.Peer{PID: 300}, Still: t - 5*s},
				history.Chain{PID: 101, TID: 101, Links: []history.Link{
					{Peer: history.Peer{PID: 300}, Does: "waits for the lock L", Child: true, Lost: lost}}},
				code(101, 101, func(*history.Stack) {}))
		})))
	}
	check(t, "it is lost", waits(true), wanted{state: Hung, cause: CauseChild, began: 5 * s, detected: 5100 * ms})
	check(t, "somebody may release it", waits(false), wanted{state: Busy, label: Slow})
}
