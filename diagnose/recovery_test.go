package diagnose

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hangtime-dev/hangtime/history"
)

// signal is the arbiter's word that it has sent one.
func signal(pid int, name string) history.Event {
	return history.ServerSaid{Event: "worker-signalled", PID: pid, Fields: map[string]string{"signal": name}}
}

// elsewhere is a look that finds the main thread at something else.
func elsewhere(pid int, more func(*history.ThreadSample)) history.Event {
	t := history.ThreadSample{PID: pid, TID: pid, Name: "gunicorn", State: "R", Syscall: "running"}
	more(&t)
	return t
}

func TestMovementIsNoRecovery(t *testing.T) {
	hung := [][]moment{pool(1), healthy(1, 101, 1*s, 5*s), stuck(1, 101, 5*s, 5*s+100*ms, 8*s, "flock", ""),
		waits(101, 5*s, 5*s+300*ms, 8*s)}
	again := [][]moment{stuck(1, 101, 7*s, 8*s, 9*s, "flock", ""), waits(101, 7*s, 8*s, 9*s)}
	abort := at(8*s, signal(101, "SIGABRT"))
	runs := every(8*s, 8*s+300*ms, func(time.Duration) []history.Event {
		return []history.Event{elsewhere(101, func(*history.ThreadSample) {}),
			sample(1, 101, func(w *history.WorkerSample) { w.State, w.Moved, w.Answered = "R", true, 5000 })}
	})
	gone := at(8400*ms, history.WorkerGone{PID: 101, Worker: 1, Code: 1},
		history.WorkerSeen{PID: 201, Worker: 1, Born: 8400 * ms})
	for _, row := range []struct {
		name string
		more [][]moment
		end  string
		at   time.Duration
	}{
		{"a handler ran, and it waits again since", again, "", -1},
		{"an answer left", [][]moment{healthy(1, 101, 8*s, 9*s)}, "recovered", 8 * s},
		{"its thread left and nothing is asked any more", [][]moment{every(8*s, 9*s, func(time.Duration) []history.Event {
			return []history.Event{sample(1, 101, func(w *history.WorkerSample) { w.Moved, w.Answered = true, 5000 }),
				elsewhere(101, func(t *history.ThreadSample) { t.State, t.Syscall, t.Idle = "S", "poll", true })}
		})}, "recovered", 8 * s},
		{"its thread left, and its request is not answered yet",
			[][]moment{every(8*s, 9*s, func(at time.Duration) []history.Event {
				return []history.Event{sample(1, 101,
					func(w *history.WorkerSample) { w.Inside, w.Oldest, w.Moved, w.Answered = 1, at-5*s, true, 5000 }),
					elsewhere(101, func(*history.ThreadSample) {})}
			})}, "", -1},
		{"a client gave up", [][]moment{every(8*s, 10*s, func(at time.Duration) []history.Event {
			return []history.Event{sample(1, 101, func(w *history.WorkerSample) { w.Still, w.Answered = at-5*s, 5000 }),
				elsewhere(101, func(t *history.ThreadSample) {
					t.State, t.Syscall, t.Still, t.Twice = "S", "flock", at-5*s, true
				})}
		})}, "", -1},
		{"it dumps its stacks after the arbiter's signal, and dies", [][]moment{abort, runs, gone},
			"exit code 1 after SIGABRT from arbiter", 8400 * ms},
		{"it closes its connections after the arbiter's signal, and dies",
			[][]moment{abort, runs, every(8*s, 8*s+300*ms, func(time.Duration) []history.Event {
				return []history.Event{sample(1, 101, func(w *history.WorkerSample) { w.Moved, w.Answered = true, 5100 })}
			}), gone}, "exit code 1 after SIGABRT from arbiter", 8400 * ms},
		{"it survives the arbiter's signal and goes on answering", [][]moment{abort, healthy(1, 101, 8200*ms, 11*s)},
			"recovered", 9200 * ms},
	} {
		got := fold(script(append(hung[:len(hung):len(hung)], row.more...)...)).Incidents()
		if len(got) != 1 || len(got[0].Victims) != 1 {
			t.Errorf("%s: got %+v, want one incident with one victim", row.name, got)
			continue
		}
		if v := got[0].Victims[0]; v.End != row.end || v.To < row.at || v.To > row.at+100*ms {
			t.Errorf("%s: got %q at %v, want %q at %v", row.name, v.End, v.To, row.end, row.at)
		}
	}
}

