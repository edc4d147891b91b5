package faults

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/scenarios"
)

// told writes what was recorded, a line each.
func told(records []history.Record) []string {
	var all []string
	for _, r := range records {
		switch ev := r.Event.(type) {
		case history.FaultAsked:
			all = append(all, fmt.Sprintf("%s asked %s", ev.ID, ev.Fault))
		case history.FaultInEffect:
			all = append(all, ev.ID+" in effect")
		case history.FaultHealed:
			all = append(all, fmt.Sprintf("%s healed: %s", ev.ID, ev.Why))
		case history.FaultFailed:
			all = append(all, fmt.Sprintf("%s failed: %s", ev.ID, ev.Reason))
		}
	}
	return all
}

func prepare(t *testing.T, f scenarios.Fault, field Field, g *Guardian) *Injection {
	t.Helper()
	i, err := Prepare(f, field, g)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func same(t *testing.T, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("told\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// tryLock says whether the lock of a file can be had.
func tryLock(t *testing.T, path, kind string) bool {
	t.Helper()
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if kind == "flock" {
		return unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil
	}
	return unix.FcntlFlock(file.Fd(), unix.F_SETLK, &unix.Flock_t{Type: unix.F_WRLCK}) == nil
}

func TestALockIsHeldForItsTimeByAProcessThatSaysSo(t *testing.T) {
	for _, kind := range []string{"flock", "fcntl"} {
		t.Run(kind, func(t *testing.T) {
			private(t)
			g := newGuardian(t)
			dir := t.TempDir()
			path := filepath.Join(dir, "async_tasks.log")
			i := prepare(t, scenarios.Fault{Kind: "hold-lock", Path: "async_tasks.log", Lock: kind},
				Field{Dir: dir, Name: "shared"}, g)
			rec := history.NewRecorder(time.Now())
			ctx, end := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- Run(ctx, []*Injection{i}, rec) }()
			var seen []history.Record
			eventually(t, "the lock is held", func() bool {
				seen = append(seen, rec.Drain(nil)...)
				return len(seen) == 2
			})
			up, ok := seen[1].Event.(history.FaultInEffect)
			if !ok {
				t.Fatalf("told %v", told(seen))
			}
			if tryLock(t, path, kind) {
				t.Error("another could take the lock while it was said to be held")
			}
			line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", up.PID))
			if want := "hangtime\x00hold-lock\x00" + kind + "\x00" + path + "\x00" + dir + "\x00"; err != nil || string(line) != want {
				t.Errorf("the holder's command line is %q (%v), want %q", line, err, want)
			}
			end()
			if err := <-done; err != nil {
				t.Error(err)
			}
			same(t, told(rec.Drain(nil)), "shared/1 healed: interrupted")
			if !tryLock(t, path, kind) {
				t.Error("the lock is still held")
			}
			if !over(up.PID) {
				t.Error("its holder still runs")
			}
		})
	}
}

func TestFaultsAreHealedInReverseWhenThePhaseEnds(t *testing.T) {
	private(t)
	g := newGuardian(t)
	dir := t.TempDir()
	c := newCrew(t)
	field := Field{Arbiter: c.Arbiter, Workers: c.seen, Dir: dir, Name: "v"}
	all := []*Injection{
		prepare(t, scenarios.Fault{Kind: "hold-lock", Path: "x.log"}, field, g),
		prepare(t, scenarios.Fault{Kind: "stop", Worker: "2"}, field, g),
	}
	rec := history.NewRecorder(time.Now())
	ctx, end := context.WithCancelCause(t.Context())
	done := make(chan error, 1)
	go func() { done <- Run(ctx, all, rec) }()
	var up []string
	eventually(t, "both are in effect", func() bool {
		for _, line := range told(rec.Drain(nil)) {
			if id, ok := strings.CutSuffix(line, " in effect"); ok {
				up = append(up, id)
			}
		}
		return len(up) == 2
	})
	end(context.DeadlineExceeded)
	if err := <-done; err != nil {
		t.Error(err)
	}
	same(t, told(rec.Drain(nil)), up[1]+" healed: the phase is over", up[0]+" healed: the phase is over")
	if state(c.Workers[1]) == 'T' {
		t.Error("the worker is still stopped")
	}
}

func TestAStoppedWorkerIsContinuedWhenItsTimeIsOver(t *testing.T) {
	private(t)
	g := newGuardian(t)
	c := newCrew(t)
	i := prepare(t, scenarios.Fault{Kind: "stop", Worker: "1", For: 100 * time.Millisecond},
		Field{Arbiter: c.Arbiter, Workers: c.seen, Name: "v"}, g)
	rec := history.NewRecorder(time.Now())
	if err := Run(t.Context(), []*Injection{i}, rec); err != nil {
		t.Error(err)
	}
	same(t, told(rec.Drain(nil)), "v/1 asked stop", "v/1 in effect", "v/1 healed: its time was over")
	if got := state(c.Workers[0]); got == 'T' || got == 0 {
		t.Errorf("the worker is in state %c", got)
	}
}

func TestAStoppedWorkerThatDiesMeanwhileIsHealed(t *testing.T) {
	private(t)
	g := newGuardian(t)
	c := newCrew(t)
	i := prepare(t, scenarios.Fault{Kind: "stop", Worker: "1", For: time.Minute},
		Field{Arbiter: c.Arbiter, Workers: c.seen, Name: "v"}, g)
	rec := history.NewRecorder(time.Now())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- Run(ctx, []*Injection{i}, rec) }()
	var seen []history.Record
	eventually(t, "it is stopped", func() bool {
		seen = append(seen, rec.Drain(nil)...)
		return len(seen) == 2
	})
	_ = unix.Kill(c.Workers[0], unix.SIGKILL)
	eventually(t, "it is dead", func() bool { return over(c.Workers[0]) })
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	same(t, told(append(seen, rec.Drain(nil)...)), "v/1 asked stop", "v/1 in effect",
		"v/1 healed: interrupted; the process is gone")
}

func TestKillHitsEachOfAllAndSaysSoWhenTheyAreDead(t *testing.T) {
	private(t)
	g := newGuardian(t)
	c := newCrew(t)
	i := prepare(t, scenarios.Fault{Kind: "kill", Worker: "all"}, Field{Arbiter: c.Arbiter, Workers: c.seen, Name: "v"}, g)
	rec := history.NewRecorder(time.Now())
	if err := Run(t.Context(), []*Injection{i}, rec); err != nil {
		t.Error(err)
	}
	effects := 0
	for _, r := range rec.Drain(nil) {
		switch ev := r.Event.(type) {
		case history.FaultAsked:
			if ev.For != 0 {
				t.Errorf("a kill is planned for %v, want an instant", ev.For)
			}
		case history.FaultInEffect:
			effects++
		case history.FaultFailed:
			t.Errorf("failed: %s", ev.Reason)
		}
	}
	if effects != 2 || !over(c.Workers[0]) || !over(c.Workers[1]) || over(c.Arbiter) {
		t.Errorf("%d seen dead, want both workers dead and the arbiter alive", effects)
	}
}

func TestKillIsRepeatedUntilThePhaseEnds(t *testing.T) {
	private(t)
	g := newGuardian(t)
	c := newCrew(t)
	i := prepare(t, scenarios.Fault{Kind: "kill", Worker: "oldest", Every: 200 * time.Millisecond},
		Field{Arbiter: c.Arbiter, Workers: c.seen, Name: "v"}, g)
	rec := history.NewRecorder(time.Now())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- Run(ctx, []*Injection{i}, rec) }()
	var seen []history.Record
	eventually(t, "a third stroke finds nobody", func() bool {
		seen = append(seen, rec.Drain(nil)...)
		return len(seen) >= 6
	})
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	same(t, told(seen[:6]), "v/1 asked kill", "v/1 in effect", "v/2 asked kill", "v/2 in effect", "v/3 asked kill",
		"v/3 failed: no worker is alive")
}

