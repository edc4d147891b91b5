package diagnose

import (
	"strings"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// turns is a worker that is found overloaded when hangtime comes, at 20 s: each request takes 2.5 s and has waited for
// 15 s before, and others wait still. It ends one every 2.5 s until a moment, and then never again.
func turns(until, to time.Duration) []moment {
	const each = 2500 * ms
	all := every(20*s+20*ms, to, func(t time.Duration) []history.Event {
		begun := t - (t-19*s)%each // of the present request
		if begun > until {
			begun = until - (until-19*s)%each
		}
		w := inside(101, t-begun+15*s)
		w.Ports = []int{40001 + int(begun/each)}
		w.Still, w.Answered = t-begun, uint64(4900+begun/each)
		return look(101, w, stands(101, 101, "clock_nanosleep", t-begun), code(101, 101, func(st *history.Stack) {
			st.Request = &history.Request{Method: "GET", Path: "/nap", Port: w.Ports[0]}
		}))
	})
	return append(all, backlog(20*s, to)...)
}

// TestAServerThatOnlyHasTooMuchToDoIsNotHung: the age of a request that waited for its turn is not that of the work.
func TestAServerThatOnlyHasTooMuchToDoIsNotHung(t *testing.T) {
	attached := func(more []moment) []history.Record {
		return script(at(20*s, history.ServerStarted{Server: "attach", PID: 1, HangAfter: 10 * s},
			history.WorkerSeen{PID: 101, Worker: 1, Born: 1 * s}), more)
	}
	for to := 21 * s; to < 40*s; to += 700 * ms {
		if f := fold(attached(turns(60*s, to))); len(f.Incidents()) > 0 {
			t.Fatalf("after %v: %+v", to-20*s, f.Incidents())
		}
	}
	check(t, "one that ends no request any more hangs after 5 s", fold(attached(turns(24*s, 36*s))),
		wanted{state: Hung, cause: CauseSleeping, began: 24 * s, detected: 29 * s})
}

// TestAClientThatHasItsAnswerOwesTheNextRequest: a thread that reads its connection waits for work, unless others wait
// for that thread.
func TestAClientThatHasItsAnswerOwesTheNextRequest(t *testing.T) {
	reads := func(silent, asked time.Duration) []moment {
		return every(5*s+100*ms, 20*s, func(at time.Duration) []history.Event {
			w := sample(1, 101, func(w *history.WorkerSample) { w.Answered, w.Idle = 4900, 1 })
			return look(101, w, stands(101, 101, "recvfrom", at-5*s),
				history.SocketWait{PID: 101, TID: 101, FD: 11, Op: "recvfrom", Family: "tcp", Remote: "127.0.0.1:40001",
					State: "ESTAB", Client: true, Silent: silent + at - 5*s, Asked: asked + at - 5*s, Still: at - 5*s},
				code(101, 101, func(*history.Stack) {}))
		})
	}
	check(t, "it was answered", fold(script(pool(1), healthy(1, 101, 1*s, 5*s), reads(10*ms, 4*ms))), wanted{state: Idle})
	check(t, "others wait for the thread", fold(script(pool(1), healthy(1, 101, 1*s, 5*s), reads(10*ms, 4*ms),
		backlog(5*s, 20*s))), wanted{state: Hung, cause: CauseClient, began: 5 * s, detected: 6 * s})
}

// TestAJobInTheBackgroundMayLast: a thread of a pool of which no client waits for anything.
func TestAJobInTheBackgroundMayLast(t *testing.T) {
	job := func(clients int) []moment {
		return every(5*s+100*ms, 20*s, func(at time.Duration) []history.Event {
			w := sample(1, 101, func(w *history.WorkerSample) { w.Answered, w.Idle = 4900, clients })
			return look(101, w, accepting(101, 101, 1*s), code(101, 101, func(st *history.Stack) { st.Idle = true }),
				stands(101, 111, "clock_nanosleep", at-5*s), code(101, 111, func(st *history.Stack) { st.Pool = true }))
		})
	}
	check(t, "no client is there", fold(script(pool(1), healthy(1, 101, 1*s, 5*s), job(0))), wanted{state: Busy, label: Slow})
	check(t, "it may be a client's", fold(script(pool(1), healthy(1, 101, 1*s, 5*s), job(1))),
		wanted{state: Hung, cause: CauseSleeping, began: 5 * s, detected: 15 * s})
}

// TestALoopThatDoesNotAcceptHoldsNothingOpenOnPurpose: connections wait to be accepted.
func TestALoopThatDoesNotAcceptHoldsNothingOpenOnPurpose(t *testing.T) {
	polls := func() []moment {
		return every(5*s+100*ms, 9*s, func(at time.Duration) []history.Event {
			idle := stands(101, 101, "epoll_wait", at-5*s)
			idle.Idle, idle.For = true, "events"
			return look(101, inside(101, at-5*s), idle)
		})
	}
	check(t, "nobody waits", fold(script(pool(1), healthy(1, 101, 1*s, 5*s), polls())), wanted{state: Busy, label: LongPoll})
	f := fold(script(pool(1), healthy(1, 101, 1*s, 5*s), polls(), backlog(5*s, 9*s)))
	if w := f.Workers()[0]; w.Label == LongPoll {
		t.Errorf("with connections in the backlog: %s %q", w.State, w.Label)
	}
}

// TestThreadsThatRunOneLoopByTurnsPark: a futex beside a loop of the same name is no lock, in a program that tells
// nothing of its own.
func TestThreadsThatRunOneLoopByTurnsPark(t *testing.T) {
	tokio := func(name string) []moment {
		return every(5*s+100*ms, 9*s, func(at time.Duration) []history.Event {
			loop, parked := accepting(101, 112, 1*s), stands(101, 111, "futex", at-5*s)
			loop.Name, parked.Name = "rt-worker", name
			return look(101, inside(101, at-5*s, at-5*s), stands(101, 101, "futex", at-5*s), parked, loop)
		})
	}
	check(t, "of one name", fold(script(pool(1), healthy(1, 101, 1*s, 5*s), tokio("rt-worker"))),
		wanted{state: Busy, label: LongPoll})
	if f := fold(script(pool(1), healthy(1, 101, 1*s, 5*s), tokio("db-writer"))); f.Workers()[0].Label == LongPoll {
		t.Error("a thread of another name is called parked")
	}
}

// TestAPoolSaysHowManyOfItsThreadsWaitForTheSame: not all that stand still stand for one thing.
func TestAPoolSaysHowManyOfItsThreadsWaitForTheSame(t *testing.T) {
	mixed := every(5*s+100*ms, 12*s, func(at time.Duration) []history.Event {
		ages := []time.Duration{at - 5*s, at - 5*s, at - 5*s, at - 5*s}
		found := []history.Event{accepting(101, 101, 10*ms), code(101, 101, func(st *history.Stack) { st.Idle = true })}
		for i := range 3 {
			found = append(found, stands(101, 111+i, "futex", at-5*s), code(101, 111+i, func(st *history.Stack) {
				st.Pool, st.Wait = true, &history.Wait{On: "lock", Name: "accounts", Object: 7}
				if i == 0 {
					st.Wait = &history.Wait{On: "event", Name: "done", Object: 9}
				}
			}))
		}
		return look(101, inside(101, ages...), found...)
	})
	check(t, "two and one", fold(script(pool(1), healthy(1, 101, 1*s, 5*s), mixed)),
		wanted{state: Hung, cause: CausePool, began: 5 * s, detected: 10 * s, says: "all 3 threads of its pool that work stand still: "})
}

// TestAnAnswerThatIsAwaitedForTooLongIsAHang: of requests that nothing was answered to. What has had an answer, such as
// a web socket, may wait for ever.
func TestAnAnswerThatIsAwaitedForTooLongIsAHang(t *testing.T) {
	awaits := func(port int, on string) []moment {
		return loopWith(2, 17*s, func(time.Duration) []history.Event {
			one := task(101, 1, "task", history.Wait{On: on, Object: 7})
			one.Request.Port = port
			return []history.Event{one}
		})
	}
	check(t, "an answer", fold(script(pool(1), healthy(1, 101, 1*s, 5*s), awaits(40001, "socket"))),
		wanted{state: Hung, cause: CauseSocket, began: 5 * s, detected: 15 * s, says: "1 task waits for an answer"})
	check(t, "an event", fold(script(pool(1), healthy(1, 101, 1*s, 5*s), awaits(40001, "event"))),
		wanted{state: Busy, label: Awaiting})
	check(t, "a client that has had its answer", fold(script(pool(1), healthy(1, 101, 1*s, 5*s), awaits(50001, "socket"))),
		wanted{state: Busy, label: Awaiting})
}

// TestTasksThatAwaitEachOtherNeverEnd: a circle is proven at once.
func TestTasksThatAwaitEachOtherNeverEnd(t *testing.T) {
	circle := loopWith(1, 7*s, func(time.Duration) []history.Event {
		return []history.Event{task(101, 1, "task", history.Wait{On: "task", Object: 21, Owner: 2}),
			task(101, 2, "task", history.Wait{On: "task", Object: 11, Owner: 1})}
	})
	f := fold(script(pool(1), healthy(1, 101, 1*s, 5*s), circle))
	all := f.Incidents()
	if len(all) != 1 || !all[0].Cause.Cycle || len(all[0].Cause.Chain) != 2 {
		t.Fatalf("got %+v, want one circle of two", all)
	}
}

// TestAStartThatDoesNotEnd: of an application that nobody can reach before it is over.
func TestAStartThatDoesNotEnd(t *testing.T) {
	starts := func(boots bool) []moment {
		return queueWorker(1*s, 9*s, func(at time.Duration) []history.Event {
			one := task(101, 1, "task", history.Wait{On: "socket", Object: 7})
			one.Boots, one.Request = boots, nil
			loop := stands(101, 101, "epoll_wait", at-1*s)
			loop.Idle, loop.For = true, "events"
			return []history.Event{loop, one}
		})
	}
	check(t, "it is the start", fold(script(starts(true))),
		wanted{state: Hung, cause: CauseSocket, began: 0, detected: 5 * s, says: "it has not become ready"})
	if f := fold(script(starts(false))); len(f.Incidents()) > 0 {
		t.Errorf("it is none: %+v", f.Incidents())
	}
}

// TestAProcessThatHelpsOthersIsNoWorker: whatever its connections look like.
func TestAProcessThatHelpsOthersIsNoWorker(t *testing.T) {
	helper := loopWith(3, 20*s, func(at time.Duration) []history.Event {
		return []history.Event{stands(101, 111, "recvfrom", at-5*s), code(101, 111, func(st *history.Stack) { st.Helper = true })}
	})
	check(t, "a helper", fold(script(pool(1), healthy(1, 101, 1*s, 5*s), helper)), wanted{state: Idle})
}

// TestATurnOfTheLoopKeepsAllItHas: also where a thread of a library's own accepts.
func TestATurnOfTheLoopKeepsAllItHas(t *testing.T) {
	blocked := func(turn bool) []moment {
		return every(5*s+100*ms, 17*s, func(at time.Duration) []history.Event {
			return look(101, inside(101), accepting(101, 115, 1*s), stands(101, 101, "clock_nanosleep", at-5*s),
				code(101, 101, func(st *history.Stack) { st.Turn = turn }))
		})
	}
	check(t, "in a turn", fold(script(pool(1), healthy(1, 101, 1*s, 5*s), blocked(true))),
		wanted{state: Hung, cause: CauseSleeping, began: 5 * s, detected: 15 * s})
	if f := fold(script(pool(1), healthy(1, 101, 1*s, 5*s), blocked(false))); len(f.Incidents()) > 0 {
		t.Errorf("the main thread serves nobody: %+v", f.Incidents())
	}
}

// TestAWorkerThatReadsAClientIsReady: it has taken a connection, though it has answered none yet.
func TestAWorkerThatReadsAClientIsReady(t *testing.T) {
	reads := every(1*s, 9*s, func(at time.Duration) []history.Event {
		return look(101, sample(1, 101, func(w *history.WorkerSample) { w.Silent = 1 }), stands(101, 101, "recvfrom", at-1*s),
			history.SocketWait{PID: 101, TID: 101, FD: 7, Op: "recvfrom", Family: "tcp", Remote: "127.0.0.1:40001",
				State: "ESTAB", Client: true, Silent: -1, Still: at - 1*s})
	})
	f := fold(script(pool(1), reads, backlog(1*s, 9*s)))
	w := f.Workers()[0]
	if w.State != Hung || w.Cause == nil || strings.Contains(w.Cause.Sentence, "has not become ready") {
		t.Errorf("%s: %+v, want one that reads a client", w.State, w.Cause)
	}
}
