package diagnose

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hangtime-dev/hangtime/history"
)

// disorder makes n records that mean nothing together: every kind of event, few pids, times that jump.
func disorder(seed uint64, n int) []history.Record {
	r := rand.New(rand.NewPCG(seed, 1))
	pick := func(all ...string) string { return all[r.IntN(len(all))] }
	dur := func() time.Duration { return time.Duration(r.Int64N(int64(8*s))) - s }
	pid := func() int { return 100 + r.IntN(6) }
	place := func() int { return 1 + r.IntN(4) }
	holders := func() []history.LockHolder {
		return []history.LockHolder{{PID: pid(), Command: "x", Dead: r.IntN(2) == 0}}[:r.IntN(2)]
	}
	makers := []func() history.Event{
		func() history.Event { return history.Tick{Late: time.Duration(r.Int64N(int64(150 * ms)))} },
		func() history.Event { return history.Tick{} },
		func() history.Event { return history.WorkerSeen{PID: pid(), Worker: place(), Born: dur()} },
		func() history.Event {
			return history.WorkerGone{PID: pid(), Worker: place(), Code: r.IntN(3),
				Signal: pick("", "SIGKILL", "SIGABRT"), By: pick("", "arbiter"), Unknown: r.IntN(5) == 0}
		},
		func() history.Event {
			return history.WorkerSample{PID: pid(), Worker: place(), State: pick("R", "S", "D", "T", ""),
				Usage:       history.Usage{CPU: dur(), RunDelay: dur()},
				Connections: history.Connections{Inside: r.IntN(4) - 1, Oldest: dur()}, Moved: r.IntN(2) == 0, Still: dur(),
				Answered: uint64(r.IntN(1000)), Outstanding: history.Outstanding{Ports: []int{4000, 4001, 4002}[:r.IntN(4)],
					Ages: []time.Duration{dur(), dur(), dur()}[:r.IntN(4)], Spoke: dur(), LeastAge: r.IntN(4) == 0}}
		},
		func() history.Event {
			p := pid()
			return history.ThreadSample{PID: p, TID: p + r.IntN(3), Name: pick("", "loop", "pool-1"),
				State: pick("R", "S"), Idle: r.IntN(3) == 0, Still: dur(),
				Syscall: pick("", "flock", "futex", "clock_nanosleep", "running", "read"),
				Args:    pick("", "9 → /x, y", "→"), Twice: r.IntN(2) == 0}
		},
		func() history.Event {
			p := pid()
			return history.LockWait{PID: p, TID: p + r.IntN(3), Lock: "flock", Path: pick("", "/a", "/b"),
				Inode: uint64(r.IntN(2)), Still: dur(), Holders: holders()}
		},
		func() history.Event {
			return history.Ledger{Workers: []history.OpenTasks{{PID: pid(), Open: r.IntN(9), Oldest: dur()}}}
		},
		func() history.Event {
			return history.ServerSaid{Event: pick("worker-signalled", "worker-timeout", "worker-exiting"), PID: pid(),
				Fields: map[string]string{"signal": pick("SIGABRT", "SIGTERM")}}
		},
		func() history.Event { return history.Listener{Backlog: r.IntN(3)} },
		func() history.Event {
			p := pid()
			return history.MutexWait{PID: p, TID: p + r.IntN(3), Address: uint64(r.IntN(3)),
				Owner: (p + r.IntN(3)) * r.IntN(2), Still: dur()}
		},
		func() history.Event {
			p := pid()
			return history.PipeWait{PID: p, TID: p + r.IntN(3), Op: pick("read", "write", ""), Fill: r.IntN(9) - 1,
				Size: r.IntN(9) - 1, Others: []history.Peer{{PID: pid()}}[:r.IntN(2)], Still: dur()}
		},
		func() history.Event {
			p := pid()
			return history.DiskWait{PID: p, TID: p + r.IntN(3), Op: "write", Path: pick("", "/x"), Mount: pick("", "/"),
				Frozen: r.IntN(4) == 0, Still: dur()}
		},
		func() history.Event {
			p := pid()
			return history.SocketWait{PID: p, TID: p + r.IntN(3), Op: pick("read", "poll"),
				Remote: pick("", "127.0.0.1:5432", "[::1]:53", "nonsense"), State: pick("", "SYN-SENT"),
				Client: r.IntN(3) == 0, Still: dur(), Silent: dur()}
		},
		func() history.Event {
			p := pid()
			return history.Stack{PID: p, TID: p + r.IntN(3), Frames: []string{"f (a.py:1)"}[:r.IntN(2)],
				Holds: r.IntN(2) == 0}
		},
		func() history.Event {
			st := history.Stack{PID: pid(), Language: pick("python", "go", "ruby"),
				Frames: []string{"f (a.py:1)", "g (b.py:2)"}[:r.IntN(3)], Kind: pick("", "task", "goroutine"),
				ID:    uint64(r.IntN(4)),
				Count: r.IntN(4) - 1, Own: r.IntN(4) - 1, StackRole: history.StackRole{Idle: r.IntN(4) == 0, Pool: r.IntN(2) == 0,
					Ends: r.IntN(5) == 0}, For: dur() * time.Duration(r.IntN(2))}
			if r.IntN(2) == 0 {
				st.TID = st.PID + r.IntN(3)
			}
			if r.IntN(2) == 0 {
				st.Wait = &history.Wait{On: pick("", "lock", "pool", "semaphore", "event", "executor", "channel",
					"thread"), Object: uint64(r.IntN(3)), Name: pick("", "x"), Owner: uint64(r.IntN(4)),
					Before: r.IntN(8) / 7}
			}
			if r.IntN(2) == 0 {
				st.Request = &history.Request{Path: "/x", Port: 4000 + r.IntN(3)}
			}
			return st
		},
		func() history.Event {
			return history.Looked{PID: pid(), Title: pick("", "x waiting", "idle in transaction")}
		},
		func() history.Event {
			return history.Upstream{PID: pid(),
				Waits: []history.Unanswered{{Remote: "10.0.0.9:80", Count: r.IntN(3), Oldest: dur()}}[:r.IntN(2)]}
		},
		func() history.Event { return history.Unseen{PID: pid() * r.IntN(2), What: "x", Hides: r.IntN(4) == 0} },
		func() history.Event {
			p := pid()
			return history.ChildWait{PID: p, TID: p + r.IntN(3), Op: "wait4", Via: pick("end", "pipe"),
				Child: history.Peer{PID: r.IntN(2) * 9}, Still: dur()}
		},
		func() history.Event {
			p := pid()
			return history.TerminalWait{PID: p, TID: p + r.IntN(3), Op: "read", Path: "/dev/pts/1", Still: dur()}
		},
		func() history.Event {
			p := pid()
			return history.SemaphoreWait{PID: p, TID: p + r.IntN(3), ID: r.IntN(3),
				Last: history.Peer{PID: r.IntN(2) * 9}, Dead: r.IntN(2) == 0, Still: dur()}
		},
		func() history.Event {
			p := pid()
			return history.Chain{PID: p, TID: p + r.IntN(3),
				Links: []history.Link{{Peer: history.Peer{PID: 9}, Does: pick("", "computes"),
					Ends: r.IntN(3) == 0}}[:r.IntN(2)]}
		},
		func() history.Event { return history.Descriptors{PID: pid(), Open: r.IntN(5), Limit: r.IntN(5)} },
		func() history.Event {
			return history.Cgroup{PID: pid(), Path: pick("/a", "/b"), Periods: uint64(r.IntN(50)),
				Throttled: uint64(r.IntN(50)), Frozen: r.IntN(4) == 0, UnderOOM: r.IntN(4) == 0, OOMKills: uint64(r.IntN(3))}
		},
		func() history.Event { return history.Overflow{Dropped: uint64(r.IntN(50))} },
		func() history.Event {
			return history.SignalSeen{PID: pid(), Signal: pick("SIGKILL", "SIGSTOP"),
				Sender: history.Peer{PID: r.IntN(2) * 7, Command: pick("", "sh")}}
		},
		func() history.Event {
			return history.Hit{Seq: 1, Due: dur(), Sent: dur(), Took: dur(), Port: 4000 + r.IntN(3)}
		},
		func() history.Event {
			return history.HitWindow{Due: dur(), Width: 100 * ms,
				Errors: map[string]uint64{history.ErrReset: uint64(r.IntN(3))}}
		},
		func() history.Event { return history.Heartbeat{PID: pid(), Age: dur(), Turns: uint64(r.IntN(4))} },
		func() history.Event {
			return history.FaultAsked{ID: pick("a", "b"), Fault: pick("kill", "stop", "hold-lock"),
				PID: pid() * r.IntN(2), Worker: place() * r.IntN(2), Path: pick("", "/a")}
		},
		func() history.Event { return history.FaultInEffect{ID: pick("a", "b", "c"), PID: pid()} },
		func() history.Event { return history.FaultHealed{ID: pick("a", "b", "c")} },
		func() history.Event {
			if r.IntN(200) == 0 {
				return history.PhaseStarted{Phase: history.Ending}
			}
			return history.PhaseStarted{Phase: history.During}
		},
	}
	now := time.Duration(0)
	var records []history.Record
	for i := range n {
		now += time.Duration(r.Int64N(int64(60 * ms)))
		if r.IntN(500) == 0 {
			now += 40 * s
		}
		records = append(records, history.Record{Seq: uint64(i + 1), At: now, Event: makers[r.IntN(len(makers))]()})
	}
	return records
}

