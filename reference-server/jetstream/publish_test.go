package jetstream

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	js "github.com/nats-io/nats.go/jetstream"

	"github.com/hangtime-dev/hangtime/reference-server/settings"
	"github.com/hangtime-dev/hangtime/reference-server/tasks"
)

// A told is what became of a task that was published.
type told struct {
	n       int
	receipt Receipt
	err     error
}

// publishAll publishes tasks under their keys at once, and gives what became of each.
func publishAll(t *testing.T, p *Publisher, keys []string) []told {
	t.Helper()
	became := make(chan told, len(keys))
	for n, key := range keys {
		m := &nats.Msg{Subject: Ready, Data: []byte(key), Header: nats.Header{}}
		go func() {
			r, err := p.Publish(m, key)
			became <- told{n, r, err}
		}()
	}
	all := make([]told, len(keys))
	for range keys {
		select {
		case one := <-became:
			all[one.n] = one
		case <-time.After(patience):
			t.Fatal("nobody said what became of a task")
		}
	}
	return all
}

// stored are the bodies of all messages in the queue, and how many of them came together with others.
func stored(t *testing.T, conn *nats.Conn) (bodies map[string]int, together int) {
	t.Helper()
	engine, err := js.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	stream, err := engine.Stream(t.Context(), Stream)
	if err != nil {
		t.Fatal(err)
	}
	bodies = map[string]int{}
	for n := uint64(1); n <= stream.CachedInfo().State.LastSeq; n++ {
		m, err := stream.GetMsg(t.Context(), n)
		if err != nil {
			t.Fatal(err)
		}
		bodies[string(m.Data)]++
		if m.Header.Get("Nats-Batch-Id") != "" {
			together++
		}
	}
	return bodies, together
}

func keysOf(prefix string, n int) []string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf("%s-%d", prefix, i))
	}
	return all
}

// What comes at once goes together; each is in the engine once when its request is told so, also when one of them comes
// for the second time.
func TestTasksThatComeTogetherAreEachKeptOnce(t *testing.T) {
	for _, batch := range []bool{true, false} {
		t.Run(fmt.Sprintf("batch %v", batch), func(t *testing.T) {
			conn, _ := queue(t, nil)
			p := NewPublisher(conn, batch)
			first := keysOf("first", 300)
			for _, one := range publishAll(t, p, first) {
				if one.err != nil || one.receipt.Duplicate {
					t.Fatalf("%+v, want it taken for the first time", one)
				}
			}
			_, together := stored(t, conn)
			if batch != (together > 100) {
				t.Errorf("%d of %d came together", together, len(first))
			}
			again := append(keysOf("second", 50), first[:50]...)
			for n, one := range publishAll(t, p, again) {
				if one.err != nil || one.receipt.Duplicate != (n >= 50) {
					t.Errorf("%s: %+v", again[n], one)
				}
			}
			bodies, _ := stored(t, conn)
			for _, key := range append(first, again...) {
				if bodies[key] != 1 {
					t.Errorf("%s is there %d times, want once", key, bodies[key])
				}
			}
		})
	}
}

// Of tasks that come together and are one too many, those that there is room for are taken.
func TestAFullQueueRefusesOnlyWhatIsTooMuch(t *testing.T) {
	conn, _ := queue(t, func(c *settings.Queue) { c.TaskQueue = 20 })
	taken, full := 0, 0
	for _, one := range publishAll(t, NewPublisher(conn, true), keysOf("task", 50)) {
		switch {
		case one.err == nil:
			taken++
		case errors.Is(one.err, tasks.ErrFull):
			full++
		default:
			t.Error(one.err)
		}
	}
	if taken != 20 || full != 30 {
		t.Errorf("%d taken, %d refused as too many; want 20 and 30", taken, full)
	}
}
