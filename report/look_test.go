package report

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/history"
)

// hungLook is one of a server with a worker that hangs, one that waits for work, and evidence that may not be read.
func hungLook() Look {
	now, began := 4*time.Second, time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	cause := diagnose.Cause{
		Kind: diagnose.CauseFileLock, Confidence: diagnose.Proven, Short: "flock app.log ← pid 99",
		Sentence: "blocked in flock on /srv/app.log, held by pid 99 (cron)",
		Path:     "/srv/app.log", Inode: 7, Holders: []history.LockHolder{{PID: 99, Command: "cron", Creator: true}},
		Where: "emit (logging.py:10)",
		Stack: []string{"emit (logging.py:10)", "view (app.py:3)"}, Chain: []string{"worker 1 waits for pid 99"},
		Remedy: "take no lock", Evidence: []uint64{4, 9},
	}
	hung := diagnose.Worker{
		Identity:  diagnose.Identity{Place: 1, PID: 41},
		Condition: diagnose.Condition{State: diagnose.Hung, Since: time.Second, Cause: &cause},
		Load:      diagnose.Load{Inside: 2, Oldest: 3200 * time.Millisecond},
		Snapshot: diagnose.Snapshot{
			Threads: []history.ThreadSample{{TID: 41, Name: "worker", State: "S", Still: 3 * time.Second, Syscall: "flock",
				Args: "5, LOCK_EX", Wchan: "locks_lock_inode_wait"}},
			Stacks: []history.Stack{{TID: 41, Language: "python", Frames: cause.Stack, Holds: true}},
		},
	}
	idle := diagnose.Worker{
		Identity:  diagnose.Identity{Place: 2, PID: 42},
		Condition: diagnose.Condition{State: diagnose.Idle, Label: diagnose.Draining},
		Snapshot: diagnose.Snapshot{
			Threads: []history.ThreadSample{{TID: 42, Name: "worker", State: "S", Idle: true}},
		},
	}
	in := diagnose.Incident{
		ID: 1, Kind: diagnose.KindHang, Cause: cause,
		Victims: []diagnose.Victim{{Place: 1, PID: 41, From: time.Second, To: -1}},
		Began:   time.Second, Detected: 2 * time.Second, Ended: -1, Recovered: -1,
	}
	return Look{
		Version: LookVersion, Tool: "v9", Time: began.Add(now), Server: Server{PID: 40, Command: "gunicorn app", Address: "127.0.0.1:8000"},
		Backlog: &Backlog{3, 128},
		Workers: []Worker{newWorker(hung, now), newWorker(idle, now)}, Incidents: []Incident{NewIncident(in, now, began)},
		Unseen: []string{"not seen: kernel stacks (permission denied); run hangtime as root"},
	}
}

func TestALookIsToldAsItAlwaysWas(t *testing.T) {
	look := hungLook()
	for name, write := range map[string]func(*strings.Builder) error{
		"look.txt":  func(b *strings.Builder) error { return look.Text(b) },
		"look.json": func(b *strings.Builder) error { return look.JSON(b) },
	} {
		var got strings.Builder
		if err := write(&got); err != nil {
			t.Fatal(err)
		}
		golden(t, name, got.String())
	}
}

func TestALookSaysWhatItComesTo(t *testing.T) {
	worker := func(s diagnose.State) Worker { return Worker{State: s} }
	for _, c := range []struct {
		name      string
		look      Look
		want      string
		undecided bool
	}{
		{"nobody hangs", Look{Workers: []Worker{worker(diagnose.Busy)}}, "healthy: no worker hangs", false},
		{"stopped by a signal is a hang", Look{Workers: []Worker{worker(diagnose.Stopped), worker(diagnose.Idle)}},
			"HUNG: 1 of 2 workers", false},
		{"too little was seen", Look{Blind: true, Workers: []Worker{worker(diagnose.Idle)}},
			"unknown: no hang was seen, but requests could not be", false},
		{"a suspect may yet hang", Look{Workers: []Worker{worker(diagnose.Suspect)}}, "healthy: no worker hangs", true},
	} {
		if got := c.look.sentence(); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
		if got := c.look.Undecided(); got != c.undecided {
			t.Errorf("%s: undecided %v", c.name, got)
		}
	}
}

// That the watching ends is none of the server's doing: a hang that was open stays so, and what could not be read
// comes with it.
func TestTheEndOfWatchingEndsNothing(t *testing.T) {
	b := NewLookBuilder()
	at := func(d time.Duration, ev history.Event) { b.Add(history.Record{At: d, Event: ev}) }
	at(0, history.WorkerSeen{Worker: 1, PID: 41})
	at(time.Second, history.Listener{Backlog: 3, Limit: 128})
	at(time.Second, history.Trouble{Text: "the disk is full"})
	at(9*time.Second, history.VariantEnded{})
	at(9*time.Second, history.RunEnded{})
	look := b.Look(Watched{Unseen: []string{"not seen: descriptors"}, Blind: "not seen: descriptors"})
	if b.Now() != time.Second || !look.Blind || look.Backlog == nil || len(look.Workers) != 1 {
		t.Errorf("at %v: %+v", b.Now(), look)
	}
	if diff := cmp.Diff([]string{"not seen: descriptors", "the disk is full"}, look.Unseen); diff != "" {
		t.Error(diff)
	}
}
