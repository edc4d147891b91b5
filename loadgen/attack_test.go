package loadgen

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"go.uber.org/goleak"

	"github.com/hangtime-dev/hangtime/hdr"
	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/scenarios"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A story is the history of an attack, added up.
type story struct {
	started  history.LoadStarted
	due      uint64
	sent     uint64
	late     uint64
	dropped  uint64
	ended    uint64
	ok       uint64
	failed   uint64
	errors   map[string]uint64
	status   map[string]uint64
	tags     map[string]uint64
	response *hdrhistogram.Histogram // of all
	service  *hdrhistogram.Histogram
	last     history.LoadWindow
	hits     []history.Hit
	ledgers  []history.Ledger
	began    time.Duration
	rates    []history.RateChanged
	changed  []time.Duration // when
	lag      time.Duration
}

func tell(t *testing.T, rec *history.Recorder) *story {
	t.Helper()
	s := &story{errors: map[string]uint64{}, status: map[string]uint64{}, tags: map[string]uint64{},
		response: hdr.Library(), service: hdr.Library()}
	merge := func(into *hdrhistogram.Histogram, text string) uint64 {
		if text == "" {
			return 0
		}
		h, err := hdrhistogram.Decode([]byte(text))
		if err != nil {
			t.Fatalf("a histogram of the history: %v", err)
		}
		into.Merge(h)
		return uint64(h.TotalCount())
	}
	for _, r := range rec.Drain(nil) {
		switch ev := r.Event.(type) {
		case history.LoadStarted:
			s.started, s.began = ev, r.At
		case history.LoadWindow:
			s.due, s.sent, s.late, s.dropped, s.ended, s.last = s.due+ev.Due, s.sent+ev.Sent, s.late+ev.Late, s.dropped+
				ev.Dropped, s.ended+ev.Ended, ev
			s.lag = max(s.lag, ev.Lag)
		case history.HitWindow:
			var failed uint64
			for c, n := range ev.Errors {
				s.errors[c] += n
				failed += n
			}
			for c, n := range ev.Status {
				s.status[c] += n
			}
			s.ok, s.failed = s.ok+ev.OK, s.failed+failed
			s.tags[ev.Tag] += ev.OK + failed
			if n := merge(s.response, ev.Response); n != ev.OK {
				t.Errorf("the window due %v has %d ok hits and %d response times", ev.Due, ev.OK, n)
			}
			if n := merge(s.response, ev.Failed); n != failed {
				t.Errorf("the window due %v has %d failed hits and %d ages", ev.Due, failed, n)
			}
			merge(s.service, ev.Service)
		case history.Hit:
			s.hits = append(s.hits, ev)
		case history.Ledger:
			s.ledgers = append(s.ledgers, ev)
			if ev.Accepted != ev.Done+ev.Failed+ev.TimedOut+ev.Lost+ev.Open {
				t.Errorf("the ledger does not balance: %+v", ev)
			}
		case history.RateChanged:
			s.rates, s.changed = append(s.rates, ev), append(s.changed, r.At)
		case history.Trouble:
			t.Errorf("trouble: %s: %s", ev.Component, ev.Text)
		}
	}
	s.balance(t)
	return s
}

// balance holds what must be true of every attack that is over.
func (s *story) balance(t *testing.T) {
	t.Helper()
	if s.due != s.ok+s.failed {
		t.Errorf("%d hits were due, %d ok + %d failed", s.due, s.ok, s.failed)
	}
	if s.sent+s.dropped != s.due {
		t.Errorf("%d hits were due, %d sent + %d dropped", s.due, s.sent, s.dropped)
	}
	if s.ended != s.due {
		t.Errorf("%d hits were due, %d ended", s.due, s.ended)
	}
	if got := uint64(s.service.TotalCount()); got != s.sent {
		t.Errorf("%d hits were sent, %d service times", s.sent, got)
	}
	if s.errors[history.ErrDropped] != s.dropped {
		t.Errorf("%d hits dropped by the windows, %d by their class", s.dropped, s.errors[history.ErrDropped])
	}
	if s.last.InFlight != 0 || s.last.Waiting != 0 {
		t.Errorf("the last window has %d in flight, %d waiting", s.last.InFlight, s.last.Waiting)
	}
}

