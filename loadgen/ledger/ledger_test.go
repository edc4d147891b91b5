package ledger

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/loadgen/hosts"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// here are the hosts that were permitted: this machine, also under a name that no resolver knows.
var here = hosts.Known{"127.0.0.1": {{IP: net.IPv4(127, 0, 0, 1)}}, "known-to-nobody-else.test": {{IP: net.IPv4(127, 0, 0, 1)}}}

// The ledger connects where the attack was permitted to, at the address that was permitted: it asks no resolver.
func TestTheLedgerAsksOnlyHostsThatWerePermitted(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"tasks":[{"id":"t-1","state":"done"}]}`)
	}))
	defer srv.Close()
	_, port, _ := net.SplitHostPort(srv.Listener.Addr().String())
	a := newAsker(Server{URL: "http://known-to-nobody-else.test:" + port, Hosts: here})
	defer a.close()
	if states, err := a.ask(t.Context(), 0, []string{"t-1"}); err != nil || states["t-1"].state != "done" {
		t.Errorf("%v, %v", states, err)
	}
	b := newAsker(Server{URL: "http://localhost:" + port, Hosts: here})
	defer b.close()
	if _, err := b.ask(t.Context(), 0, []string{"t-1"}); err == nil || !strings.Contains(err.Error(), "none of the hosts of this load") {
		t.Errorf("a host that nobody permitted was asked: %v", err)
	}
}

// A server that answers with another address is not followed there.
func TestTheLedgerFollowsNoRedirect(t *testing.T) {
	var elsewhere atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	defer other.Close()
	srv := httptest.NewServer(http.RedirectHandler(other.URL+"/tasks", http.StatusFound))
	defer srv.Close()
	a := newAsker(Server{URL: srv.URL, Hosts: here})
	defer a.close()
	if _, err := a.ask(t.Context(), 0, []string{"t-1"}); err == nil || !strings.Contains(err.Error(), "302") {
		t.Errorf("%v, want the status", err)
	}
	if n := elsewhere.Load(); n != 0 {
		t.Errorf("the other server was asked %d times", n)
	}
}

// The longer a task is open the less often it is asked about, and those asked about often do not wait behind it.
func TestAYoungTaskIsNotAskedAboutLaterBecauseOfAnOldOne(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"tasks":[{"id":"old","state":"accepted"},{"id":"young","state":"accepted"}]}`)
	}))
	defer srv.Close()
	l := New(Server{URL: srv.URL, Hosts: here}, time.Minute, history.NewRecorder(time.Now()))
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
	l := New(Server{URL: srv.URL, Hosts: here}, time.Minute, rec)
	defer l.asker.close()
	l.Accept([]byte(`{"id":"one","pid":1}`), -time.Hour)
	l.Accept([]byte(`{"id":"two"}`), -time.Hour)
	l.ask(t.Context(), 0)
	again := uint64(4)
	queue := history.TaskQueue{Depth: 3, InFlight: 2, Oldest: 1500 * time.Millisecond, Redelivered: &again, DeadLettered: 1,
		DoneTwice: 1}
	got := l.Snapshot(0)
	if got.Accepted != 2 || got.DeadLettered != 1 || got.Open != 1 || got.Queue == nil || !cmp.Equal(*got.Queue, queue) {
		t.Errorf("%+v with queue %+v, want one of two dead-lettered and %+v", got, got.Queue, queue)
	}
	if len(got.Workers) != 1 || got.Workers[0].PID != 8 {
		t.Errorf("open tasks are with %+v, want one with process 8, which runs it", got.Workers)
	}
	over := make(chan struct{})
	close(over)
	l.Follow(t.Context(), over)
	queue.DoneTwice = uint64(asked.Load())
	if got := l.Snapshot(0); got.Done != 1 || !cmp.Equal(*got.Queue, queue) || asked.Load() < 3 {
		t.Errorf("%+v with queue %+v after %d questions, want %+v", got, got.Queue, asked.Load(), queue)
	}
}

// A task that the server still has when nobody asks any longer is stuck; one of which it says nothing then is not known to be.
func TestATaskThatTheServerStillHasAtTheEndIsStuck(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"tasks":[{"id":"waits","state":"accepted"},{"id":"runs","state":"running"},`+
			`{"id":"ended","state":"done"},{"id":"strange","state":"unknown"}]}`)
	}))
	defer srv.Close()
	l := New(Server{URL: srv.URL, Hosts: here}, 0, history.NewRecorder(time.Now()))
	defer l.asker.close()
	for _, id := range []string{"waits", "runs", "ended", "strange", "unsaid"} {
		l.Accept([]byte(`{"id":"`+id+`"}`), -time.Hour)
	}
	l.ask(t.Context(), 0)
	l.finish()
	if got := l.Snapshot(0); got.Stuck != 2 || got.Unfollowed != 4 || got.Failed != 4 || got.Done != 1 || got.Lost != 0 {
		t.Errorf("%+v, want two stuck of four that could not be followed", got)
	}
}