func TestNothingStrikesAtTheVeryEndOfThePhase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stage{rec: history.NewRecorder(time.Now()), begin: time.Now()}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		s.schedule(ctx, &Injection{fault: scenarios.Fault{Kind: "request", Every: 5 * time.Second}, harm: nobody{}})
		same(t, told(s.rec.Drain(nil)), "/1 asked request", "/1 failed: nobody", "/2 asked request", "/2 failed: nobody")
	})
}

func TestWhatIsOverAtOnceIsRepeatedForItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stage{rec: history.NewRecorder(time.Now()), begin: time.Now()}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		s.schedule(ctx, &Injection{fault: scenarios.Fault{Kind: "request", At: time.Second, Every: time.Second,
			For: 2 * time.Second}, harm: nobody{}})
		same(t, told(s.rec.Drain(nil)), "/1 asked request", "/1 failed: nobody", "/2 asked request", "/2 failed: nobody")
	})
}

// nobody is a harm without a target.
type nobody struct{}

func (nobody) instant()                                       {}
func (nobody) aim(_ context.Context) ([]target, error)        { return nil, errors.New("nobody") }
func (nobody) strike(context.Context, target) (effect, error) { panic("struck") }

// late is a harm whose target is found only when its time is over.
type late struct{ end context.CancelFunc }

