package board

import (
	"strings"
	"testing"
	"time"
)

var (
	first  = Owner{Number: 1, PID: 11, Place: 1}
	second = Owner{Number: 2, PID: 12, Place: 2}
)

// What a dead worker held comes back, and only that; what had ended is told as that.
func TestReleaseGivesWhatADeadWorkerHeld(t *testing.T) {
	b := newBoard(t)
	hold := func(o Owner, token string) uint64 {
		n := b.Tasks.Accept(Owner{}, 1)
		if !b.Leases.Hold(n, o, token, 2, 0) {
			t.Fatalf("task %d cannot be held", n)
		}
		return n
	}
	waits, runs, done, others := hold(first, "waits"), hold(first, "runs"), hold(first, "done"), hold(second, "others")
	long := hold(first, strings.Repeat("x", tokenSize+1))
	b.Tasks.Start(runs, 3)
	b.Tasks.Start(done, 3)
	b.Tasks.End(done, Done, 4)
	got := map[Loan]bool{}
	for _, loan := range b.Leases.Release(first.Number, 99) {
		got[loan] = true
	}
	if len(got) != 3 || !got[Loan{"waits", false}] || !got[Loan{"runs", false}] || !got[Loan{"done", true}] {
		t.Errorf("released %v, want those that wait, run and were done; not the one whose token is too long", got)
	}
	if again := b.Leases.Release(first.Number, 99); len(again) != 0 {
		t.Errorf("released again: %v", again)
	}
	if lost := b.Tasks.Lose(first.Number, 5); lost != 0 {
		t.Errorf("%d tasks are called lost, want none: the engine has them", lost)
	}
	for n, want := range map[uint64]State{waits: Accepted, runs: Accepted, done: Done, others: Accepted, long: Accepted} {
		if got := b.Tasks.Get(n); got.State != want || want == Accepted && n != others && got.PID != 0 {
			t.Errorf("task %d: %v of process %d, want %v of none", n, got.State, got.PID, want)
		}
	}
}

// What a living worker holds is not begun by another until its loop has not turned for long.
func TestHoldLeavesALivingWorkerItsTask(t *testing.T) {
	b := newBoard(t)
	n := b.Tasks.Accept(Owner{}, 1)
	steps := []struct {
		name       string
		by         Owner
		now, fresh int64
		want       bool
	}{
		{"nobody has it", first, 100, 50, true},
		{"the first one has it", second, 120, 70, false},
		{"the engine gives it to the same one again", first, 120, 70, false},
		{"the first one has not turned since", second, 200, 150, true},
	}
	for _, s := range steps {
		if got := b.Leases.Hold(n, s.by, "token", s.now, s.fresh); got != s.want {
			t.Errorf("%s: %v, want %v", s.name, got, s.want)
		}
	}
	b.Leases.Renew(n, 300)
	if b.Leases.Hold(n, first, "token", 320, 270) {
		t.Error("it was given away although its worker's loop had turned")
	}
	b.Tasks.Start(n, 330)
	b.Tasks.End(n, Done, 340)
	if b.Leases.Hold(n, first, "token", 999, 998) {
		t.Error("it was given out although it was done")
	}
	if q, _ := b.Queue.Last(); q.Redelivered != 1 {
		t.Errorf("%d redelivered, want 1", q.Redelivered)
	}
}

// A task that is given up for its next try is nobody's, and its tries are counted; one that ends a second time is, too.
func TestTriesAndEndsAreCounted(t *testing.T) {
	b := newBoard(t)
	n := b.Tasks.Accept(Owner{}, 1)
	for want := 1; want <= 3; want++ {
		b.Leases.Hold(n, first, "token", int64(want), int64(want))
		b.Tasks.Start(n, 2)
		b.Leases.Drop(n, second) // not its holder: nothing happens
		if got := b.Tasks.Get(n); got.State != Running || b.Tasks.Tries(n) != want {
			t.Errorf("%v after %d tries, want running after %d", got.State, b.Tasks.Tries(n), want)
		}
		b.Leases.Drop(n, first)
		if got := b.Tasks.Get(n); got.State != Accepted || got.PID != 0 {
			t.Errorf("%v of process %d, want accepted of none", got.State, got.PID)
		}
	}
	b.Tasks.End(n, Done, 5)
	b.Tasks.End(n, Done, 6)
	dead := b.Tasks.Accept(Owner{}, 1)
	b.Tasks.End(dead, DeadLettered, 7)
	b.Tasks.End(dead, DeadLettered, 8)
	b.Queue.Set(Queue{Depth: 4, InFlight: 3, Oldest: time.Second}, 9)
	want := Queue{Depth: 4, InFlight: 3, Oldest: time.Second, Redelivered: 2, DeadLettered: 1, DoneTwice: 1}
	if q, at := b.Queue.Last(); q != want || at != 9 {
		t.Errorf("%+v at %d, want %+v at 9", q, at, want)
	}
}

func TestKeyedFindsTheNewestThatHasEnded(t *testing.T) {
	b := newBoard(t)
	keyed := func(hash uint64, state State) uint64 {
		n := b.Tasks.Accept(Owner{}, 1)
		b.Keys.Set(n, hash)
		if state.Ended() {
			b.Tasks.End(n, state, 2)
		}
		return n
	}
	done := keyed(5, Done)
	late := keyed(5, TimedOut)
	keyed(5, Failed)   // refused: its number was told to nobody
	keyed(5, Accepted) // of a worker that died before it was accepted
	dead := keyed(6, DeadLettered)
	keyed(7, Accepted)
	if done == late {
		t.Fatal("two tasks have one number")
	}
	for hash, want := range map[uint64]uint64{5: late, 6: dead, 7: 0, 8: 0} {
		if got := b.Keys.Ended(hash); got != want {
			t.Errorf("key %d: %d, want %d", hash, got, want)
		}
	}
}

// What the engine's queue takes with it is lost, once no worker has it; what had not reached it is not, and what turns up
// again is no longer.
func TestVanishLosesWhatOnlyTheEngineHad(t *testing.T) {
	b := newBoard(t)
	accept := func() uint64 { return b.Tasks.Accept(Owner{}, 1) }
	waits, held, onItsWay, done := accept(), accept(), accept(), accept()
	for _, n := range []uint64{waits, held, done} {
		b.Leases.Stored(n)
	}
	b.Leases.Hold(held, first, "held", 2, 0)
	b.Tasks.End(done, Done, 3)
	if lost := b.Leases.Vanish(4); lost != 1 {
		t.Errorf("%d tasks lost, want one", lost)
	}
	states := func(want map[uint64]State) {
		t.Helper()
		for n, state := range want {
			if got := b.Tasks.Get(n).State; got != state {
				t.Errorf("task %d is %v, want %v", n, got, state)
			}
		}
	}
	states(map[uint64]State{waits: Lost, held: Accepted, onItsWay: Accepted, done: Done})
	if loans := b.Leases.Release(first.Number, 5); len(loans) != 0 {
		t.Errorf("%v is given back to an engine that has it no more", loans)
	}
	states(map[uint64]State{held: Lost})
	b.Leases.Stored(onItsWay)
	if b.Leases.Gone(onItsWay) || !b.Leases.Gone(waits) {
		t.Error("the new queue has what came after, and not what the old one had")
	}
	if !b.Leases.Hold(waits, second, "found", 6, 0) {
		t.Error("a task that was found again is not run")
	}
	states(map[uint64]State{waits: Accepted})
}