// sane says what is wrong with what a fold says, whatever it was told; empty: nothing.
func sane(f *Fold, now time.Duration) string {
	type who struct{ place, pid int }
	open := map[who]bool{}
	for _, in := range f.Incidents() {
		if in.ID <= 0 || len(in.Victims) == 0 || in.Cause.Kind == "" || in.Cause.Sentence == "" ||
			in.Cause.Short == "" || in.Cause.Confidence == "" {
			return fmt.Sprintf("an incident without its parts: %+v", in)
		}
		if in.Detected > now || in.Ended > now || in.Recovered >= 0 && in.Ended < 0 || in.Recovered >= 0 &&
			in.Recovered < in.Ended {
			return fmt.Sprintf("an incident out of order: %+v", in)
		}
		if in.Kind == KindHang && in.Detected < in.Symptom {
			return fmt.Sprintf("detected before it was suspected: %+v", in)
		}
		for _, v := range in.Victims {
			if v.To >= 0 && (v.To < v.From || v.End == "") || v.To < 0 && in.Ended >= 0 {
				return fmt.Sprintf("a victim out of order: %+v", in)
			}
			at := who{v.Place, v.PID}
			if v.To < 0 && open[at] {
				return fmt.Sprintf("pid %d is the victim of two open incidents", v.PID)
			}
			open[at] = open[at] || v.To < 0
		}
	}
	for _, w := range f.Workers() {
		if len(w.Lane) > laneCells || len(w.Lane) == 0 {
			return fmt.Sprintf("worker %d has a lane of %d cells", w.Place, len(w.Lane))
		}
		if open[who{w.Place, w.PID}] && !w.State.IsHang() {
			return fmt.Sprintf("worker %d is %s and the victim of an open hang", w.Place, w.State)
		}
	}
	return ""
}

