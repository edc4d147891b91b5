package diagnose

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hangtime-dev/hangtime/history"
)

func TestFourWorkersOnOneLockAreOneIncident(t *testing.T) {
	parts := [][]moment{pool(4), at(5*s, history.FaultAsked{ID: "shared/1", Fault: "hold-lock",
		Target: "async_tasks.log", Path: "/tmp/x/async_tasks.log", For: 8 * s}),
		at(5*s+10*ms, history.FaultInEffect{ID: "shared/1", PID: 900}),
		at(8*s, history.FaultHealed{ID: "shared/1", Verified: true})}
	for i := range 4 {
		began := 5*s + time.Duration(20+i*10)*ms
		parts = append(parts, healthy(1+i, 101+i, 1*s, 5*s+50*ms),
			stuck(1+i, 101+i, began, 5*s+100*ms, 8*s, "flock", ""), waits(101+i, began, 5*s+300*ms, 8*s),
			healthy(1+i, 101+i, 8*s, 10*s))
	}
	records := script(parts...)
	f := fold(records)
	want := []Incident{{ID: 1, Kind: KindHang, Cause: Cause{
		Kind: CauseFileLock, Confidence: Proven, Short: "flock async_tasks.log ← pid 900",
		Path: "/tmp/x/async_tasks.log", Inode: 77,
		Sentence: "blocked in flock on /tmp/x/async_tasks.log, held by pid 900 (hangtime hold-lock)",
		Remedy:   adviceOn(CauseFileLock, false).remedy, Prevention: adviceOn(CauseFileLock, false).prevention,
		Holders: []history.LockHolder{{PID: 900, Command: "hangtime hold-lock", Creator: true}},
		Graph: Graph{
			Nodes: []Node{{NodeThread, "4 workers", ""}, {NodeLock, "flock on async_tasks.log", ""},
				{NodeProcess, "pid 900 (hangtime hold-lock)", ""}},
			Edges: []Edge{{0, 1, "waits for"}, {1, 2, "is held by"}},
		},
	}, Fault: "shared/1", Injected: 5*s + 10*ms, Symptom: 5*s + 300*ms, Began: 5*s + 20*ms, Detected: 6*s + 100*ms,
		Ended: 8 * s, Recovered: 8 * s, Cost: Cost{Inside: 4},
		Victims: []Victim{
			{1, 101, 5*s + 20*ms, 8 * s, "recovered"}, {2, 102, 5*s + 30*ms, 8 * s, "recovered"},
			{3, 103, 5*s + 40*ms, 8 * s, "recovered"}, {4, 104, 5*s + 50*ms, 8 * s, "recovered"},
		}}}
	got := f.Incidents()
	if len(got) == 1 {
		if len(got[0].Cause.Evidence) < 3 {
			t.Errorf("evidence: got %v, want the worker's sample, its thread and the lock", got[0].Cause.Evidence)
		}
		got[0].Cause.Evidence = nil
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, w := range f.Workers() {
		if w.State != Busy || w.Cause != nil {
			t.Errorf("worker %d: got %s (%v), want busy again", w.Place, w.State, w.Cause)
		}
	}
}

func TestSuccessorsThatHangInTheSamePlaceAreVictimsOfTheSameIncident(t *testing.T) {
	records := script(pool(1), healthy(1, 101, 1*s, 5*s),
		stuck(1, 101, 5*s, 5*s+100*ms, 9*s, "flock", ""), waits(101, 5*s, 5*s+300*ms, 9*s),
		at(8*s, history.ServerSaid{Event: "worker-signalled", PID: 101, Fields: map[string]string{"signal": "SIGABRT"}}),
		at(9*s, history.WorkerGone{PID: 101, Worker: 1, Signal: "SIGABRT"},
			history.WorkerSeen{PID: 201, Worker: 1, Born: 9 * s}),
		stuck(1, 201, 9*s+200*ms, 9*s+300*ms, 12*s, "flock", ""), waits(201, 9*s+200*ms, 9*s+500*ms, 12*s),
		healthy(1, 201, 12*s, 13*s),
	)
	got := fold(records).Incidents()
	if len(got) != 1 {
		t.Fatalf("got %d incidents, want 1: %+v", len(got), got)
	}
	want := []Victim{{1, 101, 5 * s, 9 * s, "SIGABRT from arbiter"}, {1, 201, 9*s + 200*ms, 12 * s, "recovered"}}
	if diff := cmp.Diff(want, got[0].Victims); diff != "" {
		t.Error(diff)
	}
	if got[0].Ended != 12*s || got[0].Recovered != 12*s {
		t.Errorf("ended %v, recovered %v, want both 12s", got[0].Ended, got[0].Recovered)
	}
}

// loop is a loop thread in a call while requests are still answered beside it and tasks pile up.
func loop(place, pid int, began, from, to time.Duration, call string, idle bool) []moment {
	return every(from, to, func(t time.Duration) []history.Event {
		still := t - began
		return []history.Event{
			sample(place, pid, func(w *history.WorkerSample) { w.Idle, w.Moved, w.Answered = 1, true, uint64(t/ms) }),
			history.ThreadSample{PID: pid, TID: pid + 5000, Name: "loop", State: "S", Still: still, Syscall: call,
				Idle: idle, Twice: still > 50*ms},
			history.Ledger{Workers: []history.OpenTasks{{PID: pid, Open: 1 + int(still/(40*ms)), Oldest: still}}},
		}
	})
}

func TestALoopThatSleepsWhileRequestsAreStillAnsweredIsFound(t *testing.T) {
	records := script(pool(1), healthy(1, 101, 1*s, 5*s),
		at(5*s, history.FaultAsked{ID: "blocking/1", Fault: "request"}, history.FaultInEffect{ID: "blocking/1"},
			history.FaultHealed{ID: "blocking/1", Verified: true}),
		loop(1, 101, 5*s+10*ms, 5*s+100*ms, 9*s, "clock_nanosleep", false),
		at(8*s, history.ServerSaid{Event: "worker-timeout", PID: 101},
			history.ServerSaid{Event: "worker-signalled", PID: 101, Fields: map[string]string{"signal": "SIGABRT"}}),
		at(8900*ms, history.ServerSaid{Event: "worker-signalled", PID: 101, Fields: map[string]string{"signal": "SIGKILL"}}),
		at(9*s, history.WorkerGone{PID: 101, Worker: 1, Signal: "SIGKILL", By: "arbiter"},
			history.WorkerSeen{PID: 201, Worker: 1, Born: 9 * s}),
		healthy(1, 201, 9200*ms, 12*s))
	got := fold(records).Incidents()
	if len(got) != 1 {
		t.Fatalf("got %+v, want one incident", got)
	}
	in := got[0]
	if in.Kind != KindHang || in.Cause.Kind != CauseSleeping || in.Cause.Confidence != Proven || in.Fault != "blocking/1" {
		t.Errorf("got %s by %s (%s) after fault %q, want a proven hang by sleeping after blocking/1", in.Kind,
			in.Cause.Kind, in.Cause.Confidence, in.Fault)
	}
	if in.Began != 5*s+10*ms || in.Detected != 6*s+100*ms || in.Ended != 9*s {
		t.Errorf("began %v, detected %v, ended %v; want 5.01s, 6.1s, 9s", in.Began, in.Detected, in.Ended)
	}
	if diff := cmp.Diff([]Victim{{1, 101, 5*s + 10*ms, 9 * s, "SIGKILL from arbiter"}}, in.Victims); diff != "" {
		t.Error(diff)
	}
}

func TestAKillByAFaultIsACrashByHangtime(t *testing.T) {
	records := script(pool(2), healthy(1, 101, 1*s, 5*s), healthy(2, 102, 1*s, 8*s),
		at(5*s, history.FaultAsked{ID: "recovery/1", Fault: "kill", Worker: 1, PID: 101}),
		at(5*s+5*ms, history.WorkerGone{PID: 101, Worker: 1, Signal: "SIGKILL"},
			history.FaultInEffect{ID: "recovery/1", PID: 101}),
		at(5*s+60*ms, history.WorkerSeen{PID: 201, Worker: 1, Born: 5*s + 50*ms}), healthy(1, 201, 5*s+200*ms, 8*s))
	got := fold(records).Incidents()
	if len(got) != 1 {
		t.Fatalf("got %+v, want one incident", got)
	}
	in := got[0]
	if in.Kind != KindCrash || in.Cause.Kind != CauseKilled || in.Cause.Short != "SIGKILL from hangtime" ||
		in.Fault != "recovery/1" || in.Injected != 5*s+5*ms {
		t.Errorf("got %+v", in)
	}
	if in.Recovered < 5*s+200*ms || in.Recovered > 5*s+400*ms {
		t.Errorf("recovered at %v, want when its successor answers", in.Recovered)
	}
}

func TestNoIncidentComesOf(t *testing.T) {
	for _, row := range []struct {
		name string
		h    []history.Record
	}{
		{"deaths while the server is being stopped",
			script(pool(1), healthy(1, 101, 1*s, 5*s),
				at(5*s, history.PhaseStarted{Phase: history.Ending},
					history.WorkerGone{PID: 101, Worker: 1, Signal: "SIGTERM"}))},
		{"a worker that leaves with code 0 and nothing undone",
			script(pool(1), at(5*s, history.WorkerGone{PID: 101, Worker: 1}))},
		{"a worker that its arbiter told to go", script(pool(1), healthy(1, 101, 1*s, 5*s),
			at(5*s, history.ServerSaid{Event: "worker-signalled", PID: 101,
				Fields: map[string]string{"signal": "SIGTERM"}}, history.WorkerGone{PID: 101, Worker: 1}))},
		{"one answer that takes a second less than the limit",
			script(pool(1), healthy(1, 101, 1*s, 5*s), stuck(1, 101, 5*s, 5*s+100*ms, 5*s+950*ms, "recvfrom", ""),
				healthy(1, 101, 6*s, 8*s))},
		{"a long poll: its loop waits for events", script(pool(1), every(1*s, 60*s, func(t time.Duration) []history.Event {
			return []history.Event{
				sample(1, 101, func(w *history.WorkerSample) { w.Inside, w.Oldest, w.Still = 3, t-1*s, t-1*s }),
				history.ThreadSample{PID: 101, TID: 101, Name: "gunicorn", State: "S", Still: t - 1*s, Idle: true,
					Syscall: "epoll_wait", Twice: true},
			}
		}))},
		{"a heartbeat that is old while nothing is asked",
			script(pool(1), every(1*s, 60*s, func(t time.Duration) []history.Event {
				return []history.Event{sample(1, 101, func(w *history.WorkerSample) {
					w.Still = t
				}), history.Heartbeat{PID: 101, Age: t}}
			}))},
		{"a task that sleeps 6 s in the pool while the loop turns and others end",
			script(pool(1), every(1*s, 9*s, func(t time.Duration) []history.Event {
				return []history.Event{
					sample(1, 101, func(w *history.WorkerSample) { w.Moved, w.Answered = true, uint64(t/ms) }),
					history.ThreadSample{PID: 101, TID: 5101, Name: "loop", State: "S", Still: 3 * ms, Idle: true,
						Syscall: "epoll_wait"},
					history.ThreadSample{PID: 101, TID: 5102, Name: "pool-1", State: "S", Still: t - 1*s,
						Syscall: "clock_nanosleep", Twice: true},
					history.Ledger{Workers: []history.OpenTasks{{PID: 101, Open: 1 + int(t/(100*ms))%3, Oldest: t - 1*s}}},
				}
			}))},
		{"the last task that sleeps in the pool when nothing else is left, younger than work may be",
			script(pool(1), every(1*s, 10*s, func(t time.Duration) []history.Event {
				return []history.Event{
					sample(1, 101, func(w *history.WorkerSample) { w.Moved = true }),
					history.ThreadSample{PID: 101, TID: 5102, Name: "pool-1", State: "S", Still: t - 1*s,
						Syscall: "clock_nanosleep", Twice: true},
					history.Ledger{Workers: []history.OpenTasks{{PID: 101, Open: 1, Oldest: t - 1*s}}},
				}
			}))},
		{"silent connections", script(pool(1), every(1*s, 60*s, func(t time.Duration) []history.Event {
			return []history.Event{sample(1, 101, func(w *history.WorkerSample) { w.Silent, w.Still = 4, t }),
				history.ThreadSample{PID: 101, TID: 101, State: "S", Still: t, Idle: true, Syscall: "epoll_wait",
					Twice: true}}
		}))},
		{"a worker that is ready to run and gets no processor",
			script(pool(1), every(1*s, 9*s, func(t time.Duration) []history.Event {
				return []history.Event{sample(1, 101, func(w *history.WorkerSample) {
					w.State, w.Inside, w.Oldest, w.CPU, w.RunDelay, w.Moved = "R", 2, t-1*s, t/20, t*9/10, true
				})}
			}))},
		{"long polls on a loop that is seen at work now and then",
			script(pool(1), every(1*s, 20*s, func(t time.Duration) []history.Event {
				look := history.ThreadSample{PID: 101, TID: 101, State: "S", Still: 80 * ms, Idle: true,
					Syscall: "epoll_wait", Twice: true}
				if t%(3*s) < 400*ms {
					look = history.ThreadSample{PID: 101, TID: 101, State: "R", Syscall: "running"}
				}
				return []history.Event{sample(1, 101,
					func(w *history.WorkerSample) { w.Inside, w.Oldest, w.Moved, w.CPU = 4, t-1*s, true, t/8 }), look}
			}))},
		{"congestion: answers come, and more is asked",
			script(pool(1), every(1*s, 20*s, func(t time.Duration) []history.Event {
				return []history.Event{history.Listener{Backlog: int(t / (100 * ms)), Limit: 128},
					sample(1, 101, func(w *history.WorkerSample) {
						w.State, w.Inside, w.Oldest, w.CPU, w.Moved, w.Answered = "R", 1, 90*ms, t, true, uint64(t/ms)
					}), history.ThreadSample{PID: 101, TID: 101, State: "R", Syscall: "running"}}
			}))},
	} {
		if got := fold(row.h).Incidents(); len(got) != 0 {
			t.Errorf("%s: got %+v", row.name, got)
		}
	}
}

func TestAStoppedWorkerIsFoundAtOnce(t *testing.T) {
	records := script(pool(2), healthy(1, 101, 1*s, 5*s), healthy(2, 102, 1*s, 8*s),
		every(5*s, 6*s, func(t time.Duration) []history.Event {
			return []history.Event{sample(1, 101, func(w *history.WorkerSample) { w.State, w.Still = "T", t-5*s+30*ms })}
		}), healthy(1, 101, 6*s, 8*s))
	f := fold(records)
	got := f.Incidents()
	if len(got) != 1 || got[0].Cause.Kind != CauseStopped || got[0].Detected != 5*s || got[0].Began != 5*s-30*ms ||
		got[0].Ended != 6*s {
		t.Fatalf("got %+v", got)
	}
	lane := f.Workers()[0].Lane
	if i := 5 * 4; lane[i] != Stopped || lane[i-1] == Stopped || lane[i+4] == Hung {
		t.Errorf("lane: got %v", lane)
	}
}

func TestAWorkerThatADebuggerHoldsIsStopped(t *testing.T) {
	held := func(longest time.Duration) *Fold {
		return fold(script(pool(1), healthy(1, 101, 1*s, 5*s), every(5*s, 8*s, func(t time.Duration) []history.Event {
			return []history.Event{sample(1, 101, func(w *history.WorkerSample) {
				w.State, w.Still = "t", (t-5*s)%longest
				w.Tracer = &history.Peer{PID: 900, Command: "gdb -p 101"}
			})}
		})))
	}
	check(t, "it stands", held(9*s), wanted{state: Stopped, cause: CauseStopped, began: 5 * s, detected: 6 * s,
		says: "by pid 900 (gdb -p 101)"})
	if got := held(500 * ms).Incidents(); len(got) != 0 {
		t.Errorf("one that is stopped at each system call goes on: got %+v", got)
	}
}

func TestAWindowInWhichHangtimeWasLateDecidesNothing(t *testing.T) {
	parts := [][]moment{pool(1), healthy(1, 101, 1*s, 5*s), stuck(1, 101, 5*s, 5*s+100*ms, 6500*ms, "recvfrom", ""),
		healthy(1, 101, 6500*ms, 8*s)}
	if got := fold(script(parts...)).Incidents(); len(got) != 1 {
		t.Fatalf("without a late tick: got %+v, want one incident", got)
	}
	late := append(parts, at(5900*ms, history.Tick{Late: 700 * ms}))
	if got := fold(script(late...)).Incidents(); len(got) != 0 {
		t.Errorf("with a late tick: got %+v", got)
	}
	longer := append(parts, at(5700*ms, history.Tick{Late: 300 * ms}), at(5710*ms, history.Tick{Late: 200 * ms}))
	if got := fold(script(longer...)).Incidents(); len(got) != 1 || got[0].Detected != 6400*ms {
		t.Errorf("with 310 ms that two clocks missed: got %+v, want a hang that is certain so much later", got)
	}
}

func TestReturnedIncidentsNeverChange(t *testing.T) {
	records := script(pool(1), healthy(1, 101, 1*s, 5*s), stuck(1, 101, 5*s, 5*s+100*ms, 8*s, "flock", ""),
		waits(101, 5*s, 5*s+300*ms, 8*s), healthy(1, 101, 8*s, 10*s))
	f := New(DefaultLimits())
	var early []Incident
	for _, r := range records {
		f.Add(r)
		if early == nil && len(f.Incidents()) > 0 {
			early = f.Incidents()
		}
	}
	if early[0].Ended != -1 || early[0].Victims[0].To != -1 {
		t.Errorf("the incident that was returned at %v has changed: %+v", early[0].Detected, early[0])
	}
}

func TestALoopThatComputesIsFoundBesideAMainThreadThatWaits(t *testing.T) {
	for name, inside := range map[string]int{"alone": 0, "while other threads answer": 1} {
		got := fold(script(pool(1), healthy(1, 101, 1*s, 5*s), every(5*s, 8*s, func(t time.Duration) []history.Event {
			return []history.Event{
				sample(1, 101, func(w *history.WorkerSample) {
					w.Inside, w.Oldest, w.Moved, w.CPU, w.Answered = inside, time.Duration(inside)*4*ms, true, t-5*s,
						uint64(t/ms)
				}),
				history.Heartbeat{PID: 101, Turns: 40, Age: t - 5*s, InFlight: 3},
				history.ThreadSample{PID: 101, TID: 101, State: "S", Still: 3 * ms, Idle: true, Syscall: "poll"},
				history.ThreadSample{PID: 101, TID: 110, Name: "loop", State: "R", Syscall: "running"},
			}
		}))).Incidents()
		if len(got) != 1 || got[0].Cause.Kind != CauseCPU || got[0].Began > 5*s || got[0].Detected > 6200*ms {
			t.Errorf("%s: got %+v, want a hang by computation that is certain after 1 s", name, got)
		}
	}
}

// Its heartbeat and the looks at its thread are up to 100 ms apart; what it used of a processor says it better.
func TestAComputationIsDatedByWhatItUsed(t *testing.T) {
	const began = 5*s + 63*ms
	got := fold(script(pool(1), healthy(1, 101, 1*s, 5*s+50*ms),
		every(5*s+50*ms, 8*s, func(t time.Duration) []history.Event {
			look := history.ThreadSample{PID: 101, TID: 110, Name: "loop", State: "R", Syscall: "running"}
			if t < began {
				look.State, look.Syscall, look.Idle = "S", "epoll_wait", true
			}
			return []history.Event{
				sample(1, 101, func(w *history.WorkerSample) {
					w.Moved, w.CPU, w.Answered = true, max(t-began, 0), uint64(t/ms)
				}),
				history.Heartbeat{PID: 101, Turns: 40, Age: 3 * ms, InFlight: 1}, look,
			}
		}))).Incidents()
	if len(got) != 1 || got[0].Cause.Kind != CauseCPU || (got[0].Began-began).Abs() > 5*ms {
		t.Errorf("got %+v, want a hang by computation since %v", got, began)
	}
}

// What the page of a worker shows beside its state is what was last seen of its process, and nothing of it once that
// is gone.
func TestAWorkersConnectionsTasksAndDescriptors(t *testing.T) {
	open := func() []moment {
		return slices.Concat(pool(1),
			at(2*s, sample(1, 101, func(w *history.WorkerSample) {
				w.Inside, w.Oldest, w.Idle, w.Silent, w.Ports = 2, 300*ms, 3, 1, []int{40001, 40002}
			})),
			at(2*s, history.Ledger{Accepted: 5, Done: 3, Open: 2,
				Workers: []history.OpenTasks{{PID: 101, Open: 2, Oldest: 1 * s}}}),
			at(2*s, history.Descriptors{PID: 101, Open: 17, Limit: 1024}))
	}
	got := fold(script(open(), at(3*s, history.Tick{}))).Workers()[0]
	if got.Served != 6 || got.Silent != 1 || !slices.Equal(got.Ports, []int{40001, 40002}) || got.Files != 17 ||
		got.FilesMost != 1024 {
		t.Errorf("%d connections, %d of them silent, ports %v, %d of %d descriptors", got.Served, got.Silent, got.Ports,
			got.Files, got.FilesMost)
	}
	if got.OpenTasks != 2 || got.OldestTask != 2*s {
		t.Errorf("%d tasks open, the oldest %v", got.OpenTasks, got.OldestTask)
	}
	gone := fold(script(open(), at(3*s, history.WorkerGone{PID: 101, Worker: 1, Signal: "SIGKILL"}))).Workers()[0]
	if gone.Served != 0 || gone.Silent != 0 || gone.Ports != nil || gone.Files != 0 || gone.OldestTask != 0 {
		t.Errorf("of one that is gone: %+v", gone)
	}
}

func TestAKillThatNobodyHeardIsTheArbitersWhereTheWorkerGaveNoSignOfLife(t *testing.T) {
	for _, row := range []struct {
		name string
		age  func(still time.Duration) time.Duration
		end  string
	}{
		{"without a sign of life", func(still time.Duration) time.Duration {
			return still
		}, "SIGKILL from arbiter (inferred)"},
		{"with one from another thread", func(time.Duration) time.Duration { return 300 * ms }, "SIGKILL"},
	} {
		beats := every(5*s, 9*s, func(at time.Duration) []history.Event {
			return []history.Event{history.Heartbeat{PID: 101, Age: row.age(at - 5*s)}}
		})
		got := fold(script(pool(1), healthy(1, 101, 1*s, 5*s),
			loop(1, 101, 5*s+10*ms, 5*s+100*ms, 9*s, "clock_nanosleep", false), beats,
			at(9*s, history.WorkerGone{PID: 101, Worker: 1, Signal: "SIGKILL"}))).Incidents()
		if len(got) != 1 || got[0].Kind != KindHang || len(got[0].Victims) != 1 || got[0].Victims[0].End != row.end {
			t.Errorf("%s: got %+v, want a hang that ended by %s", row.name, got, row.end)
		}
	}
}
