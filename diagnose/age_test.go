package diagnose

import (
	"strings"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

func TestAHangIsDatedByTheWorkNotByTheWatch(t *testing.T) {
	const before = 40 * s // the work is older than the watch
	attached := at(0, history.ServerStarted{Server: "attach", PID: 50})
	born := at(0, history.WorkerSeen{PID: 101, Worker: 1, Born: -60 * s})
	old := every(100*ms, 2*s, func(t time.Duration) []history.Event {
		return look(101, inside(101, t+before), stands(101, 101, "recvfrom", t+before),
			upstream(101, "10.0.0.9:80", t+before),
			code(101, 101, func(st *history.Stack) { st.Request = &history.Request{Path: "/pay", Port: 40001} }))
	})
	check(t, "a request that is older than the watch", fold(script(attached, born, old)),
		wanted{state: Hung, cause: CauseSocket, began: -before, detected: 100 * ms})

	standing := every(100*ms, 2*s, func(t time.Duration) []history.Event {
		return look(101, inside(101), stands(101, 101, "recvfrom", t+before), code(101, 101, func(*history.Stack) {}))
	})
	check(t, "half an answer that is older than the watch", fold(script(attached, born, standing)),
		wanted{state: Hung, cause: CauseUnknown, began: -before, detected: 100 * ms})

	retries := every(100*ms, 3*s, func(t time.Duration) []history.Event {
		return look(101, inside(101, t+before), stands(101, 101, "clock_nanosleep", 20*ms),
			code(101, 101, func(st *history.Stack) { st.Request = &history.Request{Path: "/pay", Port: 40001} }))
	})
	check(t, "a retry that is older than the watch", fold(script(attached, born, retries)),
		wanted{state: Hung, cause: CausePolling, began: -before, detected: 200 * ms})

	computes := every(100*ms, 900*ms, func(t time.Duration) []history.Event {
		one := stands(101, 101, "running", 0)
		one.State, one.Twice = "R", false
		w := inside(101, t+before)
		w.State, w.CPU = "R", t/20 // of a processor that others have most of the time
		return look(101, w, one,
			code(101, 101, func(st *history.Stack) { st.Request = &history.Request{Path: "/pay", Port: 40001} }))
	})
	check(t, "a computation that is older than the watch, on a busy machine", fold(script(attached, born, computes)),
		wanted{state: Hung, cause: CauseCPU, began: -before, detected: 700 * ms})
}

// The thread that serves the younger of two requests is as old as that one, by its client's port; the oldest request
// is another's.
func TestARequestIsDatedByItsClientsPort(t *testing.T) {
	h := script(pool(1), healthy(1, 101, 1*s, 2*s), every(2*s, 12*s+500*ms, func(t time.Duration) []history.Event {
		older := []history.Event{stands(101, 111, "recvfrom", t-2*s),
			code(101, 111, func(st *history.Stack) {
				st.Pool, st.Request = true, &history.Request{Path: "/old", Port: 40001}
			})}
		if t < 5*s {
			return look(101, inside(101, t-2*s), append([]history.Event{accepting(101, 101, 10*ms)}, older...)...)
		}
		return look(101, inside(101, t-2*s, t-5*s),
			append([]history.Event{accepting(101, 101, 10*ms), stands(101, 112, "recvfrom", t-5*s),
				code(101, 112, func(st *history.Stack) {
					st.Pool, st.Request = true, &history.Request{Path: "/young", Port: 40002}
				})}, older...)...)
	}))
	f := fold(h)
	got := f.Incidents()
	if len(got) != 1 || got[0].Began != 2*s || got[0].Detected < 12*s || got[0].Cause.Request != "/old" {
		t.Errorf("got %+v, want a hang of /old since 2 s that is certain at 12 s", got)
	}
	if want := []string{"/old, 10.4 s", "/young, 7.4 s"}; strings.Join(f.Workers()[0].Requests,
		"; ") != strings.Join(want, "; ") {
		t.Errorf("requests: got %q, want %q", f.Workers()[0].Requests, want)
	}
}

func TestAnAgeThatIsOnlyALowerBoundIsSaidToBeOne(t *testing.T) {
	for _, least := range []bool{true, false} {
		f := fold(script(pool(1), every(1*s, 3*s, func(t time.Duration) []history.Event {
			w := inside(101, t-1*s)
			w.LeastAge = least
			return look(101, w, accepting(101, 101, 10*ms))
		})))
		if got := f.Workers()[0]; got.Least != least || got.Oldest < 1800*ms {
			t.Errorf("least %v: got %v, %v", least, got.Least, got.Oldest)
		}
	}
}

// A worker that was found late, with an old request and its main thread in a wait: before the look is whole the
// threads that explain it may not have been told of.
func TestNothingIsDecidedByHalfALook(t *testing.T) {
	half := script(at(0, history.ServerStarted{Server: "attach", PID: 50},
		history.WorkerSeen{PID: 101, Worker: 1, Born: -60 * s}, history.WorkerSeen{PID: 102, Worker: 2, Born: -60 * s}),
		at(500*ms, look(102, inside(102), accepting(102, 102, 1*s))...),
		at(1*s, inside(101, 40*s), stands(101, 101, "futex", 40*s), code(101, 101, func(*history.Stack) {})),
		at(1350*ms, history.Tick{}))
	check(t, "half a look", fold(half), wanted{state: Busy})

	f := fold(append(half, history.Record{Seq: uint64(len(half) + 1), At: 1360 * ms, Event: history.Looked{PID: 101}}))
	if got := f.Incidents(); len(got) != 1 {
		t.Errorf("the whole look: got %+v, want a hang", got)
	}
}

// Of a request whose client's port is not known the server itself may say how long it has been worked on.
func TestARequestIsAsOldAsItsServerSays(t *testing.T) {
	h := script(pool(1), every(1*s, 3*s, func(t time.Duration) []history.Event {
		return look(101, inside(101, t-500*ms), stands(101, 101, "poll", t-1*s),
			code(101, 101, func(st *history.Stack) { st.Request = &history.Request{Method: "GET", Path: "/pay", For: t - 1*s} }))
	}))
	if got := fold(h).Workers()[0].Requests; len(got) != 1 || got[0] != "GET /pay, 1.9 s" {
		t.Errorf("requests: %q", got)
	}
}

func TestRequestsOneAfterTheOtherAreNoLongHang(t *testing.T) {
	h := script(pool(1), healthy(1, 101, 1*s, 2*s), every(2*s, 30*s, func(t time.Duration) []history.Event {
		since := (t - 2*s) % (6 * s)
		w := inside(101, since)
		w.Answered += uint64((t - 2*s) / (6 * s) * 100)
		w.Ports = []int{40001 + int((t-2*s)/(6*s))}
		return look(101, w, stands(101, 101, "recvfrom", since),
			code(101, 101, func(st *history.Stack) { st.Request = &history.Request{Path: "/pay", Port: w.Ports[0]} }))
	}))
	check(t, "five requests of 6 s each", fold(h), wanted{state: Busy, label: Slow})
}

func TestAWorkerThatWasReplacedAndDoesNotEndIsLeaving(t *testing.T) {
	h := script(pool(1), healthy(1, 101, 1*s, 5*s), at(5*s, history.WorkerSeen{PID: 102, Worker: 2, Born: 5 * s}),
		free(102, 5*s, 17*s), every(5*s+200*ms, 17*s, func(t time.Duration) []history.Event {
			return look(101, inside(101), stands(101, 101, "futex", t-5*s-100*ms), code(101, 101, func(st *history.Stack) {
				st.Ends, st.Own, st.Wait = true, 0, &history.Wait{On: "thread", Name: "reporter"}
			}))
		}))
	check(t, "since its successor was born", fold(h),
		wanted{state: Hung, cause: CauseLeaving, began: 5 * s, detected: 15 * s,
			says: "waits for the end of thread reporter, which nothing ends"})
}

func TestAProcessThatSaysInItsTitleWhatItWaitsForIsBelieved(t *testing.T) {
	h := script(at(0, history.WorkerSeen{PID: 101, Worker: 1}, history.WorkerSeen{PID: 102, Worker: 2}),
		every(1*s, 13*s, func(t time.Duration) []history.Event {
			return []history.Event{
				inside(101, t-1*s), stands(101, 101, "futex", t-1*s),
				history.Looked{PID: 101, Title: "postgres: app shop [local] UPDATE waiting"},
				inside(102), accepting(102, 102, 1*s),
				history.Looked{PID: 102, Title: "postgres: app shop [local] idle in transaction"},
			}
		}))
	f := fold(h)
	check(t, "a session", f, wanted{state: Hung, cause: CauseMutex, began: 1 * s, detected: 11 * s,
		says: `it says of itself "postgres: app shop [local] UPDATE waiting"; pid 102 says "postgres: app shop [local] idle in transaction"`})
	if got := f.Incidents()[0].Cause.Chain; len(got) != 1 || !strings.Contains(got[0], "pid 102") {
		t.Errorf("chain: got %q, want the session that keeps it waiting", got)
	}
}

func TestAKillOfAnOldRequestIsTheArbitersTimeLimit(t *testing.T) {
	for _, row := range []struct {
		name string
		age  time.Duration
		end  string
	}{
		{"one of 6 s", 6 * s, "SIGKILL from arbiter (inferred)"},
		{"one of 2 s", 2 * s, "SIGKILL"},
	} {
		got := fold(script(pool(1), healthy(1, 101, 1*s, 5*s), alone(101, 5*s+row.age+100*ms),
			at(5*s+row.age+100*ms, history.WorkerGone{PID: 101, Worker: 1, Signal: "SIGKILL"}))).Incidents()
		if len(got) != 1 || got[0].Kind != KindCrash || got[0].Victims[0].End != row.end {
			t.Errorf("%s: got %+v, want a death by %s", row.name, got, row.end)
		}
	}
}

func TestAReloadIsNoDeath(t *testing.T) {
	gone := func(t time.Duration, pid, place int, signal string) []moment {
		return at(t, history.WorkerGone{PID: pid, Worker: place, Signal: signal})
	}
	seen := func(t time.Duration, pid, place int) []moment {
		return at(t, history.WorkerSeen{PID: pid, Worker: place, Born: t})
	}
	for _, row := range []struct {
		name   string
		h      []history.Record
		deaths int
	}{
		{"successors first, and the old ones end with what they have",
			script(pool(2), healthy(1, 101, 1*s, 5*s), healthy(2, 102, 1*s, 5*s), seen(5*s, 201, 3), seen(5*s, 202, 4),
				gone(5300*ms, 101, 1, ""), gone(9*s, 102, 2, "SIGTERM"), at(12*s, history.Tick{})), 0},
		{"all end together, and their successors come after",
			script(pool(2), healthy(1, 101, 1*s, 5*s), healthy(2, 102, 1*s, 5*s), gone(5*s, 101, 1, ""),
				gone(5100*ms, 102, 2, ""),
				seen(5700*ms, 201, 1), seen(5700*ms, 202, 2), at(7*s, history.Tick{})), 0},
		{"one of two ends in the midst of a request, and the other stays",
			script(pool(2), healthy(1, 101, 1*s, 5*s), healthy(2, 102, 1*s, 8*s), gone(5*s, 101, 1, ""),
				at(7*s, history.Tick{})), 1},
		{"a successor does not excuse a fault of its own",
			script(pool(2), healthy(1, 101, 1*s, 5*s), healthy(2, 102, 1*s, 8*s), seen(5*s, 201, 3),
				gone(5300*ms, 101, 1, "SIGSEGV"), at(7*s, history.Tick{})), 1},
	} {
		if got := fold(row.h).Incidents(); len(got) != row.deaths {
			t.Errorf("%s: got %+v, want %d", row.name, got, row.deaths)
		}
	}
}

// The task of the next request may lie where that of the one before lay: it is not as old as both.
func TestATaskOfTheNextRequestAtTheSameAddressIsYoung(t *testing.T) {
	h := script(pool(1), every(1*s, 5*s, func(t time.Duration) []history.Event {
		poll := task(101, 7, "task", history.Wait{On: "sleep"})
		poll.Request = &history.Request{Method: "GET", Path: "/poll", Port: 40000 + int(t/(2*s))}
		w := sample(1, 101, func(*history.WorkerSample) {}) // of its connections nothing is seen
		return look(101, w, accepting(101, 101, 10*ms), poll)
	}))
	w := fold(h).Workers()[0]
	if len(w.Awaits) != 1 || w.Awaits[0].Age > 1500*ms {
		t.Errorf("at 5 s the third poll, of 4 s, is told as %+v, want an age of at most 1.5 s", w.Awaits)
	}
}

// A loop that is caught twice while it answers short requests is not at the long poll that it holds open beside them.
func TestALoopThatRunsForAMomentIsNotAtTheLongPollBesideIt(t *testing.T) {
	poll := func(st *history.Stack) {
		st.TID, st.Kind, st.ID, st.Wait = 0, "task", 7, &history.Wait{On: "sleep"}
		st.Request = &history.Request{Method: "GET", Path: "/poll", Port: 40000}
	}
	h := script(pool(1), healthy(1, 101, 1*s, 5*s), every(5*s+100*ms, 25*s, func(t time.Duration) []history.Event {
		w := inside(101, t-5*s)
		w.Ports, w.Moved = []int{40000}, true
		runs := history.ThreadSample{PID: 101, TID: 101, State: "R", Syscall: "running"}
		if t%s > 200*ms {
			runs = accepting(101, 101, 10*ms)
		}
		return look(101, w, runs, code(101, 101, func(st *history.Stack) {
			st.Request = &history.Request{Method: "GET", Path: "/", Port: 55662}
		}), code(101, 0, poll))
	}))
	f := fold(h)
	if got := f.Incidents(); len(got) > 0 {
		t.Errorf("got %+v, want no incident", got)
	}
}

// Who waits for a monitor of Java wakes up each second; the circle is as old as the later of its two requests.
func TestACircleOfMonitorsIsAsOldAsItsRequests(t *testing.T) {
	waits := func(tid, owner int) []history.Event {
		return []history.Event{stands(101, tid, "futex", 300*ms),
			history.MutexWait{PID: 101, TID: tid, Still: 300 * ms}, code(101, tid, func(st *history.Stack) {
				st.Language, st.Pool, st.Wait = "java", true, &history.Wait{On: "monitor", Object: uint64(owner), Owner: uint64(owner)}
			})}
	}
	h := script(at(0, history.ServerStarted{Server: "attach", PID: 50}, history.WorkerSeen{PID: 101, Worker: 1, Born: -60 * s}),
		every(100*ms, 1*s, func(t time.Duration) []history.Event {
			return look(101, inside(101, t+14*s, t+13*s, t+5*s), append(waits(111, 112), waits(112, 111)...)...)
		}))
	check(t, "two threads in two monitors", fold(h), wanted{state: Hung, cause: CauseMutex, began: -13 * s, detected: 100 * ms})
}

// A main thread that has joined the others stood still when the first request came: it is none of those that serve.
func TestAMainThreadThatWaitsForTheOthersServesNobody(t *testing.T) {
	h := script(pool(1), healthy(1, 101, 1*s, 5*s), every(5*s+100*ms, 12*s, func(t time.Duration) []history.Event {
		return look(101, inside(101, t-5*s, t-5*s-400*ms), stands(101, 101, "futex", t-5*s),
			stands(101, 111, "futex", t-5*s-400*ms), stands(101, 112, "futex", t-5*s-500*ms))
	}))
	f := fold(h)
	if w := f.Workers()[0]; w.Cause == nil || strings.Contains(w.Cause.Sentence, "main thread") {
		t.Errorf("got %+v, want a cause that does not blame the main thread", w.Cause)
	}
}

// A goroutine that computes goes from thread to thread; none of them is seen to run for long.
func TestAGoroutineThatComputesOnManyThreadsHangs(t *testing.T) {
	h := script(pool(1), healthy(1, 101, 1*s, 5*s), every(5*s+100*ms, 16*s, func(t time.Duration) []history.Event {
		w := inside(101, t-5*s)
		w.State, w.Moved, w.CPU = "R", true, (t-5*s)/2
		tid := 101 + int(t/(100*ms))%4
		events := []history.Event{}
		for other := 101; other < 105; other++ {
			if other != tid {
				idle := stands(101, other, "futex", 10*ms)
				idle.Idle = true
				events = append(events, idle)
			}
		}
		events = append(events, history.ThreadSample{PID: 101, TID: tid, State: "R", Syscall: "running"})
		if t%s == 100*ms {
			events = append(events, code(101, tid, func(st *history.Stack) {
				st.Language, st.Kind, st.ID, st.Pool = "go", "goroutine", 33, true
				st.Request = &history.Request{Method: "GET", Path: "/count", Port: 40001}
			}))
		}
		return look(101, w, events...)
	}))
	check(t, "a goroutine", fold(h), wanted{state: Hung, cause: CauseCPU, began: 5 * s, detected: 15 * s})
}

// A program that listens nowhere and stands in its own course may rest there.
func TestAProgramOfItsOwnCourseIsUnknown(t *testing.T) {
	course := func(proven bool) *Fold {
		return fold(script(at(0, history.ServerStarted{Server: "attach", PID: 101},
			history.WorkerSeen{PID: 101, Worker: 1, NoListener: true}), every(100*ms, 20*s, func(t time.Duration) []history.Event {
			return look(101, sample(1, 101, func(*history.WorkerSample) {}), stands(101, 101, "futex", t),
				code(101, 101, func(st *history.Stack) {
					st.Script = true
					if proven {
						st.Wait = &history.Wait{On: "lock", Object: 7, Owner: 101}
					}
				}))
		})))
	}
	if w := course(false).Workers()[0]; w.State != Unknown || !strings.Contains(w.Reason, "pay (app.py:12)") {
		t.Errorf("got %s (%s), want unknown, with the line", w.State, w.Reason)
	}
	if w := course(true).Workers()[0]; w.State != Hung {
		t.Errorf("in a lock that it holds itself: got %s, want hung", w.State)
	}
}

// A thread of a pool that was read at rest two seconds ago, and has run since, may take what comes.
func TestAPoolIsNotUsedUpBecauseOneReadingFailed(t *testing.T) {
	h := script(pool(1), healthy(1, 101, 1*s, 5*s), every(5*s+100*ms, 14*s, func(t time.Duration) []history.Event {
		events := []history.Event{accepting(101, 101, 10*ms), stands(101, 111, "recvfrom", t-5*s),
			code(101, 111, func(st *history.Stack) {
				st.Pool, st.Request = true, &history.Request{Path: "/slow", Port: 40001}
			}), stands(101, 112, "futex", 90*ms)}
		if t%(2*s) == 0 {
			events = append(events, code(101, 112, func(st *history.Stack) { st.Pool, st.Idle = true, true }))
		}
		return look(101, inside(101, t-5*s, 60*ms), events...)
	}))
	f := fold(h)
	if got := f.Incidents(); len(got) > 0 {
		t.Errorf("got %+v, want none before 15 s", got)
	}
}

// A goroutine of the application's own that waits for its next line is no work; one that waits for a lock is.
func TestAGoroutineThatServesNobodyIsNoWorkThatWaits(t *testing.T) {
	for on, want := range map[string]int{"condition": 0, "lock": 1} {
		h := script(pool(1), healthy(1, 101, 1*s, 2*s), every(2*s, 6*s, func(t time.Duration) []history.Event {
			writer := task(101, 7, "goroutine", history.Wait{On: on})
			writer.Language, writer.Request = "go", nil
			return look(101, inside(101), accepting(101, 101, 10*ms), writer)
		}))
		if w := fold(h).Workers()[0]; len(w.Awaits) != want {
			t.Errorf("in a %s: %d pieces of work wait (%s), want %d", on, len(w.Awaits), w.Label, want)
		}
	}
}

// TestAnAnswerThatIsAwaitedIsAsOldAsItsQuestion: of a program that listens nowhere, by the account of its connection.
func TestAnAnswerThatIsAwaitedIsAsOldAsItsQuestion(t *testing.T) {
	for silent, want := range map[time.Duration]State{-1: Hung, 20 * s: Hung, 1 * s: Busy} {
		got := byItself(2*s, func(now time.Duration) []history.Event {
			return []history.Event{stands(101, 101, "poll", 200*ms), history.SocketWait{PID: 101, TID: 101, Op: "poll", Family: "tcp",
				Remote: "10.0.0.9:80", State: "ESTAB", Silent: silent, Asked: now, Still: 200 * ms}}
		})
		if got.State != want || want == Hung && got.Since > -11*s {
			t.Errorf("silent for %v: %s since %v (%s), want %s", silent, got.State, got.Since, got.Reason, want)
		}
	}
}

// TestAJobThatIsAwaitedHasNoAge: its code was read, and it asked its queue's server for its next job long ago.
func TestAJobThatIsAwaitedHasNoAge(t *testing.T) {
	h := script(pool(1), at(500*ms, history.WorkerSeen{PID: 102, Worker: 2, NoListener: true}),
		every(1*s, 3*s, func(now time.Duration) []history.Event {
			return look(102, inside(102), stands(102, 102, "ppoll", 200*ms),
				history.SocketWait{PID: 102, TID: 102, Op: "ppoll", Family: "tcp", Remote: "10.0.0.9:6379", State: "ESTAB",
					Silent: -1, Asked: now + 60*s, Still: 200 * ms},
				history.Stack{PID: 102, TID: 102, Language: "ruby", Frames: []string{"IO#wait_readable"}})
		}))
	if got := fold(h).Workers()[1]; got.State.IsHang() {
		t.Errorf("%s since %v: %+v", got.State, got.Since, got.Cause)
	}
}

// A server that hung before its load began, or before anybody looked, hangs since then.
func TestAServerThatRanBeforeHangsSinceBefore(t *testing.T) {
	for _, server := range []string{"attach", "url"} {
		all := fold(script(at(0, history.Header{Format: wholeSince}, history.ServerStarted{Server: server, PID: 50},
			history.WorkerSeen{PID: 101, Worker: 1, Born: -60 * s}),
			every(100*ms, 3*s, func(t time.Duration) []history.Event {
				one := inside(101, 0)
				one.Inside, one.State, one.Still = 0, "T", t+30*s
				stopped := stands(101, 101, "", t+30*s)
				stopped.State = "T"
				return look(101, one, stopped)
			}))).Incidents()
		if len(all) != 1 || all[0].Began > -29*s || all[0].Began < -31*s {
			t.Errorf("%s: %+v, want one hang since 30 s before", server, all)
		}
	}
}
