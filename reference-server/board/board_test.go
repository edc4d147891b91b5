package board

import "testing"

func newBoard(t testing.TB) *Board {
	t.Helper()
	f, b, err := Create(77)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = f.Close(), b.Unmap() })
	return b
}

func TestTasksEndOnceAndADeadWorkersAreLost(t *testing.T) {
	b := newBoard(t)
	mine, other := Owner{Number: 1, PID: 10, Place: 1}, Owner{Number: 2, PID: 20, Place: 2}
	waiting, runs, done, others := b.Tasks.Accept(mine, 5), b.Tasks.Accept(mine, 5), b.Tasks.Accept(mine, 5), b.Tasks.Accept(other, 5)
	for _, n := range []uint64{runs, done} {
		if !b.Tasks.Start(n, 6) || b.Tasks.Start(n, 6) {
			t.Fatal("a task starts once")
		}
	}
	if !b.Tasks.End(done, Done, 7) || b.Tasks.End(done, Failed, 8) {
		t.Fatal("a task ends once")
	}
	if lost := b.Tasks.Lose(1, 9); lost != 2 {
		t.Errorf("%d lost, want 2", lost)
	}
	for n, want := range map[uint64]State{waiting: Lost, runs: Lost, done: Done, others: Accepted, others + 1: Unknown,
		0: Unknown} {
		if got := b.Tasks.Get(n).State; got != want {
			t.Errorf("task %d is %v, want %v", n, got, want)
		}
	}
	if got := b.Tasks.Get(done); got.PID != 10 || got.Worker != 1 || got.Accepted != 5 || got.Started != 6 || got.Ended != 7 {
		t.Errorf("%+v", got)
	}
}

func TestTheOldestTaskIsForgotten(t *testing.T) {
	b := newBoard(t)
	first := b.Tasks.Accept(Owner{Number: 1}, 1)
	for range Tasks {
		b.Tasks.Accept(Owner{Number: 1}, 1)
	}
	if got := b.Tasks.Get(first).State; got != Unknown {
		t.Errorf("it is %v, want unknown", got)
	}
	if b.Tasks.Start(first, 2) || b.Tasks.End(first, Done, 2) {
		t.Error("a forgotten task was changed")
	}
}

func FuzzNumber(f *testing.F) {
	b := newBoard(f)
	for _, seed := range []string{b.IDs.Of(1), b.IDs.Of(1 << 50), "", "-", "x-1", "25-99999999999999999999", "zz-\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, id string) {
		n, err := b.IDs.Number(id)
		if err == nil && n != 0 && b.IDs.Of(n) != id {
			// Only leading zeros and signs of case may differ.
			if m, err := b.IDs.Number(b.IDs.Of(n)); err != nil || m != n {
				t.Fatalf("%q is %d, and %q is %d, %v", id, n, b.IDs.Of(n), m, err)
			}
		}
	})
}