func (late) instant() {}
func (l late) aim(context.Context) ([]target, error) {
	l.end()
	return []target{{words: "worker 1"}}, nil
}
func (late) strike(context.Context, target) (effect, error) { panic("struck") }

func TestNothingIsStruckWhenItsTimeHasEnded(t *testing.T) {
	ctx, end := context.WithCancel(t.Context())
	s := &stage{rec: history.NewRecorder(time.Now())}
	s.stroke(ctx, &Injection{fault: scenarios.Fault{Kind: "kill"}, harm: late{end}})
	same(t, told(s.rec.Drain(nil)), "/1 asked kill", "/1 failed: interrupted before it took effect: context canceled")
}

// Who is the busiest takes a moment to be seen: a run that ends meanwhile neither waits for it nor kills anybody.
func TestNobodyIsKilledWhileTheBusiestIsStillSought(t *testing.T) {
	private(t)
	g := newGuardian(t)
	c := newCrew(t)
	i := prepare(t, scenarios.Fault{Kind: "kill", Worker: "busiest"},
		Field{Arbiter: c.Arbiter, Workers: c.seen, Name: "v"}, g)
	rec := history.NewRecorder(time.Now())
	ctx, end := context.WithTimeout(t.Context(), busyFor/4)
	defer end()
	if err := Run(ctx, []*Injection{i}, rec); err != nil {
		t.Error(err)
	}
	same(t, told(rec.Drain(nil)), "v/1 asked kill", "v/1 failed: choose the busiest worker: context deadline exceeded")
	for _, pid := range c.Workers {
		if over(pid) {
			t.Errorf("pid %d was killed", pid)
		}
	}
}

func TestAFaultLastsAsLongAsThePlanSays(t *testing.T) {
	for _, one := range []struct {
		name    string
		planned time.Duration
		left    time.Duration
		want    time.Duration
	}{
		{"a plan for the rest of the phase, begun a moment late", 0, 2999 * time.Millisecond, 3 * time.Second},
		{"a plan as long as the phase, begun a moment late", 3 * time.Second, 2993 * time.Millisecond, 3 * time.Second},
		{"a plan shorter than the phase", time.Second, 2999 * time.Millisecond, time.Second},
		{"a plan longer than what is left", 5 * time.Second, 2 * time.Second, 2 * time.Second},
		{"the last moment", 5 * time.Second, time.Millisecond, 100 * time.Millisecond},
		{"longer than any fault may be", 0, time.Hour, Longest},
	} {
		t.Run(one.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), one.left)
				defer cancel()
				if got := (&Injection{fault: scenarios.Fault{For: one.planned}, harm: stopHarm{}}).lasts(ctx); got != one.want {
					t.Errorf("it lasts %v, want %v", got, one.want)
				}
			})
		})
	}
}

func TestAProcessThatIsNotTheServersIsNeverChosen(t *testing.T) {
	private(t)
	g := newGuardian(t)
	c, other := newCrew(t), newCrew(t)
	i := prepare(t, scenarios.Fault{Kind: "kill", Worker: "all"},
		Field{Arbiter: c.Arbiter, Workers: other.seen, Name: "v"}, g)
	rec := history.NewRecorder(time.Now())
	if err := Run(t.Context(), []*Injection{i}, rec); err != nil {
		t.Error(err)
	}
	same(t, told(rec.Drain(nil)), "v/1 asked kill", "v/1 failed: no worker is alive")
	if over(other.Workers[0]) {
		t.Error("it was killed")
	}
}

