package report

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/words"
)

// A worker stands still in a flock and is killed: each thing is told once, the hook is called once, and what was
// there at the beginning is not told as new.
func TestAWatchIsToldAsItHappens(t *testing.T) {
	var out strings.Builder
	c := NewWatchConsole(&out)
	c.Every = 10 * time.Second
	c.Cost = func() float64 { return 0.012 }
	var hooked []Incident
	c.OnHang = func(in Incident) { hooked = append(hooked, in) }
	seq := uint64(0)
	at := func(at time.Duration, events ...history.Event) {
		for _, ev := range events {
			seq++
			if err := c.Sink([]history.Record{{Seq: seq, At: at, Event: ev}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	at(0, history.ServerStarted{Server: "attach", PID: 40}, history.WorkerSeen{Worker: 1, PID: 41},
		history.WorkerSeen{Worker: 2, PID: 42})
	began := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	c.Begin("process 40 (gunicorn) at 127.0.0.1:8000", Watched{Unseen: []string{"not seen: kernel stacks"}, Began: began})
	for now := 100 * time.Millisecond; now <= 3*time.Second; now += 100 * time.Millisecond {
		at(now, history.Listener{Backlog: 2, Limit: 128},
			history.WorkerSample{PID: 41, State: "S", Connections: history.Connections{Inside: 1, Oldest: now},
				Outstanding: history.Outstanding{Ports: []int{7}}},
			history.WorkerSample{PID: 42, State: "S", Connections: history.Connections{Idle: 1}},
			history.ThreadSample{PID: 41, TID: 41, State: "S", Syscall: "flock", Still: now, Twice: true},
			history.LockWait{PID: 41, TID: 41, Lock: "flock", FD: 5, Path: "/srv/app.log", Inode: 7, Still: now,
				Holders: []history.LockHolder{{PID: 99, Command: "cron"}}},
			history.Tick{})
	}
	at(3*time.Second, history.Trouble{Text: "the disk is full"},
		history.WorkerGone{Worker: 1, PID: 41, Signal: "SIGKILL", By: "pid 812"}, history.Tick{},
		history.WorkerSeen{Worker: 1, PID: 43}, history.Tick{})
	at(3*time.Second+time.Millisecond, history.VariantEnded{}, history.RunEnded{})
	c.End(3 * time.Second)
	golden(t, "watch.txt", out.String())
	if len(hooked) != 1 || hooked[0].Cause.Kind != diagnose.CauseFileLock || hooked[0].Since.Before(began) ||
		c.Hangs() != 1 {
		t.Errorf("the hook was given %+v; %d hangs", hooked, c.Hangs())
	}
}

// Two workers hang, of one of them it is told why only later: then they are one hang, and one is counted.
func TestTwoHangsThatAreOneAreCountedOnce(t *testing.T) {
	var out strings.Builder
	c := NewWatchConsole(&out)
	at := func(at time.Duration, events ...history.Event) {
		for _, ev := range events {
			if err := c.Sink([]history.Record{{At: at, Event: ev}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	at(0, history.ServerStarted{Server: "attach", PID: 40}, history.WorkerSeen{Worker: 1, PID: 41},
		history.WorkerSeen{Worker: 2, PID: 42})
	c.Begin("process 40 (gunicorn) at 127.0.0.1:8000", Watched{})
	for now := 100 * time.Millisecond; now <= 40*time.Second; now += 100 * time.Millisecond {
		for _, pid := range []int{41, 42} {
			at(now, history.WorkerSample{PID: pid, State: "S", Connections: history.Connections{Inside: 1, Oldest: now},
				Outstanding: history.Outstanding{Ports: []int{pid}}})
			if pid == 42 && now < 30*time.Second {
				continue // its threads could not be read
			}
			at(now, history.ThreadSample{PID: pid, TID: pid, State: "S", Syscall: "flock", Still: now, Twice: true},
				history.LockWait{PID: pid, TID: pid, Lock: "flock", FD: 5, Path: "/srv/app.log", Inode: 7, Still: now,
					Holders: []history.LockHolder{{PID: 99, Command: "cron"}}})
		}
		at(now, history.Tick{})
	}
	c.End(40 * time.Second)
	if got := strings.Count(out.String(), "HANG"); got < 2 {
		t.Errorf("%d hangs were told at first, want two:\n%s", got, out.String())
	}
	if want := "watched for 40s: 1 hang, 0 deaths"; !strings.Contains(out.String(), want) {
		t.Errorf("%q is not said:\n%s", want, out.String())
	}
}

// What was found in the last moment is told before the sum.
func TestAHangOfTheLastMomentIsTold(t *testing.T) {
	var out strings.Builder
	c := NewWatchConsole(&out)
	sink := func(at time.Duration, events ...history.Event) {
		for _, ev := range events {
			if err := c.Sink([]history.Record{{At: at, Event: ev}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	sink(0, history.ServerStarted{Server: "attach", PID: 40}, history.WorkerSeen{Worker: 1, PID: 41})
	c.Begin("process 40 (gunicorn) at 127.0.0.1:8000", Watched{})
	for now := 100 * time.Millisecond; c.Hangs() == 0 && now < time.Minute; now += 100 * time.Millisecond {
		sink(now, history.WorkerSample{PID: 41, State: "S", Connections: history.Connections{Inside: 1, Oldest: now},
			Outstanding: history.Outstanding{Ports: []int{7}}},
			history.ThreadSample{PID: 41, TID: 41, State: "S", Syscall: "flock", Still: now, Twice: true}, history.Tick{})
	}
	if strings.Contains(out.String(), "HANG") {
		t.Fatalf("it was told already:\n%s", out.String())
	}
	c.End(2 * time.Second)
	if told, sum, _ := strings.Cut(out.String(), "watched for 2s: 1 hang"); !strings.Contains(told, "HANG #1 worker 1") || sum == "" {
		t.Errorf("it is not told before the sum:\n%s", out.String())
	}
}

func TestAMomentOfAWatch(t *testing.T) {
	got := map[time.Duration]string{}
	want := map[time.Duration]string{
		0: "00:00:00.0", 3723400 * time.Millisecond: "01:02:03.4", -5700 * time.Millisecond: "5.7 s before this watch",
	}
	for at := range want {
		got[at] = words.Watch(at)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
