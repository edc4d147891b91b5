package faults

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/scenarios"
)

// nices are the nice values of a process's threads.
func nices(t *testing.T, pid int) map[int]int {
	t.Helper()
	p, err := identify(pid)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := priorities(p)
	if err != nil {
		t.Fatal(err)
	}
	for tid, one := range raw {
		raw[tid] = 20 - one
	}
	return raw
}

// severalThreads waits until the workers have begun: a Go process has several threads then.
func severalThreads(t *testing.T, c crew) {
	t.Helper()
	eventually(t, "each worker has several threads",
		func() bool { return len(nices(t, c.Workers[0])) > 1 && len(nices(t, c.Workers[1])) > 1 })
}

func all(nice int, of map[int]int) bool {
	for _, one := range of {
		if one != nice {
			return false
		}
	}
	return len(of) > 1
}

// Each thread has the least priority for the fault's time, and after it what it had, also where that differs from
// thread to thread.
func TestPriorityIsLoweredForItsTimeAndGivenBack(t *testing.T) {
	private(t)
	if err := canRaise(os.Getpid(), niceOf(os.Getpid())); err != nil {
		t.Skip("the nice value could not be given back here:", err)
	}
	g := newGuardian(t)
	c := newCrew(t)
	severalThreads(t, c)
	before, usual := nices(t, c.Workers[0]), niceOf(c.Arbiter)
	for tid := range before {
		if tid != c.Workers[0] {
			if err := unix.Setpriority(unix.PRIO_PROCESS, tid, usual+3); err != nil {
				t.Fatal(err)
			}
			before[tid] = usual + 3
			break
		}
	}
	i := prepare(t, scenarios.Fault{Kind: "renice", Worker: "1"}, Field{Arbiter: c.Arbiter, Workers: c.seen, Name: "v"}, g)
	rec := history.NewRecorder(time.Now())
	ctx, end := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- Run(ctx, []*Injection{i}, rec) }()
	var seen []history.Record
	eventually(t, "the fault is in effect", func() bool {
		seen = append(seen, rec.Drain(nil)...)
		return len(seen) == 2
	})
	same(t, told(seen), "v/1 asked renice", "v/1 in effect")
	if got := nices(t, c.Workers[0]); !all(leastNice, got) {
		t.Errorf("nice values while it is in effect: %v", got)
	}
	if got := nices(t, c.Workers[1]); !all(usual, got) {
		t.Errorf("nice values of the worker that is none of it: %v", got)
	}
	end()
	if err := <-done; err != nil {
		t.Error(err)
	}
	same(t, told(rec.Drain(nil)), "v/1 healed: interrupted")
	for tid, nice := range nices(t, c.Workers[0]) {
		want, ok := before[tid]
		if !ok {
			want = usual // it was started meanwhile
		}
		if nice != want {
			t.Errorf("thread %d has the nice value %d, want %d", tid, nice, want)
		}
	}
}

// What the journal holds is enough to mend it when hangtime was killed.
func TestPriorityIsGivenBackFromTheJournal(t *testing.T) {
	if err := canRaise(os.Getpid(), niceOf(os.Getpid())); err != nil {
		t.Skip("the nice value could not be given back here:", err)
	}
	c := newCrew(t)
	severalThreads(t, c)
	p, err := identify(c.Workers[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := setPriorities(t.Context(), p, 20-leastNice, nil); err != nil {
		t.Fatal(err)
	}
	u := undo{ID: "a", Kind: undoNice, process: p, Old: []uint64{uint64(p.PID), 20}}
	for range 2 { // it is safe twice
		if err := u.mend(); err != nil {
			t.Error(err)
		}
		if got := nices(t, p.PID); !all(0, got) {
			t.Errorf("nice values: %v", got)
		}
	}
	for _, torn := range [][]uint64{nil, {uint64(p.PID)}, {uint64(p.PID) + 1, 20}} {
		u.Old = torn
		if err := u.mend(); err == nil {
			t.Errorf("a record with %v is mended", torn)
		}
	}
	u = undo{ID: "a", Kind: undoNice, process: process{PID: p.PID, Start: p.Start + 1}, Old: []uint64{uint64(p.PID), 20}}
	if err := u.mend(); err != nil {
		t.Errorf("the process is gone, and its number another's: %v", err)
	}
}

// Without the right to give a priority back it is not taken: neither root's nor by the limit.
func TestPriorityIsNotLoweredWhereItCouldNotBeGivenBack(t *testing.T) {
	said := func(limit string) string {
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		args := []string{"prlimit", "--nice=" + limit, self}
		if os.Geteuid() == 0 {
			args = append([]string{"setpriv", "--bounding-set", "-sys_nice"}, args...)
		}
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Env = append(os.Environ(), testRole+"=raiser")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return string(out)
	}
	if got := said("0:0"); !strings.Contains(got, "needs the right to give pid ") ||
		!strings.Contains(got, "CAP_SYS_NICE, or ulimit -e ") {
		t.Errorf("without any right: %q", got)
	}
	if !hasCapability(unix.CAP_SYS_RESOURCE) {
		return // nobody else may raise the limit to try it
	}
	if got := said("20:20"); got != "possible\n" {
		t.Errorf("with a limit that allows it: %q", got)
	}
}

// raiser says whether its own priority could be given back: the test's other process.
func raiser() {
	if err := possibleRenice(scenarios.Fault{}, scenarios.Server{Kind: scenarios.Reference}); err != nil {
		fmt.Println(err)
	} else {
		fmt.Println("possible")
	}
	os.Exit(0)
}
