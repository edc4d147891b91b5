package ledger

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/hangtime-dev/hangtime/history"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A name that only the attack's own resolver knows is found by it, or by nobody.
func TestTheLedgerAsksTheAttacksOwnResolver(t *testing.T) {
	own := errors.New("the attack's own resolver was asked")
	resolver := &net.Resolver{PreferGo: true,
		Dial: func(context.Context, string, string) (net.Conn, error) { return nil, own }}
	a := newAsker(Server{URL: "http://known-to-nobody-else.test:1", Resolver: resolver})
	defer a.close()
	_, err := a.ask(t.Context(), 0, []string{"t-1"})
	var failed *net.DNSError
	if !errors.As(err, &failed) || failed.Err != own.Error() {
		t.Errorf("%v, want that %v", err, own)
	}
}

// The longer a task is open the less often it is asked about, and those asked about often do not wait behind it.
func TestAYoungTaskIsNotAskedAboutLaterBecauseOfAnOldOne(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"tasks":[{"id":"old","state":"accepted"},{"id":"young","state":"accepted"}]}`)
	}))
	defer srv.Close()
	l := New(Server{URL: srv.URL}, time.Minute, history.NewRecorder(time.Now()))
	defer l.asker.close()
	l.Accept([]byte(`{"id":"old"}`), -time.Hour)
	l.ask(t.Context(), 0)
	l.Accept([]byte(`{"id":"young"}`), l.rec.Now())
	l.asker.next = 0 // no need to wait for the next question
	l.ask(t.Context(), l.rec.Now()+firstAsk)
	if len(l.again) != 2 {
		t.Fatalf("%d tasks were asked about, want both", len(l.again))
	}
	var order []string
	for at := time.Duration(0); len(l.again) > 0; at += time.Millisecond {
		l.asker.next = 0
		for _, task := range l.batch(at) {
			order = append(order, task.id)
		}
	}
	if got := fmt.Sprint(order); got != "[young old]" {
		t.Errorf("asked about %s, want the young one first", got)
	}
}

// What a server with a queue of its own says is booked: what it put aside, who has a task by now, how its queue is; and
// it is asked once more at the end, when no task is open any more.
func TestTheQueueOfTheServerIsBooked(t *testing.T) {
	var asked atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		state := `{"id":"one","state":"dead-lettered","pid":7},{"id":"two","state":"running","pid":8}`
		if asked.Add(1) > 1 {
			state = `{"id":"two","state":"done","pid":8}`
		}
		_, _ = fmt.Fprintf(w, `{"tasks":[%s],"queue":{"depth":3,"in_flight":2,"oldest_ms":1500,"redelivered":4,"dead_lettered":1,"done_twice":%d}}`,
			state, asked.Load())
	}))
	defer srv.Close()
	rec := history.NewRecorder(time.Now())
	l := New(Server{URL: srv.URL}, time.Minute, rec)
	defer l.asker.close()
	l.Accept([]byte(`{"id":"one","pid":1}`), -time.Hour)
	l.Accept([]byte(`{"id":"two"}`), -time.Hour)
	l.ask(t.Context(), 0)
	queue := history.TaskQueue{Depth: 3, InFlight: 2, Oldest: 1500 * time.Millisecond, Redelivered: 4, DeadLettered: 1,
		DoneTwice: 1}
	got := l.Snapshot(0)
	if got.Accepted != 2 || got.DeadLettered != 1 || got.Open != 1 || got.Queue == nil || *got.Queue != queue {
		t.Errorf("%+v with queue %+v, want one of two dead-lettered and %+v", got, got.Queue, queue)
	}
	if len(got.Workers) != 1 || got.Workers[0].PID != 8 {
		t.Errorf("open tasks are with %+v, want one with process 8, which runs it", got.Workers)
	}
	over := make(chan struct{})
	close(over)
	l.Follow(t.Context(), over)
	queue.DoneTwice = uint64(asked.Load())
	if got := l.Snapshot(0); got.Done != 1 || *got.Queue != queue || asked.Load() < 3 {
		t.Errorf("%+v with queue %+v after %d questions, want %+v", got, got.Queue, asked.Load(), queue)
	}
}
