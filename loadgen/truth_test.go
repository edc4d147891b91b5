package loadgen

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/scenarios"
)

// results reads raw results with vegeta's own decoder.
func results(t *testing.T, raw io.Reader) []vegeta.Result {
	t.Helper()
	decode := vegeta.NewDecoder(raw)
	var all []vegeta.Result
	for {
		var r vegeta.Result
		err := decode.Decode(&r)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
}

// A server stands still for 300 ms, and two senders are stuck in it. Whatever the machine does meanwhile, a hit that
// was due while it stood still cannot have a response time shorter than what was left of the standstill: that much is
// known from the moments alone.
func TestEveryHitDueInAFreezeHasWaitedForItsEnd(t *testing.T) {
	for _, name := range engines {
		t.Run(name, func(t *testing.T) {
			var n atomic.Int64
			var froze, thawed atomic.Int64 // wall clock, ns
			open := make(chan struct{})
			srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
				switch k := n.Add(1); {
				case k == 50:
					froze.Store(time.Now().UnixNano())
					time.Sleep(300 * time.Millisecond)
					thawed.Store(time.Now().UnixNano())
					close(open)
				case k > 50:
					<-open
				}
			}))
			defer srv.Close()
			var raw bytes.Buffer
			p := plan(200, scenarios.Target{Path: "/"})
			p.Senders, p.Timeout = 2, time.Minute
			s, _ := attackWith(t, Options{Engine: name, Raw: &raw}, p, srv.URL, time.Second)
			all := results(t, &raw)
			if len(all) != 200 || s.ok != 200 {
				t.Fatalf("%d results of 200 hits, %d ok", len(all), s.ok)
			}
			const blur = int64(5 * time.Millisecond) // of the wall clock, between the two readings of it
			waited := 0
			for _, r := range all {
				due := r.Timestamp.UnixNano()
				if due < froze.Load()+blur || due > thawed.Load()-blur {
					continue
				}
				waited++
				if left := thawed.Load() - due; int64(r.Latency) < left-blur {
					t.Errorf("hit %d was due with %v of the freeze to go and says it took %v", r.Seq,
						time.Duration(left), r.Latency)
				}
			}
			if waited < 50 {
				t.Errorf("only %d hits were due in 300 ms at 200/s", waited)
			}
		})
	}
}

func TestRawResultsAreWhatVegetaReads(t *testing.T) {
	var n atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n.Add(1)%4 == 0 {
			w.WriteHeader(http.StatusTeapot)
		}
		_, _ = io.WriteString(w, "four")
	}))
	defer srv.Close()
	for _, name := range engines {
		t.Run(name, func(t *testing.T) {
			var raw bytes.Buffer
			_, sum := attackWith(t, Options{Engine: name, Raw: &raw},
				plan(400, scenarios.Target{Method: "POST", Path: "/p", Body: "three"}), srv.URL, 500*time.Millisecond)
			var metrics vegeta.Metrics
			seen := map[uint64]time.Time{}
			all := results(t, &raw)
			for _, r := range all {
				metrics.Add(&r)
				seen[r.Seq] = r.Timestamp
				if r.Method != "POST" || r.URL != srv.URL+"/p" || r.BytesIn != 4 || r.BytesOut != 5 {
					t.Fatalf("%+v", r)
				}
			}
			metrics.Close()
			if metrics.Requests != 200 || len(seen) != 200 || metrics.StatusCodes["200"] != 150 ||
				metrics.StatusCodes["418"] != 50 || metrics.BytesIn.Total != sum.BytesIn {
				t.Errorf("vegeta counts %d hits, %v; hangtime %v", metrics.Requests, metrics.StatusCodes, sum.Status)
			}
			for seq, at := range seen {
				if want := seen[0].Add(time.Duration(seq) * 2500 * time.Microsecond); at != want {
					t.Errorf("hit %d was due at %v, want %v: 2.5 ms apart", seq, at, want)
				}
			}
		})
	}
}