func TestAnyHistoryFoldsToSomethingSane(t *testing.T) {
	for seed := range uint64(60) {
		f := New(DefaultLimits())
		for _, r := range disorder(seed, 1500) {
			f.Add(r)
			if wrong := sane(f, r.At); wrong != "" {
				t.Fatalf("seed %d, record %d (%T): %s", seed, r.Seq, r.Event, wrong)
			}
		}
	}
}

func TestTheSameHistoryFoldsToTheSame(t *testing.T) {
	for seed := range uint64(20) {
		a, b := fold(disorder(seed, 3000)), fold(disorder(seed, 3000))
		if diff := cmp.Diff(a.Incidents(), b.Incidents()); diff != "" {
			t.Fatalf("seed %d: %s", seed, diff)
		}
		if diff := cmp.Diff(a.Workers(), b.Workers()); diff != "" {
			t.Fatalf("seed %d: %s", seed, diff)
		}
	}
}

func FuzzFold(f *testing.F) {
	f.Add(uint64(1), uint16(300))
	f.Fuzz(func(t *testing.T, seed uint64, n uint16) {
		fold := New(DefaultLimits())
		for _, r := range disorder(seed, int(n%4000)) {
			fold.Add(r)
			if wrong := sane(fold, r.At); wrong != "" {
				t.Fatalf("record %d (%T): %s", r.Seq, r.Event, wrong)
			}
		}
	})
}

func TestIncidentsAreBounded(t *testing.T) {
	l := DefaultLimits()
	l.Incidents = 3
	f := New(l)
	for _, r := range script(pool(1)) {
		f.Add(r)
	}
	for i := range 10 {
		t0 := 2*s + time.Duration(i)*3*s
		pid := 101 + i
		f.Add(history.Record{At: t0, Event: history.WorkerGone{PID: pid, Worker: 1, Signal: "SIGSEGV"}})
		f.Add(history.Record{At: t0 + s, Event: history.WorkerSeen{PID: pid + 1, Worker: 1, Born: t0 + s}})
	}
	if got := len(f.Incidents()); got != 3 {
		t.Errorf("got %d incidents, want 3", got)
	}
}