// The task engine is the process that the server names, if it is one of its own.
func TestTheEngineThatIsKilledIsTheServersOwn(t *testing.T) {
	private(t)
	g := newGuardian(t)
	c, other := newCrew(t), newCrew(t)
	own, stranger := c.Workers[0], other.Workers[0]
	for _, one := range []struct {
		name   string
		engine func() int
		want   string
	}{
		{"none is known", nil, "v/1 failed: the server has no task engine of its own; want server.tasks: jetstream"},
		{"it has none", func() int { return 0 }, "v/1 failed: the server has no task engine of its own; want server.tasks: jetstream"},
		{"another's", func() int { return stranger },
			fmt.Sprintf("v/1 failed: the task engine (pid %d) is not alive, or not the server's own", stranger)},
		{"its own", func() int { return own }, "v/1 in effect"},
	} {
		i := prepare(t, scenarios.Fault{Kind: "kill", Worker: "engine"},
			Field{Arbiter: c.Arbiter, Workers: c.seen, Engine: one.engine, Name: "v"}, g)
		rec := history.NewRecorder(time.Now())
		if err := Run(t.Context(), []*Injection{i}, rec); err != nil {
			t.Errorf("%s: %v", one.name, err)
		}
		same(t, told(rec.Drain(nil)), "v/1 asked kill", one.want)
	}
	if over(other.Workers[0]) || !over(c.Workers[0]) {
		t.Error("want the server's own process dead, and the stranger alive")
	}
}

func TestTheSameSeedChoosesTheSameWorkers(t *testing.T) {
	workers := []Worker{{Place: 1, PID: 1}, {Place: 2, PID: 2}, {Place: 3, PID: 3}, {Place: 4, PID: 4}}
	draw := func(seed uint64) string {
		f := scenarios.Fault{Kind: "kill", Worker: "random"}
		field := Field{Seed: seed, Name: "v"}
		c := choice{f.Worker, field, seeded(f, field)}
		var places []string
		for range 20 {
			w, err := c.pick(t.Context(), workers)
			if err != nil {
				t.Fatal(err)
			}
			places = append(places, fmt.Sprint(w[0].Place))
		}
		return strings.Join(places, "")
	}
	if first, again := draw(1), draw(1); first != again {
		t.Error("seed 1 chose differently the second time")
	}
	if draw(1) == draw(2) {
		t.Error("seeds 1 and 2 chose the same 20 workers")
	}
}

func TestARequestIsInEffectOnlyWhenTheExpectedAnswerCame(t *testing.T) {
	private(t)
	g := newGuardian(t)
	var got string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.Method + " " + r.URL.Path + " " + r.Header.Get("Content-Type")
		w.WriteHeader(http.StatusAccepted)
	}))
	defer server.Close()
	for _, one := range []struct {
		expect []int
		want   string
	}{{[]int{202}, "v/1 in effect"}, {nil, "v/1 in effect"},
		{[]int{200}, "v/1 failed: the answer was 202 Accepted, want [200]"}} {
		f := scenarios.Fault{Kind: "request",
			Request: &scenarios.Target{Method: "POST", Path: "/task", Body: "{}", Expect: one.expect}}
		rec := history.NewRecorder(time.Now())
		if err := Run(t.Context(), []*Injection{prepare(t, f, Field{Base: server.URL, Name: "v"}, g)}, rec); err != nil {
			t.Error(err)
		}
		same(t, told(rec.Drain(nil)), "v/1 asked request", one.want)
		if got != "POST /task application/json" {
			t.Errorf("sent %q", got)
		}
	}
}

