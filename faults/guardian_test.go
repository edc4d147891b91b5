package faults

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/scenarios"
)

func TestAnOrderlyCloseMendsEverythingAndLeavesNoJournal(t *testing.T) {
	tmp, stateHome := private(t)
	g := newGuardian(t)
	dir, err := g.TempDir()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "a.log"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := newCrew(t, g.Mark())
	if err := g.Adopt(c.Arbiter); err != nil {
		t.Fatal(err)
	}
	if got := entries(t, filepath.Join(stateHome, "hangtime")); !strings.HasSuffix(got, journalSuffix) {
		t.Errorf("journal while the run is under way: %q", got)
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	for _, pid := range c.all() {
		if !over(pid) {
			t.Errorf("pid %d still runs after Close", pid)
		}
	}
	if got := entries(t, tmp); got != "" {
		t.Errorf("left in the folder for temporary files: %s", got)
	}
	if got := entries(t, filepath.Join(stateHome, "hangtime")); got != "" {
		t.Errorf("journals left: %s", got)
	}
	if err := g.Adopt(os.Getpid()); err == nil {
		t.Error("a closed guardian adopted a process")
	}
}

func TestTheGuardianEndsWorkersWhoseArbiterDiedBeforeIt(t *testing.T) {
	private(t)
	g := newGuardian(t)
	c := newCrew(t) // without the mark: known by descent alone
	if err := g.Adopt(c.Arbiter); err != nil {
		t.Fatal(err)
	}
	if err := unix.Kill(c.Arbiter, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the workers are orphans", func() bool {
		s, err := readStatus(c.Workers[0])
		return err == nil && s.stat.Parent != c.Arbiter
	})
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	for _, pid := range c.Workers {
		if !over(pid) {
			t.Errorf("orphan %d still runs", pid)
		}
	}
}

func TestAForgottenServerIsLeftAlone(t *testing.T) {
	private(t)
	g := newGuardian(t)
	c := newCrew(t)
	if err := g.Adopt(c.Arbiter); err != nil {
		t.Fatal(err)
	}
	g.Forget(c.Arbiter)
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	if over(c.Arbiter) {
		t.Error("it was ended")
	}
}

func TestOnlyAFolderOfARunIsEverRemoved(t *testing.T) {
	for _, path := range []string{t.TempDir(), "relative/" + folderPrefix + "x", "/"} {
		if err := removeFolder(path); err == nil {
			t.Errorf("%s was removed", path)
		}
	}
}

func TestARecycledPidIsNeverHit(t *testing.T) {
	c := newCrew(t)
	p, err := identify(c.Workers[0])
	if err != nil {
		t.Fatal(err)
	}
	p.Start-- // the same number, another process
	for name, do := range map[string]func() error{
		"signal": func() error { return p.signal(unix.SIGKILL) },
		"halt":   func() error { return halt(context.Background(), p) },
	} {
		if err := do(); !errors.Is(err, errGone) {
			t.Errorf("%s: %v, want errGone", name, err)
		}
	}
	for name, do := range map[string]func() error{"end": func() error { return p.end(time.Second) }, "resume": func() error { return resume(p) }} {
		if err := do(); err != nil {
			t.Errorf("%s of what is gone: %v", name, err)
		}
	}
	if over(c.Workers[0]) || state(c.Workers[0]) == 'T' {
		t.Error("the process that has the number now was hit")
	}
}

// injected is what the injector says once its fault is up.
type injected struct {
	Crew     crew
	Guardian int
	Dir      string
	Hit      int // the process that the fault stopped or that holds the lock
}

// injector is a hangtime that injects the fault in its environment and waits to be killed.
func injector() {
	var f scenarios.Fault
	if err := json.Unmarshal([]byte(os.Getenv("FAULT")), &f); err != nil {
		panic(err)
	}
	g, err := StartGuardian(context.Background())
	if err != nil {
		panic(err)
	}
	said := injected{Guardian: g.line.cmd.Process.Pid}
	if said.Dir, err = g.TempDir(); err != nil {
		panic(err)
	}
	mark := g.Mark()
	adopts := os.Getenv("ADOPT") == "yes"
	if !adopts {
		mark = "NOT_MARKED=1"
	}
	if said.Crew, _, err = startCrew(mark); err != nil {
		panic(err)
	}
	if adopts {
		if err := g.Adopt(said.Crew.Arbiter); err != nil {
			panic(err)
		}
	}
	i, err := Prepare(f, Field{Arbiter: said.Crew.Arbiter, Dir: said.Dir, Workers: said.Crew.seen, Name: "test"}, g)
	if err != nil {
		panic(err)
	}
	rec := history.NewRecorder(time.Now())
	go func() {
		for {
			for _, r := range rec.Drain(nil) {
				if seen, ok := r.Event.(history.FaultInEffect); ok {
					said.Hit = seen.PID
					_, _ = os.Stdout.WriteString(mustJSON(said) + "\n")
				}
			}
			time.Sleep(time.Millisecond)
		}
	}()
	if err := Run(context.Background(), []*Injection{i}, rec); err != nil {
		panic(err)
	}
	os.Exit(0)
}