func plan(rate scenarios.Rate, targets ...scenarios.Target) scenarios.Load {
	return scenarios.Load{Rate: rate, Shape: "constant", Senders: 64, Timeout: 5 * time.Second, Targets: targets}
}

func attack(t *testing.T, ctx context.Context, p scenarios.Load, base string, total time.Duration) *story {
	t.Helper()
	rec := history.NewRecorder(time.Now())
	a, err := New(p, base, rec, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Run(ctx, total); err != nil && ctx.Err() == nil {
		t.Fatal(err)
	}
	return tell(t, rec)
}

func TestEveryHitThatWasDueIsAccountedForOnce(t *testing.T) {
	var n atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n.Add(1)%10 == 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer srv.Close()
	p := plan(500, scenarios.Target{Path: "/a", Tag: "a", Weight: 3}, scenarios.Target{Path: "/b", Tag: "b"})
	s := attack(t, t.Context(), p, srv.URL, time.Second)
	if s.due != 500 {
		t.Errorf("%d hits at 500/s in 1 s", s.due)
	}
	if s.status["200"] != 450 || s.status["503"] != 50 || s.errors[history.ErrStatus] != 50 || s.ok != 450 {
		t.Errorf("status %v, errors %v, ok %d", s.status, s.errors, s.ok)
	}
	if s.tags["a"] != 375 || s.tags["b"] != 125 {
		t.Errorf("by tag %v, want 3 to 1", s.tags)
	}
}

func TestHitsThatWaitLongerThanTheirTimeLimitAreDropped(t *testing.T) {
	release := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}))
	defer srv.Close()
	defer close(release)
	p := plan(100, scenarios.Target{Path: "/"})
	p.Senders, p.Timeout = 2, 300*time.Millisecond
	s := attack(t, t.Context(), p, srv.URL, time.Second)
	if s.errors[history.ErrTimeout] < 4 || s.dropped < 50 || s.ok != 0 {
		t.Errorf("errors %v, want timeouts of two senders and the rest dropped", s.errors)
	}
}

func TestCancelStopsAtOnceAndTellsWhatIsKnown(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/hang" {
			<-r.Context().Done()
		}
	}))
	defer srv.Close()
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(500*time.Millisecond, cancel)
	p := plan(100, scenarios.Target{Path: "/hang"}, scenarios.Target{Path: "/"})
	rec := history.NewRecorder(time.Now())
	a, err := New(p, srv.URL, rec, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Run(ctx, time.Minute); !errors.Is(err, context.Canceled) {
		t.Errorf("Run returned %v, want that it was cancelled", err)
	}
	if end := rec.Now(); end > 50*time.Second {
		t.Errorf("it ended after %v, as if nobody had asked it to", end)
	}
	s := tell(t, rec)
	if s.errors[history.ErrUnanswered] == 0 || s.ok == 0 {
		t.Errorf("ok %d, errors %v: want some of both", s.ok, s.errors)
	}
}

func TestTheRateIsChangedAndPausedWhileItRuns(t *testing.T) {
	var n atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { n.Add(1) }))
	defer srv.Close()
	rec := history.NewRecorder(time.Now())
	a, err := New(plan(100, scenarios.Target{Path: "/"}), srv.URL, rec, Options{})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- a.Run(t.Context(), 1500*time.Millisecond) }()
	time.Sleep(500 * time.Millisecond)
	a.SetRate(0)
	time.Sleep(500 * time.Millisecond)
	a.SetRate(400)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	s := tell(t, rec)
	if len(s.changed) != 2 {
		t.Fatalf("%d changes recorded", len(s.changed))
	}
	// 100/s up to the pause, and 400/s from its end on, whenever these were on this machine.
	want := 100*(s.changed[0]-s.began).Seconds() + 400*(s.began+1500*time.Millisecond-s.changed[1]).Seconds()
	if blur := 40.0; float64(s.due) < want-blur || float64(s.due) > want+blur {
		t.Errorf("%d hits due, want about %.0f", s.due, want)
	}
	if len(s.rates) != 2 || s.rates[0].Rate != 0 || s.rates[1].Rate != 400 {
		t.Errorf("changes recorded: %v", s.rates)
	}
}