func TestASuspectThatTheArbiterSignalsIsHung(t *testing.T) {
	got := fold(script(pool(1), healthy(1, 101, 1*s, 5*s), stuck(1, 101, 5*s, 5*s+100*ms, 5700*ms, "flock", ""),
		at(5700*ms, signal(101, "SIGABRT")),
		at(5800*ms, elsewhere(101, func(*history.ThreadSample) {}),
			sample(1, 101, func(w *history.WorkerSample) { w.Moved, w.Answered = true, 5000 })),
		at(5900*ms, history.WorkerGone{PID: 101, Worker: 1, Signal: "SIGABRT"}))).Incidents()
	if len(got) != 1 || got[0].Kind != KindHang || got[0].Detected != 5700*ms ||
		got[0].Victims[0].End != "SIGABRT from arbiter" {
		t.Errorf("got %+v, want one hang that is certain at 5.7s", got)
	}
}

func TestALookThatComesTooSoonIsProvenByTheNext(t *testing.T) {
	single := stuck(1, 101, 5*s, 5*s+100*ms, 8*s, "flock", "")
	for i := range single {
		if ev, ok := single[i].ev.(history.ThreadSample); ok {
			ev.Twice = false
			single[i].ev = ev
		}
	}
	got := fold(script(pool(1), healthy(1, 101, 1*s, 5*s), single)).Incidents()
	if len(got) != 1 || got[0].Detected > 6*s+150*ms {
		t.Errorf("got %+v, want a hang that is certain after 1 s", got)
	}
}

func TestAWorkerThatTheArbiterKillsForNoSeenReasonDidNotEndByItself(t *testing.T) {
	got := fold(script(pool(1), healthy(1, 101, 1*s, 5*s), at(5*s, signal(101, "SIGABRT")),
		at(5100*ms, history.WorkerGone{PID: 101, Worker: 1, Code: 1}))).Incidents()
	if len(got) != 1 || got[0].Kind != KindCrash || got[0].Cause.Kind != CauseKilled ||
		got[0].Cause.Short != "exit code 1 after SIGABRT from arbiter" {
		t.Errorf("got %+v", got)
	}
}

func TestAWorkerThatUnwindsBecauseOfASignalThatNobodyHeardHasNotRecovered(t *testing.T) {
	beats := every(5*s, 8400*ms, func(at time.Duration) []history.Event {
		return []history.Event{history.Heartbeat{PID: 101, Age: at - 5*s}}
	})
	unwinds := every(8*s, 8400*ms, func(time.Duration) []history.Event {
		return []history.Event{elsewhere(101, func(*history.ThreadSample) {}),
			sample(1, 101, func(w *history.WorkerSample) { w.State, w.Moved, w.Answered = "R", true, 5100 })}
	})
	got := fold(script(pool(1), healthy(1, 101, 1*s, 5*s), stuck(1, 101, 5*s, 5*s+100*ms, 8*s, "flock", ""),
		waits(101, 5*s, 5*s+300*ms, 8*s), beats, unwinds,
		at(8400*ms, history.WorkerGone{PID: 101, Worker: 1, Code: 1}))).Incidents()
	if len(got) != 1 || got[0].Kind != KindHang || len(got[0].Victims) != 1 ||
		got[0].Victims[0].End != "exit code 1 after SIGABRT from arbiter (inferred)" || got[0].Victims[0].To != 8400*ms {
		t.Errorf("got %+v, want one hang that ended with its worker", got)
	}
}

