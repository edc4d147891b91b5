package lending

import (
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/reference-server/board"
	"github.com/hangtime-dev/hangtime/reference-server/heartbeat"
	"github.com/hangtime-dev/hangtime/reference-server/settings"
	"github.com/hangtime-dev/hangtime/reference-server/tasks"
)

// A recorder is an engine that lends what it is told to, and remembers the answers.
type recorder struct {
	mu   sync.Mutex
	said []string
	got  func(Delivery)
	put  func(Submission) (string, error)
}

func (r *recorder) say(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.said = append(r.said, fmt.Sprintf(format, args...))
}

func (r *recorder) answers() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return fmt.Sprint(r.said)
}

func (r *recorder) Start(_ func() int, got func(Delivery)) error { r.got = got; return nil }
func (r *recorder) Put(s Submission) (string, error)             { return r.put(s) }
func (r *recorder) Ask()                                         {}
func (r *recorder) Ended(token string)                           { r.say("%s ended", token) }
func (r *recorder) Again(token string, after time.Duration)      { r.say("%s again after %v", token, after) }
func (r *recorder) Aside(token, _ string, tries int)             { r.say("%s aside after %d", token, tries) }
func (r *recorder) Runs(tokens []string)                         {}
func (r *recorder) Stop()                                        {}
func (r *recorder) Close() error                                 { return nil }
func (r *recorder) Guarantees() tasks.Guarantees                 { return tasks.Guarantees{Name: "recorder"} }

// A bench is one worker with a backend of three tries, and the board that it shares with others.
type bench struct {
	engine *recorder
	t      *testing.T
	board  *board.Board
	tasks.Backend
	ready chan uint64
}

func newBench(t *testing.T) *bench {
	t.Helper()
	f, b, err := board.Create(1)
	if err != nil {
		t.Fatal(err)
	}
	clock, err := heartbeat.NewClock()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = b.Unmap(), f.Close() })
	n := &bench{engine: &recorder{}, t: t, board: b, ready: make(chan uint64, 16)}
	n.Backend = New(tasks.Parts{Config: settings.Config{Practices: settings.Practices{Limits: "bounded"},
		Application: settings.Application{MaxConcurrentTasks: 8}}, Board: b, Clock: clock,
		Owner: board.Owner{Number: b.Workers.NewOwner(), PID: os.Getpid()}}, n.engine,
		Policy{Tries: 3, Backoff: time.Second, AckWait: time.Hour})
	if err := n.Backend.Start(func(n2 uint64) { n.ready <- n2 }); err != nil {
		t.Fatal(err)
	}
	return n
}

// accept makes a task that was begun so often before, and lends it under a token.
func (n *bench) accept(token string, tries int) uint64 {
	n.t.Helper()
	number := n.board.Tasks.Accept(board.Owner{}, 1)
	other := board.Owner{Number: n.board.Workers.NewOwner()}
	for range tries {
		n.board.Leases.Hold(number, other, "earlier", 1, 0)
		n.board.Tasks.Start(number, 1)
		n.board.Leases.Drop(number, other)
	}
	n.lend(number, token)
	return number
}

func (n *bench) lend(number uint64, token string) {
	n.t.Helper()
	body, err := bodyOf(&tasks.Task{Spec: tasks.Spec{Work: "sleep"}}, n.board.IDs.Of(number))
	if err != nil {
		n.t.Fatal(err)
	}
	n.engine.got(Delivery{Token: token, Body: body})
}

func (n *bench) take() *tasks.Task {
	n.t.Helper()
	t, ok := n.Take()
	if !ok {
		n.t.Fatal("nothing to take")
	}
	n.board.Tasks.Start(t.Number, 1)
	return t
}

func (n *bench) want(said string) {
	n.t.Helper()
	if got := n.engine.answers(); got != said {
		n.t.Errorf("the engine heard %s, want %s", got, said)
	}
}

func TestAFailedTaskIsTriedLaterAndThenPutAside(t *testing.T) {
	t.Parallel()
	n := newBench(t)
	n.accept("a", 1)
	first := n.take()
	n.Settle(first, n.Outcome(first, board.Failed))
	n.lend(first.Number, "b")
	second := n.take()
	n.Settle(second, n.Outcome(second, board.Failed))
	n.want("[a again after 2s b aside after 3]")
}

func TestALastTryIsAlone(t *testing.T) {
	t.Parallel()
	n := newBench(t)
	n.accept("a", 0)
	n.accept("last", 2)
	n.accept("c", 0)
	a := n.take()
	if other, ok := n.Take(); ok {
		t.Fatalf("task %d is given out beside another on its last try", other.Number)
	}
	n.Settle(a, board.Done)
	last := n.take()
	if _, ok := n.Take(); ok {
		t.Fatal("another is given out beside one on its last try")
	}
	n.Settle(last, board.Done)
	n.take()
}

