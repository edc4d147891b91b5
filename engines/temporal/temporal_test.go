package temporal

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/hangtime-dev/hangtime/reference-server/board"
	"github.com/hangtime-dev/hangtime/reference-server/lending"
	"github.com/hangtime-dev/hangtime/reference-server/lending/lendingtest"
	"github.com/hangtime-dev/hangtime/reference-server/realengine"
)

// program is hangtime with this backend, and devserver the Temporal that it is tried with.
var program, devserver string

func TestMain(m *testing.M) {
	var err error
	if devserver, err = realengine.TemporalProgram("../.."); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(lendingtest.Main(m, "./cmd/hangtime-temporal", &program))
}

func newServer(t *testing.T) *realengine.Server {
	t.Helper()
	return realengine.Temporal(t, devserver, t.TempDir(), 0)
}

// What the core asks of its own backends.
func TestAsTheCoresBackends(t *testing.T) {
	s := newServer(t)
	lendingtest.Ask(t, "../..", program, Name, "temporal-address="+s.URL, "temporal-queue=q{n}", "temporal-tries=3",
		"temporal-backoff=20ms", "temporal-ack-wait=5s")
}

// No task is lost when Temporal is killed and started again.
func TestTasksOutliveTemporalKilled(t *testing.T) {
	s := newServer(t)
	address := lendingtest.Serve(t, program, "--tasks=temporal", "--temporal-address="+s.URL, "--temporal-ack-wait=5s", "--workers=2")
	lendingtest.OutlivesItsEngine(t, address, 2, func() { s.Kill(); s.Start() })
}

// What a worker holds that stands still is given to another.
func TestTasksOutliveAStoppedWorker(t *testing.T) {
	s := newServer(t)
	lendingtest.OutlivesAStoppedWorker(t, lendingtest.Serve(t, program, "--tasks=temporal", "--temporal-address="+s.URL,
		"--workers=2", "--temporal-ack-wait=1s"))
}

// Tasks that were in a store that is gone are told as lost.
func TestTasksOfALostStoreAreLost(t *testing.T) {
	dir := t.TempDir()
	s := realengine.Temporal(t, devserver, dir, 0)
	address := lendingtest.Serve(t, program, "--tasks=temporal", "--temporal-address="+s.URL, "--temporal-ack-wait=2s", "--workers=2")
	lendingtest.TellsWhatIsGone(t, address, func() {
		s.Kill()
		files, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if err := os.Remove(f); err != nil {
				t.Fatal(err)
			}
		}
		s.Start()
	})
}

// A token leads back to its activity, whatever is in the name of that, and fits on the board.
func TestATokenNamesAnAttempt(t *testing.T) {
	for _, s := range []lending.Submission{{ID: "abc-1"}, {ID: "abc-2", Key: "order/17"}} {
		name := nameOf(s, "hangtime")
		first, second := token(name, 1), token(name, 2)
		if nameIn(first) != name || nameIn(second) != name {
			t.Errorf("%s and %s are of %s and %s, want %s", first, second, nameIn(first), nameIn(second), name)
		}
		if first == second || len(token(name, 1_000_000)) > 104 { // the board's tokens, reference-server/board
			t.Errorf("%s, %s: want two of at most 104 bytes", first, second)
		}
	}
	if nameOf(lending.Submission{ID: "1", Key: "k"}, "a") == nameOf(lending.Submission{ID: "2", Key: "k"}, "b") {
		t.Error("two queues share their keys")
	}
}

// What this worker has put since the last count is counted too.
func TestABoundCountsWhatWasPutSince(t *testing.T) {
	f, b, err := board.Create(1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = b.Unmap(), f.Close() })
	now := int64(1)
	in := &bound{queue: b.Queue, limit: 3, now: func() int64 { return now }}
	admitted := func() (n int) {
		for range 5 {
			if in.admit() {
				n++
			}
		}
		return n
	}
	if n := admitted(); n != 3 {
		t.Errorf("%d admitted into an empty queue of 3", n)
	}
	now += 2 * listLate
	b.Queue.Set(board.Queue{Depth: 1, InFlight: 1}, now)
	if n := admitted(); n != 1 {
		t.Errorf("%d admitted where 2 of 3 are, want 1", n)
	}
}