// A client learns that a task ended when it next asks: the threads of a pool may have been taken before that, and
// after the end.
func TestAPoolThatWasTakenBeforeTheClientHeardOfTheLastEndIsFound(t *testing.T) {
	taken := every(5*s, 11*s, func(at time.Duration) []history.Event {
		events := []history.Event{sample(1, 101, func(w *history.WorkerSample) {
			w.Moved = true
		}), history.ThreadSample{PID: 101, TID: 110, Name: "loop", State: "S", Syscall: "epoll_pwait", Idle: true}}
		for i, from := range []time.Duration{5010 * ms, 5060 * ms} {
			if at > from+100*ms {
				events = append(events, history.ThreadSample{PID: 101, TID: 111 + i, Name: "pool", State: "S",
					Syscall: "recvfrom", Still: at - from, Twice: true})
			}
		}
		return events
	})
	looks := at(5*s, history.Ledger{Accepted: 3, Open: 3,
		Workers: []history.OpenTasks{{PID: 101, Open: 3, Oldest: 50 * ms}}})
	looks = append(looks, at(5300*ms, history.Ledger{Accepted: 12, Done: 2, Open: 10,
		Workers: []history.OpenTasks{{PID: 101, Open: 10, Oldest: 250 * ms}}})...)
	looks = append(looks, at(6*s, history.Ledger{Accepted: 40, Done: 2, Open: 38,
		Workers: []history.OpenTasks{{PID: 101, Open: 38, Oldest: 950 * ms}}})...)
	got := fold(script(pool(1), healthy(1, 101, 1*s, 5*s), looks, taken)).Incidents()
	if len(got) != 1 || got[0].Cause.Kind != CausePool || got[0].Began != 5060*ms {
		t.Errorf("got %+v, want a pool that is used up since 5.06 s", got)
	}
}

func TestTasksThatAreNotFollowedAnyMoreHaveNotEnded(t *testing.T) {
	final := at(8*s, history.Ledger{Accepted: 9, Done: 2, Failed: 7, Unfollowed: 7, Final: true})
	got := fold(script(pool(1), healthy(1, 101, 1*s, 5*s), loop(1, 101, 5*s+10*ms, 5*s+100*ms, 8*s, "futex", false),
		at(8*s, sample(1, 101, func(w *history.WorkerSample) {
			w.Still = 3 * s
		})), final, at(10*s, history.ServerStopped{}))).Incidents()
	if len(got) != 1 || got[0].Victims[0].End != "" {
		t.Errorf("got %+v, want a hang that is not over", got)
	}
}

// A worker that hung, recovered, and hung again in one incident dies of the second time: how the first ended stays as
// it was.
func TestADeathBelongsToTheLastHang(t *testing.T) {
	beats := func(from, to time.Duration) []moment {
		return every(from, to, func(at time.Duration) []history.Event {
			return []history.Event{history.Heartbeat{PID: 101, Age: at - from}}
		})
	}
	got := fold(script(pool(2), healthy(1, 101, 1*s, 5*s), healthy(2, 102, 1*s, 5*s),
		stuck(2, 102, 5*s, 5*s+100*ms, 13*s, "flock", ""), waits(102, 5*s, 5*s+300*ms, 13*s),
		stuck(1, 101, 5*s, 5*s+100*ms, 7*s, "flock", ""), waits(101, 5*s, 5*s+300*ms, 7*s), healthy(1, 101, 7*s, 8*s),
		stuck(1, 101, 8*s, 8*s+100*ms, 11*s, "flock", ""), waits(101, 8*s, 8*s+300*ms, 11*s), beats(8*s, 11*s+200*ms),
		healthy(1, 101, 11*s, 11*s+200*ms), at(11*s+250*ms, history.WorkerGone{PID: 101, Worker: 1, Code: 1}))).Incidents()
	if len(got) != 1 {
		t.Fatalf("%d incidents, want one", len(got))
	}
	var ends []string
	for _, v := range got[0].Victims {
		if v.PID == 101 {
			ends = append(ends, v.End)
		}
	}
	if diff := cmp.Diff([]string{"recovered", "exit code 1 after SIGABRT from arbiter (inferred)"}, ends); diff != "" {
		t.Errorf("how each hang ended, -want +got:\n%s", diff)
	}
}
