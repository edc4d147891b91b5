package jetstream

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	js "github.com/nats-io/nats.go/jetstream"
	"go.uber.org/goleak"

	"github.com/hangtime-dev/hangtime/reference-server/board"
	"github.com/hangtime-dev/hangtime/reference-server/settings"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must happen; it is reached only when something is broken.
const patience = 30 * time.Second

// queue is an engine with a queue, and a connection to it.
func queue(t *testing.T, change func(*settings.Queue)) (*nats.Conn, settings.Queue) {
	t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true,
		StoreDir: t.TempDir(), NoSigs: true, NoLog: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(patience) {
		t.Fatal("the engine is not ready")
	}
	cfg := settings.Queue{Tasks: Name, TaskQueue: 1000, Backends: settings.Backends{Name: Defaults()}}
	Of(&cfg).AckWait = 10 * patience // what comes back sooner was given back
	if change != nil {
		change(&cfg)
	}
	conn, err := Access{URL: s.ClientURL()}.Connect("test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	for range 2 { // the next arbiter on the same store finds it as it is
		if batch, err := Declare(t.Context(), conn, &cfg); err != nil || !batch {
			t.Fatal(batch, err)
		}
	}
	return conn, cfg
}

func publish(t *testing.T, conn *nats.Conn, id string, opts ...js.PublishOpt) *js.PubAck {
	t.Helper()
	engine, err := js.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	ack, err := engine.Publish(t.Context(), Ready, []byte(id), append(opts, js.WithMsgID(id))...)
	if err != nil {
		t.Fatal(err)
	}
	return ack
}

func next(t *testing.T, from <-chan Delivery) Delivery {
	t.Helper()
	select {
	case d := <-from:
		return d
	case <-time.After(patience):
		t.Fatal("no task came")
		return Delivery{}
	}
}

// A worker is lent as many tasks as it has room for; what a dead one held is given out again at once, and what it had
// ended is not.
func TestGiveBackIsHeardAtOnce(t *testing.T) {
	conn, _ := queue(t, nil)
	var room atomic.Int64
	room.Store(2)
	got := make(chan Delivery, 10)
	p, err := Pull(conn, func() int { return int(room.Load()) }, func(d Delivery) {
		room.Add(-1)
		got <- d
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"one", "two", "three"} {
		publish(t, conn, id)
	}
	one, two := next(t, got), next(t, got)
	if len(got) != 0 || string(one.Body) != "one" || string(two.Body) != "two" || one.Earlier != 0 {
		t.Fatalf("got %s (given out %d times before) and %s and %d more, want one and two", one.Body, one.Earlier, two.Body, len(got))
	}
	if err := GiveBack(conn, []board.Loan{{Token: string(one.Token), Ended: true}, {Token: string(two.Token)}}); err != nil {
		t.Fatal(err)
	}
	room.Store(2)
	p.Ask()
	seen := map[string]int{}
	for range 2 {
		d := next(t, got)
		seen[string(d.Body)] = d.Earlier
	}
	if again, ok := seen["two"]; !ok || again != 1 {
		t.Errorf("two was given out %d times before, of %v; want once", again, seen)
	}
	if _, ok := seen["three"]; !ok {
		t.Errorf("got %v, want two and three", seen)
	}
	p.Stop()
}

// A worker that leaves has got everything that was on its way to it; what it gives back and what comes afterwards the
// next one gets.
func TestStopLosesNothing(t *testing.T) {
	conn, _ := queue(t, nil)
	var given atomic.Int64
	p, err := Pull(conn, func() int { return 100 }, func(d Delivery) {
		given.Add(1)
		_ = d.Token.Again(conn, 0)
	})
	if err != nil {
		t.Fatal(err)
	}
	publish(t, conn, "one")
	p.Stop()
	p.Stop()
	before := given.Load()
	publish(t, conn, "two")
	got := make(chan Delivery, 10)
	second, err := Pull(conn, func() int { return 2 - len(got) }, func(d Delivery) { got <- d })
	if err != nil {
		t.Fatal(err)
	}
	if a, b := string(next(t, got).Body), string(next(t, got).Body); a == b {
		t.Errorf("%s came twice, want one and two", a)
	}
	if now := given.Load(); now != before {
		t.Errorf("%d tasks came to it after it had left", now-before)
	}
	second.Stop()
}

// The engine keeps a task once however often it comes, and refuses what is one too many.
func TestTheQueueIsBoundedAndKnowsATaskAgain(t *testing.T) {
	conn, _ := queue(t, func(c *settings.Queue) { c.TaskQueue = 2 })
	if publish(t, conn, "one").Duplicate || !publish(t, conn, "one").Duplicate {
		t.Error("a task that comes twice is not known again")
	}
	publish(t, conn, "two")
	engine, err := js.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	_, err = engine.Publish(t.Context(), Ready, []byte("three"))
	if err == nil {
		t.Error("a third task was taken, want at most two")
	}
	q, _, err := look(t.Context(), conn, 5)
	if err != nil || q.Depth != 2 || q.InFlight != 0 || q.Oldest <= 0 {
		t.Errorf("%+v, %v; want two tasks that wait", q, err)
	}
}

// An access goes from the arbiter to many workers, who read the same memory.
func TestAnAccessIsReadByMany(t *testing.T) {
	want := Access{URL: "nats://127.0.0.1:1", Seed: "SU"}
	f, err := want.Hide()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	for range 3 {
		if got, err := ReadAccess(f); err != nil || got != want {
			t.Errorf("%+v, %v; want %+v", got, err, want)
		}
	}
}