func TestWhatAnotherHoldsWaitsForItsEnd(t *testing.T) {
	t.Parallel()
	n := newBench(t)
	other := board.Owner{Number: n.board.Workers.NewOwner()}
	for _, dies := range []bool{true, false} {
		number := n.board.Tasks.Accept(board.Owner{}, 1)
		n.board.Leases.Hold(number, other, "first", 1<<62, 0) // its loop turns
		n.board.Tasks.Start(number, 1)
		n.lend(number, fmt.Sprint("dies:", dies))
		if s := n.Stats(); s.Later != 1 {
			t.Fatalf("%+v, want one that is in doubt", s)
		}
		if dies {
			n.board.Leases.Release(other.Number, 2)
		} else {
			n.board.Tasks.End(number, board.Done, 1)
		}
		<-n.ready
		if s := n.Stats(); s.Later != 0 {
			t.Fatalf("%+v, want none in doubt", s)
		}
	}
	n.take() // that whose worker died
	n.want("[dies:false ended]")
}

func TestWhatKilledItsWorkersIsPutAside(t *testing.T) {
	t.Parallel()
	n := newBench(t)
	number := n.accept("a", 3)
	if state := n.board.Tasks.Get(number).State; state != board.DeadLettered {
		t.Errorf("it is %v, want dead-lettered", state)
	}
	n.want("[a aside after 3]")
}

func TestWhatWasNotBegunIsGivenBackAtTheEnd(t *testing.T) {
	t.Parallel()
	n := newBench(t)
	n.accept("a", 0)
	n.Stop()
	n.accept("b", 0)
	n.want("[a again after 0s b again after 0s]")
}

// A worker with an event loop serves others while the engine takes its time.
func TestWhoBringsATaskDoesNotWaitForTheEngine(t *testing.T) {
	t.Parallel()
	n := newBench(t)
	brought := make(chan struct{})
	n.engine.put = func(s Submission) (string, error) {
		select {
		case <-brought:
			return s.ID, nil
		case <-time.After(10 * time.Second):
			return "", tasks.ErrNoEngine // it was waited for
		}
	}
	task := &tasks.Task{Spec: tasks.Spec{Work: "sleep"}, Number: n.board.Tasks.Accept(board.Owner{}, 1)}
	type answer struct {
		number uint64
		err    error
	}
	answers := make(chan answer, 1)
	n.Enqueue(task, func(number uint64, err error) { answers <- answer{number, err} })
	close(brought)
	if got := <-answers; got != (answer{task.Number, nil}) {
		t.Errorf("%+v, want task %d", got, task.Number)
	}
}

func TestATaskWithTheKeyOfAnotherIsThatOne(t *testing.T) {
	t.Parallel()
	n := newBench(t)
	first := n.board.Tasks.Accept(board.Owner{}, 1)
	for id, want := range map[string]error{n.board.IDs.Of(first): nil, "of another server": tasks.ErrForgotten} {
		n.engine.put = func(Submission) (string, error) { return id, nil }
		task := &tasks.Task{Spec: tasks.Spec{Work: "sleep", Key: "k"}, Number: n.board.Tasks.Accept(board.Owner{}, 1)}
		errs := make(chan error, 1)
		n.Enqueue(task, func(number uint64, err error) {
			if err == nil && number != first {
				err = fmt.Errorf("task %d, want %d", number, first)
			}
			errs <- err
		})
		if err := <-errs; err != want {
			t.Errorf("%s: %v, want %v", id, err, want)
		}
	}
}

// The queue is gone with all that was in it: a task that was being tried and fails then cannot be lent again.
func TestWhatNobodyCanLendAgainHasFailed(t *testing.T) {
	t.Parallel()
	n := newBench(t)
	n.accept("a", 0)
	task := n.take()
	n.board.Leases.Vanish(2)
	if got := n.Outcome(task, board.Failed); got != board.Failed {
		t.Errorf("the outcome is %v, want failed", got)
	}
}

// A task that was told as lost comes back: it is run.
func TestATaskThatIsFoundAgainIsRun(t *testing.T) {
	t.Parallel()
	n := newBench(t)
	number := n.board.Tasks.Accept(board.Owner{}, 1)
	n.board.Leases.Stored(number)
	if lost := n.board.Leases.Vanish(2); lost != 1 {
		t.Fatalf("%d tasks lost, want one", lost)
	}
	n.lend(number, "a")
	if got := n.take(); got.Number != number {
		t.Errorf("task %d, want %d", got.Number, number)
	}
}
