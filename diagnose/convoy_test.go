package diagnose

import (
	"strings"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// TestOneLockIsNoCircle: the holder of a lock may change between two looks, so that two processes seem to wait for each
// other; and where another thread of a process works on, that one may be the holder.
func TestOneLockIsNoCircle(t *testing.T) {
	for _, c := range []struct {
		name          string
		first, second uint64 // the locks' inodes
		works         bool   // a second thread of each process sleeps, with whatever it has
		circle        bool
	}{
		{name: "two locks", first: 5, second: 6, circle: true},
		{name: "one lock", first: 5, second: 5},
		{name: "another thread may have it", first: 5, second: 6, works: true},
	} {
		side := func(pid, other int, inode uint64, still time.Duration) []history.Event {
			all := look(pid, inside(pid, still), stands(pid, pid, "flock", still),
				history.LockWait{PID: pid, TID: pid, Lock: "flock", Path: "/x", Inode: inode, Still: still,
					Holders: []history.LockHolder{{PID: other, Creator: true}}})
			if c.works {
				all = look(pid, inside(pid, still), stands(pid, pid, "flock", still),
					history.LockWait{PID: pid, TID: pid, Lock: "flock", Path: "/x", Inode: inode, Still: still,
						Holders: []history.LockHolder{{PID: other, Creator: true}}},
					stands(pid, pid+10, "clock_nanosleep", still+s))
			}
			return all
		}
		f := fold(script(pool(2), healthy(1, 101, 1*s, 5*s), healthy(2, 102, 1*s, 5*s),
			every(5*s+100*ms, 5*s+700*ms, func(at time.Duration) []history.Event {
				return append(side(101, 102, c.first, at-5*s), side(102, 101, c.second, at-5*s)...)
			})))
		circle := false
		for _, in := range f.Incidents() {
			circle = circle || in.Cause.Cycle
		}
		if circle != c.circle {
			t.Errorf("%s: a circle %v, want %v", c.name, circle, c.circle)
		}
	}
}

// limiter is a worker in which ten tasks wait for a semaphore that two have, and two get it each second until a moment:
// each client waits for five seconds, and comes again. It is looked at from 20 s on, twice a second.
func limiter(until, to time.Duration) []moment {
	var all []moment
	for at := 20*s + 20*ms; at < to; at += 100 * ms {
		first := int(min(at, until) / s * 2) // of those that are there
		w := sample(1, 101, func(w *history.WorkerSample) {
			w.Inside, w.Answered, w.CPU = 12, uint64(first*90), min(at, until)
		})
		var tasks []history.Event
		for n := first; n < first+12; n++ {
			came := time.Duration(n-10) * s / 2
			port := 40000 + n%20000
			w.Ports, w.Ages = append(w.Ports, port), append(w.Ages, at-came)
			st := history.Stack{PID: 101, Language: "python", Kind: "task", ID: uint64(1000 + n), Own: 1,
				Frames: []string{"w (app.py:10)"}, Request: &history.Request{Method: "GET", Path: "/", Port: port},
				Wait: &history.Wait{On: "semaphore", Object: 7, Name: "S"}}
			if n < first+2 {
				st.Wait = &history.Wait{On: "sleep"}
			}
			tasks = append(tasks, st)
		}
		w.Oldest = w.Ages[0]
		idle := stands(101, 101, "epoll_wait", at%s)
		idle.Idle, idle.For = true, "events"
		all = append(all, moments(at, look(101, w, append([]history.Event{idle}, tasks...)...))...)
	}
	return all
}

func moments(t time.Duration, events []history.Event) []moment { return at(t, events...) }

// TestTasksThatGetALockByTurnsAreNotHung: what they wait for goes from one to the next.
func TestTasksThatGetALockByTurnsAreNotHung(t *testing.T) {
	attached := func(more []moment) []history.Record {
		return script(at(20*s, history.ServerStarted{Server: "attach", PID: 1, HangAfter: 10 * s},
			history.WorkerSeen{PID: 101, Worker: 1, Born: 1 * s}), more)
	}
	for to := 21 * s; to < 40*s; to += 700 * ms {
		if f := fold(attached(limiter(60*s, to))); len(f.Incidents()) > 0 {
			t.Fatalf("after %v: %+v", to-20*s, f.Incidents())
		}
	}
	check(t, "nobody gets it any more: from then on", fold(attached(limiter(24*s, 36*s))),
		wanted{state: Hung, cause: CausePool, began: 24 * s, detected: 29 * s})
	check(t, "nobody has got it since hangtime came", fold(attached(limiter(19*s, 30*s))),
		wanted{state: Hung, cause: CausePool, began: 15 * s, detected: 22500 * ms})
}

// TestShortRequestsAreNoRepeatedWait: a busy worker is found in one view at every look, each time in another request.
// What its code does is read once a second, and says nothing of the looks between.
func TestShortRequestsAreNoRepeatedWait(t *testing.T) {
	busy := func(port func(time.Duration) int) []moment {
		return every(5*s+100*ms, 12*s, func(at time.Duration) []history.Event {
			w := sample(1, 101, func(w *history.WorkerSample) { w.Moved, w.Answered, w.CPU = true, 4900, at/4 })
			found := []history.Event{stands(101, 101, "clock_nanosleep", 20*ms)}
			if at%s == 100*ms {
				found = append(found, code(101, 101, func(st *history.Stack) {
					st.Request = &history.Request{Method: "GET", Path: "/", Port: port(at)}
				}))
			}
			return append(look(101, w, found...), history.Listener{Backlog: 4, Limit: 128})
		})
	}
	before := func(more []moment) []history.Record { return script(pool(1), healthy(1, 101, 1*s, 5*s), more) }
	another := func(at time.Duration) int { return 40000 + int(at/s) }
	if f := fold(before(busy(another))); len(f.Incidents()) > 0 || f.Workers()[0].State == Unknown {
		t.Errorf("each second another request: %v, %+v", f.Workers()[0].Reason, f.Incidents())
	}
	one := func(time.Duration) int { return 40000 }
	if f := fold(before(busy(one))); len(f.Incidents()) != 1 {
		t.Errorf("one request that sleeps and asks again, and others wait: %+v", f.Incidents())
	}
}

// TestAWorkerWithoutARequestInsideRepeatsNoWait: each of its connections is over before the next look at the sockets, and
// nothing says which request it is at. One that is seen with a heart that beats in its main loop ended another just then.
func TestAWorkerWithoutARequestInsideRepeatsNoWait(t *testing.T) {
	worker := func(inside int, beats bool) *Fold {
		return fold(script(pool(1), healthy(1, 101, 1*s, 5*s), every(5*s+100*ms, 9*s, func(at time.Duration) []history.Event {
			w := sample(1, 101, func(w *history.WorkerSample) {
				w.Moved, w.Answered, w.CPU, w.Inside, w.Oldest = true, 4900, at/4, inside, at-5*s
			})
			found := []history.Event{stands(101, 101, "clock_nanosleep", 20*ms), history.Listener{Backlog: 4, Limit: 128}}
			if beats {
				found = append(found, history.Heartbeat{PID: 101, Age: 10 * ms})
			}
			return look(101, w, found...)
		})))
	}
	if got := worker(0, false).Incidents(); len(got) > 0 {
		t.Errorf("no request is inside: %+v", got)
	}
	if got := worker(1, true).Incidents(); len(got) > 0 {
		t.Errorf("its heart beats: %+v", got)
	}
	if got := worker(1, false).Incidents(); len(got) != 1 || got[0].Cause.Kind != CausePolling {
		t.Errorf("one request is inside all the time: %+v", got)
	}
}

// TestASlowStartThatNobodyWaitsForIsSlow: before it listens nobody can say whether anybody is refused.
func TestASlowStartThatNobodyWaitsForIsSlow(t *testing.T) {
	starts := func(limit, backlog int) []moment {
		return every(1*s+100*ms, 9*s, func(at time.Duration) []history.Event {
			all := look(101, sample(1, 101, func(*history.WorkerSample) {}), stands(101, 101, "recvfrom", at-1*s), code(101, 101, func(*history.Stack) {}),
				history.SocketWait{PID: 101, TID: 101, FD: 5, Op: "recvfrom", Remote: "10.0.0.1:80", State: "ESTAB", Still: at - 1*s})
			if limit > 0 {
				all = append(all, history.Listener{Backlog: backlog, Limit: limit})
			}
			return all
		})
	}
	for _, c := range []struct {
		name           string
		limit, backlog int
		hangs          bool
	}{
		{"nobody waits", 128, 0, false}, {"some wait", 128, 3, true}, {"it does not listen", 0, 0, true},
	} {
		f := fold(script(pool(1), starts(c.limit, c.backlog)))
		if got := len(f.Incidents()) > 0; got != c.hangs {
			t.Errorf("%s: hung %v, want %v; %+v", c.name, got, c.hangs, f.Workers()[0])
		}
	}
}

// TestOneMutexIsNoCircle: the owner of a mutex is read for each thread that waits at another moment.
func TestOneMutexIsNoCircle(t *testing.T) {
	waits := func(tid, owner int, address uint64, still time.Duration) []history.Event {
		return []history.Event{stands(101, tid, "futex", still),
			history.MutexWait{PID: 101, TID: tid, Address: address, Owner: owner, Still: still}}
	}
	for _, c := range []struct {
		first, second uint64
		circle        bool
	}{{0x1000, 0x2000, true}, {0x1000, 0x1000, false}} {
		f := fold(script(pool(1), healthy(1, 101, 1*s, 5*s),
			every(5*s+100*ms, 5*s+500*ms, func(at time.Duration) []history.Event {
				return look(101, inside(101, at-5*s, at-5*s),
					append(waits(111, 112, c.first, at-5*s), waits(112, 111, c.second, at-5*s)...)...)
			})))
		circle := false
		for _, in := range f.Incidents() {
			circle = circle || in.Cause.Cycle
		}
		if circle != c.circle {
			t.Errorf("mutexes %x and %x: a circle %v, want %v", c.first, c.second, circle, c.circle)
		}
	}
}

// TestALockThatGoesFromOneToTheNextKeepsNobody: who has it has run since another began to wait for it.
func TestALockThatGoesFromOneToTheNextKeepsNobody(t *testing.T) {
	for _, c := range []struct {
		name    string
		ran     func(at time.Duration) time.Duration // when the holder last did
		hangs   bool
		process bool // the lock is a file's, and its holder another worker
	}{
		{name: "each second", ran: func(at time.Duration) time.Duration { return at - at%s }},
		{name: "not since the other waits", ran: func(time.Duration) time.Duration { return 4 * s }, hangs: true},
		{name: "of processes, each 700 ms", ran: func(at time.Duration) time.Duration { return at - at%(700*ms) }, process: true},
		{name: "of processes, not since", ran: func(time.Duration) time.Duration { return 4 * s }, hangs: true, process: true},
	} {
		holder, tid := 101, 112
		if c.process {
			holder, tid = 102, 102
		}
		f := fold(script(pool(2), healthy(1, 101, 1*s, 5*s), healthy(2, 102, 1*s, 5*s), backlog(5*s, 14*s),
			every(5*s+100*ms, 14*s, func(at time.Duration) []history.Event {
				still := at - 5*s
				waits := []history.Event{stands(101, 111, "futex", still),
					history.MutexWait{PID: 101, TID: 111, Address: 0x1000, Owner: 112, Still: still}}
				if c.process {
					waits = []history.Event{stands(101, 101, "flock", still),
						history.LockWait{PID: 101, TID: 101, Lock: "flock", Inode: 5, Still: still,
							Holders: []history.LockHolder{{PID: 102, Creator: true}}}}
				}
				held := stands(holder, tid, "clock_nanosleep", at-c.ran(at))
				if holder == 101 {
					return look(101, inside(101, still, still), append(waits, held)...)
				}
				return append(look(101, inside(101, still), waits...), look(102, inside(102, at-c.ran(at)), held)...)
			})))
		if got := len(f.Incidents()) > 0; got != c.hangs {
			t.Errorf("%s: hung %v, want %v: %+v", c.name, got, c.hangs, f.Incidents())
		}
	}
}

// TestWhatTheOthersWaitForExplainsMore: one waits for an answer with the lock in its hands, and the others for the lock.
// Both are old when hangtime comes; that the lock does not move is known after a while.
func TestWhatTheOthersWaitForExplainsMore(t *testing.T) {
	f := fold(script(at(20*s, history.ServerStarted{Server: "attach", PID: 1, HangAfter: 10 * s},
		history.WorkerSeen{PID: 101, Worker: 1, Born: 1 * s}),
		every(20*s+20*ms, 26*s, func(at time.Duration) []history.Event {
			w := inside(101, at-5*s, at-6*s, at-7*s)
			tasks := []history.Event{accepting(101, 101, 1*s), task(101, 1, "goroutine", history.Wait{On: "socket"}),
				task(101, 2, "goroutine", history.Wait{On: "lock", Object: 9}),
				task(101, 3, "goroutine", history.Wait{On: "lock", Object: 9})}
			for i := range tasks[1:] {
				st := tasks[1+i].(history.Stack)
				st.Language, st.Request.Port = "go", 40001+i
				tasks[1+i] = st
			}
			return look(101, w, tasks...)
		})))
	check(t, "the lock", f, wanted{state: Hung, cause: CauseMutex, began: 6 * s, detected: 22500 * ms})
}

// TestAThreadOfNoKnownPartStaysOne: what a thread is stays known while nothing is looked at, for it may be one that
// stands still for life beside those that serve.
func TestAThreadOfNoKnownPartStaysOne(t *testing.T) {
	f := fold(script(pool(1), healthy(1, 101, 1*s, 5*s),
		at(5*s+50*ms, look(101, inside(101, 20*ms), stands(101, 111, "read", 4*s), code(101, 111, func(st *history.Stack) { st.Own = 0 }))...),
		healthy(1, 101, 5*s+100*ms, 8*s), backlog(8*s, 14*s),
		every(8*s+50*ms, 14*s, func(at time.Duration) []history.Event {
			w := sample(1, 101, func(w *history.WorkerSample) { w.Moved, w.Answered, w.CPU = true, 7900, at/4 })
			call := []string{"sendto", "recvfrom"}[int(at/(100*ms))%2]
			return look(101, w, stands(101, 101, call, 10*ms), stands(101, 111, "read", at-8*s))
		})))
	if got := f.Incidents(); len(got) > 0 {
		t.Errorf("got %+v", got)
	}
}

// TestOlderRequestsMayHaveWhatTheOthersWaitFor: of a channel that is used as a semaphore nobody keeps who has taken from it.
func TestOlderRequestsMayHaveWhatTheOthersWaitFor(t *testing.T) {
	sentence := func(holderCame time.Duration) string {
		h := script(pool(1), healthy(1, 101, 1*s, 5*s), every(5*s+100*ms, 17*s, func(t time.Duration) []history.Event {
			found := []history.Event{accepting(101, 101, 10*ms)}
			came := []time.Duration{holderCame, 5200 * ms, 5300 * ms}
			var ages []time.Duration
			for i, at := range came {
				ages = append(ages, t-at)
				wait, line := history.Wait{On: "channel", Object: 7}, "render (main.go:8)"
				if i == 0 {
					wait, line = history.Wait{On: "socket"}, "render (main.go:10)"
				}
				st := task(101, uint64(1+i), "goroutine", wait)
				st.Language, st.Pool, st.Frames, st.Own = "go", true, []string{line}, 1
				st.Request = &history.Request{Method: "GET", Path: "/", Port: 40001 + i}
				found = append(found, st)
			}
			return look(101, inside(101, ages...), found...)
		}))
		w := fold(h).Workers()[0]
		if w.State != Hung {
			t.Fatalf("%s, want hung", w.State)
		}
		return w.Cause.Sentence
	}
	if got := sentence(5100 * ms); !strings.Contains(got, "1 older request waits for a socket in render (main.go:10), and may have it") {
		t.Errorf("one came before: %q", got)
	}
	if got := sentence(5400 * ms); strings.Contains(got, "may have it") {
		t.Errorf("one came after: %q", got)
	}
}