// The moments at which hits connect, get a first byte and end are in order, and all are counted.
func TestAHitsTimesAreKeptApart(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "x")
		w.(http.Flusher).Flush()
		time.Sleep(20 * time.Millisecond)
		_, _ = io.WriteString(w, "y")
	}))
	defer srv.Close()
	for _, name := range engines {
		t.Run(name, func(t *testing.T) {
			_, sum := attackBy(t, name, plan(100, scenarios.Target{Path: "/"}), srv.URL, 300*time.Millisecond)
			for what, got := range map[string]uint64{"response": sum.Response.Count, "service": sum.Service.Count,
				"wait": sum.Wait.Count, "first byte": sum.First.Count, "body": sum.Body.Count} {
				if got != 30 {
					t.Errorf("%d %s times of 30 hits", got, what)
				}
			}
			if sum.Connect.Count == 0 || sum.Connect.Count > 30 {
				t.Errorf("%d connect times", sum.Connect.Count)
			}
			if sum.Body.P50 < 20*time.Millisecond || sum.Service.P50 < sum.Body.P50 || sum.Response.P50 < sum.Service.P50 {
				t.Errorf("p50: body %v, service %v, response %v; want at least 20 ms and each at least the one before",
					sum.Body.P50, sum.Service.P50, sum.Response.P50)
			}
		})
	}
}

func TestUsersOfAClosedLoopWaitForTheirAnswers(t *testing.T) {
	var inside, most atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		most.Store(max(most.Load(), inside.Add(1)))
		time.Sleep(2 * time.Millisecond)
		inside.Add(-1)
	}))
	defer srv.Close()
	for _, name := range engines {
		for _, think := range []time.Duration{0, 50 * time.Millisecond} {
			t.Run(name+" who think for "+think.String(), func(t *testing.T) {
				most.Store(0)
				p := scenarios.Load{Shape: "closed", Users: 5, Think: think, Timeout: time.Minute,
					Targets: []scenarios.Target{{Path: "/"}}}
				s, sum := attackBy(t, name, p, srv.URL, 500*time.Millisecond)
				if s.ok == 0 || s.failed != 0 || s.dropped != 0 || most.Load() > 5 {
					t.Errorf("%d ok, %d failed, %d dropped, up to %d at once", s.ok, s.failed, s.dropped, most.Load())
				}
				// One user sends at most one hit each 2 ms, or each 52 ms.
				if limit := uint64(5 * (500*time.Millisecond/(2*time.Millisecond+think) + 2)); sum.Due > limit {
					t.Errorf("%d hits of 5 users; want at most %d", sum.Due, limit)
				}
			})
		}
	}
}

func TestAGeneratorThatCannotKeepUpSaysSo(t *testing.T) {
	rec := history.NewRecorder(time.Now())
	b := bound{rec: rec, sum: newSum(4), processors: 1}
	slow := history.LoadWindow{Sent: 100, Lagged: 3, CPU: 20 * time.Millisecond, To: window}
	fine := history.LoadWindow{Sent: 100, Lagged: 0, CPU: 20 * time.Millisecond, To: window}
	busy := history.LoadWindow{Sent: 100, CPU: 95 * time.Millisecond, To: window}
	for _, w := range []history.LoadWindow{slow, busy} {
		for range boundSpan {
			b.look(w)
		}
		for range boundSpan {
			b.look(fine)
		}
	}
	b.finish(counts{sent: 4000, lagged: 30}, 4*time.Second)
	var told []bool
	for _, r := range rec.Drain(nil) {
		told = append(told, r.Event.(history.GeneratorBound).Over)
	}
	if len(told) != 4 || told[0] || !told[1] || told[2] || !told[3] {
		t.Errorf("over: %v; want that it began and ended twice, and nothing of the whole attack: 0.75 %% late", told)
	}
	b.finish(counts{sent: 4000, lagged: 50}, 4*time.Second)
	if events := rec.Drain(nil); len(events) != 1 || b.sum.summary.Bound == "" {
		t.Errorf("1.25 %% late over the whole attack: %v", events)
	}
}