func TestWhatCannotBeDoneIsRefusedBeforeAnythingStarts(t *testing.T) {
	dir := t.TempDir()
	for _, one := range []struct {
		name  string
		fault scenarios.Fault
		field Field
		want  string
	}{
		{"a kind that is not known", scenarios.Fault{Kind: "curse"}, Field{}, `no fault is called "curse"`},
		{"a signal without a known server", scenarios.Fault{Kind: "kill"}, Field{}, "no process of the server is known"},
		{"a worker that is no choice", scenarios.Fault{Kind: "stop", Worker: "youngest"}, Field{Arbiter: 1},
			"want random, oldest, busiest, all"},
		{"a file outside", scenarios.Fault{Kind: "hold-lock", Path: "../x"}, Field{Dir: dir},
			"leaves the server's log folder"},
		{"a folder that is not there", scenarios.Fault{Kind: "hold-lock", Path: "a/b"}, Field{Dir: dir},
			"the folder of the file to lock"},
		{"no folder", scenarios.Fault{Kind: "hold-lock", Path: "x"}, Field{}, "no log folder"},
		{"a lock of another kind", scenarios.Fault{Kind: "hold-lock", Path: "x", Lock: "lockf"}, Field{Dir: dir},
			"want flock or fcntl"},
		{"a call to another machine", scenarios.Fault{Kind: "request", Request: &scenarios.Target{Path: "/"}},
			Field{Base: "http://192.0.2.1:80"}, "not an address of this machine's loopback"},
		{"a call without a path", scenarios.Fault{Kind: "request"}, Field{Base: "http://127.0.0.1:1"}, "has no path"},
	} {
		t.Run(one.name, func(t *testing.T) {
			_, err := Prepare(one.fault, one.field, nil)
			if err == nil || !strings.Contains(err.Error(), one.want) {
				t.Errorf("error %v, want one with %q", err, one.want)
			}
		})
	}
}

func TestALockThatCannotBeHadInTimeIsAFailedFaultAndLeavesNoHolder(t *testing.T) {
	private(t)
	g := newGuardian(t)
	dir := t.TempDir()
	file, err := os.Create(filepath.Join(dir, "x.log"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	i := prepare(t, scenarios.Fault{Kind: "hold-lock", Path: "x.log"}, Field{Dir: dir, Name: "v"}, g)
	rec := history.NewRecorder(time.Now())
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	if err := Run(ctx, []*Injection{i}, rec); err != nil {
		t.Error(err)
	}
	got := told(rec.Drain(nil))
	if len(got) != 2 || !strings.HasPrefix(got[1], "v/1 failed: the phase is over before it took effect") {
		t.Errorf("told %v", got)
	}
	all, err := everyone()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", s.PID))
		if strings.Contains(string(line), dir) {
			t.Errorf("its holder %d is left", s.PID)
		}
	}
}

func FuzzReadJournal(f *testing.F) {
	f.Add(`{"boot":"b","mark":"m=1"}
{"add":{"id":"a","kind":"continue","pid":5,"start":9}}
{"drop":"a"}
{"add":{"id":"b","kind":"remove-fol`)
	f.Fuzz(func(t *testing.T, text string) {
		_, open, err := readJournal([]byte(text))
		if err == nil && len(open) > strings.Count(text, "add") {
			t.Errorf("%d records out of %q", len(open), text)
		}
	})
}

// A link in the log folder that leads out of it is not followed: what is locked there would not be the server's.
func TestALockStaysInTheLogFolder(t *testing.T) {
	private(t)
	g := newGuardian(t)
	dir, outside := t.TempDir(), t.TempDir()
	for link, to := range map[string]string{"file": filepath.Join(outside, "a.log"), "folder": outside, "inside": "b.log"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	for path, refused := range map[string]bool{"file": true, "folder/a.log": true, "../a.log": true, "inside": false, "c.log": false} {
		_, err := Prepare(scenarios.Fault{Kind: "hold-lock", Path: path}, Field{Dir: dir, Name: "x"}, g)
		if (err != nil) != refused {
			t.Errorf("%s: %v, want refused: %v", path, err, refused)
		}
		file, err := openInside(dir, filepath.Join(dir, path))
		if (err != nil) != refused {
			t.Errorf("%s: opened with %v, want refused: %v", path, err, refused)
		}
		if err == nil {
			_ = file.Close()
		}
	}
	if got := entries(t, outside); got != "" {
		t.Errorf("made outside of the folder: %s", got)
	}
}
