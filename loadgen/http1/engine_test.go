package http1

import (
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/loadgen/hit"
	"github.com/hangtime-dev/hangtime/loadgen/hosts"
	"github.com/hangtime-dev/hangtime/loadgen/request"
	"github.com/hangtime-dev/hangtime/loadgen/schedule"
)

// loopback are the hosts that these tests may connect to.
var loopback = hosts.Known{"127.0.0.1": {{IP: net.IPv4(127, 0, 0, 1)}}}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Two attacks of one process do not know of each other: each sends all of its hits, and the process is left as it was.
func TestTwoEnginesRunAtOnce(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	var seen sync.Map
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		seen.Store(runtime.GOMAXPROCS(0), true)
	}))
	defer srv.Close()
	var engines sync.WaitGroup
	jobs := make([]*hit.Job, 2)
	for i := range jobs {
		jobs[i] = &hit.Job{
			Rec: history.NewRecorder(time.Now()), Table: schedule.NewTimetable(schedule.Constant(200), []uint32{0}),
			Senders: 8, Sink: hit.NewSink(), Hosts: loopback,
			Total:   time.Duration(i+1) * 250 * time.Millisecond,
			Targets: []request.Target{{Method: "GET", URL: srv.URL + "/", Timeout: time.Minute}},
		}
		e, why, err := New(jobs[i])
		if e == nil {
			t.Fatal(why, err)
		}
		engines.Go(func() {
			if err := e.Run(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	engines.Wait()
	for i, j := range jobs {
		ok := 0
		for _, o := range j.Sink.Take(nil) {
			if o.Class == hit.ClassOK {
				ok++
			}
		}
		if want := 50 * (i + 1); ok != want {
			t.Errorf("engine %d had %d hits answered; want %d", i, ok, want)
		}
	}
	if got := runtime.GOMAXPROCS(0); got != before {
		t.Errorf("%d places afterwards, %d before", got, before)
	}
	if _, one := seen.Load(before + 1); !one {
		t.Error("an engine that runs alone has no place of its own")
	}
}