// taskServer accepts tasks and knows what becomes of them, as the reference server does.
type taskServer struct {
	mu     sync.Mutex
	next   int
	states map[string]string
	batch  bool
	asked  int
}

func (s *taskServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case r.Method == http.MethodPost:
		s.next++
		id := fmt.Sprint("t-", s.next)
		s.states[id] = []string{"done", "done", "failed", "timed-out", "lost", "running"}[s.next%6]
		w.WriteHeader(http.StatusAccepted)
		fmt.Fprintf(w, `{"id":%q,"pid":%d}`, id, 100+s.next%2)
	case s.batch && r.URL.Path == "/tasks":
		s.asked++
		type task struct {
			ID    string `json:"id"`
			State string `json:"state"`
		}
		var answer struct {
			Tasks []task `json:"tasks"`
		}
		for id := range strings.SplitSeq(r.URL.Query().Get("ids"), ",") {
			answer.Tasks = append(answer.Tasks, task{id, s.states[id]})
			if s.states[id] == "running" {
				s.states[id] = "done"
			}
		}
		_ = json.NewEncoder(w).Encode(answer)
	case strings.HasPrefix(r.URL.Path, "/task/"):
		s.asked++
		id := strings.TrimPrefix(r.URL.Path, "/task/")
		state := s.states[id]
		if state == "running" {
			s.states[id] = "done"
		}
		fmt.Fprintf(w, `{"id":%q,"state":%q}`, id, state)
	default:
		http.NotFound(w, r)
	}
}

func TestTheLedgerFollowsEveryTaskToItsEnd(t *testing.T) {
	for name, batch := range map[string]bool{"a server that answers for many tasks at once": true,
		"a server that answers for one": false} {
		t.Run(name, func(t *testing.T) {
			h := &taskServer{states: map[string]string{}, batch: batch}
			srv := httptest.NewServer(h)
			defer srv.Close()
			s := attack(t, t.Context(), plan(30, scenarios.Target{Method: "POST", Path: "/task", Expect: []int{202}}),
				srv.URL, time.Second)
			final := s.ledgers[len(s.ledgers)-1]
			want := history.Ledger{Accepted: 30, Done: 15, Failed: 5, TimedOut: 5, Lost: 5, Final: true}
			if final.Accepted != want.Accepted || final.Done != want.Done || final.Failed != want.Failed ||
				final.TimedOut != want.TimedOut || final.Lost != want.Lost || !final.Final || final.Open != 0 {
				t.Errorf("final ledger %+v, want %+v", final, want)
			}
			if s.ok != 30 {
				t.Errorf("%d hits ok, want 30 with status 202", s.ok)
			}
			if batch && h.asked > 15 {
				t.Errorf("%d questions about 30 tasks", h.asked)
			}
		})
	}
}

func TestTheLedgerEndsWhenTheServerIsGone(t *testing.T) {
	h := &taskServer{states: map[string]string{}, batch: true}
	srv := httptest.NewServer(h)
	time.AfterFunc(300*time.Millisecond, srv.CloseClientConnections)
	time.AfterFunc(310*time.Millisecond, srv.Close)
	s := attack(t, t.Context(), plan(100, scenarios.Target{Method: "POST", Path: "/task"}), srv.URL, time.Second)
	final := s.ledgers[len(s.ledgers)-1]
	if !final.Final || final.Open != 0 || final.Accepted == 0 {
		t.Errorf("final ledger %+v", final)
	}
	if s.errors[history.ErrRefused] == 0 {
		t.Errorf("errors %v, want refused connections", s.errors)
	}
}