func startInjector(t *testing.T, f scenarios.Fault, adopts bool) (injected, *exec.Cmd) {
	t.Helper()
	adopt := map[bool]string{true: "yes", false: "no"}[adopts]
	cmd := child("injector", "FAULT="+mustJSON(f), "ADOPT="+adopt)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var said injected
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		t.Fatal("the injector ended before its fault was in effect")
	}
	if err := json.Unmarshal(lines.Bytes(), &said); err != nil {
		t.Fatal(err)
	}
	return said, cmd
}

// lastingFaults are those that have to be mended.
func lastingFaults() map[string]scenarios.Fault {
	return map[string]scenarios.Fault{
		"flock held": {Kind: "hold-lock", Path: "async_tasks.log", Lock: "flock", For: 50 * time.Second},
		"fcntl held": {Kind: "hold-lock", Path: "async_tasks.log", Lock: "fcntl", For: 50 * time.Second},
		"stopped":    {Kind: "stop", Worker: "all", For: 50 * time.Second},
	}
}

func TestAKilledInjectorLeavesNothing(t *testing.T) {
	for name, f := range lastingFaults() {
		t.Run(name, func(t *testing.T) {
			tmp, stateHome := private(t)
			said, cmd := startInjector(t, f, true)
			began := time.Now()
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait()
			for _, pid := range append(said.Crew.all(), said.Guardian, said.Hit) {
				eventually(t, "every process of it is gone", func() bool { return over(pid) })
			}
			eventually(t, "its folder is gone", func() bool { return entries(t, tmp) == "" })
			eventually(t, "its journal is gone", func() bool { return entries(t, filepath.Join(stateHome, "hangtime")) == "" })
			t.Logf("mended %v after the kill", time.Since(began).Round(time.Millisecond))
		})
	}
}

func TestAKilledInjectorsVictimIsContinued(t *testing.T) {
	private(t)
	said, cmd := startInjector(t, scenarios.Fault{Kind: "stop", Worker: "1", For: 50 * time.Second}, false)
	t.Cleanup(func() {
		for _, pid := range said.Crew.all() {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	})
	if got := state(said.Crew.Workers[0]); got != 'T' {
		t.Fatalf("its victim is in state %c, want T", got)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	eventually(t, "the victim runs again", func() bool { s := state(said.Crew.Workers[0]); return s != 'T' && s != 0 })
}

func TestReplayMendsWhatAKilledGuardianCouldNot(t *testing.T) {
	tmp, _ := private(t)
	said, cmd := startInjector(t, scenarios.Fault{Kind: "stop", Worker: "all", For: 50 * time.Second}, true)
	if busy, err := Replay(); err != nil || len(busy) != 1 || !busy[0].Busy {
		t.Errorf("replay under a running guardian: %+v, %v, want one that is busy", busy, err)
	}
	// hangtime must not see the guardian's end, or another one would mend.
	for _, one := range []struct {
		pid    int
		signal unix.Signal
	}{{cmd.Process.Pid, unix.SIGSTOP}, {said.Guardian, unix.SIGKILL}, {cmd.Process.Pid, unix.SIGKILL}} {
		if err := unix.Kill(one.pid, one.signal); err != nil {
			t.Fatal(err)
		}
	}
	_ = cmd.Wait()
	eventually(t, "the guardian is gone", func() bool { return over(said.Guardian) })
	if got := state(said.Hit); got != 'T' { // the first that was stopped; the other may not have been yet
		t.Fatalf("the victim is in state %c although nobody mended it", got)
	}
	done, err := Replay()
	if err != nil || len(done) != 1 || done[0].Busy || len(done[0].Left) > 0 || len(done[0].Mended) < 3 {
		t.Fatalf("replay: %+v, %v, want one journal with all mended", done, err)
	}
	for _, pid := range said.Crew.all() {
		if !over(pid) {
			t.Errorf("pid %d still runs after the replay", pid)
		}
	}
	if got := entries(t, tmp); got != "" {
		t.Errorf("left: %s", got)
	}
	if again, err := Replay(); err != nil || len(again) != 0 {
		t.Errorf("a second replay: %+v, %v, want nothing to do", again, err)
	}
}

// killGuardian kills the guardian's process and waits until another has taken its place, or until it is lost.
func killGuardian(t *testing.T, g *Guardian) {
	t.Helper()
	g.mu.Lock()
	old := g.line
	g.mu.Unlock()
	if err := old.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "its place is taken, or it is lost", func() bool {
		g.mu.Lock()
		defer g.mu.Unlock()
		return g.line != old || g.gone
	})
}

func TestAKilledGuardianIsReplacedAndAllIsMended(t *testing.T) {
	tmp, stateHome := private(t)
	g := newGuardian(t)
	dir, err := g.TempDir()
	if err != nil {
		t.Fatal(err)
	}
	c := newCrew(t)
	stopped, err := identify(c.Workers[0])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.add(undo{Kind: undoContinue, process: stopped}); err != nil {
		t.Fatal(err)
	}
	if err := halt(t.Context(), stopped); err != nil {
		t.Fatal(err)
	}
	killGuardian(t, g)
	if got := strings.Count(entries(t, filepath.Join(stateHome, "hangtime")), journalSuffix); got != 1 {
		t.Errorf("%d journals after the guardian was replaced, want that of its successor", got)
	}
	if state(c.Workers[0]) != 'T' || entries(t, dir) != "" {
		t.Error("it was mended while hangtime lives and wants it")
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	if state(c.Workers[0]) == 'T' {
		t.Error("the worker is still stopped")
	}
	if got := entries(t, tmp); got != "" {
		t.Errorf("left in the folder for temporary files: %s", got)
	}
	if got := entries(t, filepath.Join(stateHome, "hangtime")); got != "" {
		t.Errorf("journals left: %s", got)
	}
}

func TestAFaultIsDoneAlthoughTheGuardianWasKilled(t *testing.T) {
	private(t)
	g := newGuardian(t)
	killGuardian(t, g)
	c := newCrew(t)
	i, err := Prepare(scenarios.Fault{Kind: "stop", Worker: "1", For: 50 * time.Millisecond},
		Field{Arbiter: c.Arbiter, Workers: c.seen, Name: "x"}, g)
	if err != nil {
		t.Fatal(err)
	}
	rec := history.NewRecorder(time.Now())
	if err := Run(t.Context(), []*Injection{i}, rec); err != nil {
		t.Error(err)
	}
	if kinds := told(rec.Drain(nil)); len(kinds) != 3 || !strings.Contains(kinds[2], "healed") {
		t.Errorf("told %v, want asked, in effect and healed", kinds)
	}
}

// Where no other guardian can be started, nothing more is broken, the run is told to end, and hangtime mends by itself.
func TestWithoutAGuardianHangtimeMendsByItself(t *testing.T) {
	tmp, stateHome := private(t)
	g := newGuardian(t)
	if _, err := g.TempDir(); err != nil {
		t.Fatal(err)
	}
	c := newCrew(t, g.Mark())
	if err := g.Adopt(c.Arbiter); err != nil {
		t.Fatal(err)
	}
	for !g.gone { // nobody else asks it anything here
		killGuardian(t, g)
	}
	select {
	case <-g.Lost():
	default:
		t.Error("the run was not told")
	}
	if _, err := g.add(undo{Kind: undoContinue}); !errors.Is(err, ErrLost) {
		t.Errorf("harm was allowed with nobody to mend it: %v", err)
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	for _, pid := range c.all() {
		if !over(pid) {
			t.Errorf("pid %d still runs after Close", pid)
		}
	}
	if got := entries(t, tmp) + entries(t, filepath.Join(stateHome, "hangtime")); got != "" {
		t.Errorf("left: %s", got)
	}
}

func TestAJournalThatCannotBeReadKeepsNoOtherFromBeingMended(t *testing.T) {
	tmp, stateHome := private(t)
	dir := filepath.Join(stateHome, "hangtime")
	left := filepath.Join(tmp, folderPrefix+"x")
	good := mustJSON(journalEntry{Boot: "another", Mark: "m=1"}) + "\n" + mustJSON(journalEntry{Add: &undo{ID: "a", Kind: undoFolder, Path: left}}) + "\n"
	for _, err := range []error{
		os.Mkdir(dir, 0o700), os.Mkdir(left, 0o700),
		os.WriteFile(filepath.Join(dir, "1"+journalSuffix), make([]byte, 64), 0o600), // as a power cut leaves it
		os.WriteFile(filepath.Join(dir, "2"+journalSuffix), []byte(good), 0o600),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	done, err := Replay()
	if err == nil || !strings.Contains(err.Error(), "1"+journalSuffix) {
		t.Errorf("error %v, want one about the first journal", err)
	}
	if len(done) != 1 || len(done[0].Mended) != 1 || entries(t, tmp) != "" {
		t.Errorf("replay: %+v, want the second journal mended", done)
	}
}
