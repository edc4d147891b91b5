package run

import (
	"strings"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/queues/redistest"
	"github.com/hangtime-dev/hangtime/scenarios"
)

func TestEachSystemOfQueuesCanBeOpened(t *testing.T) {
	all := openers()
	for _, name := range scenarios.QueueSystems() {
		if all[name] == nil {
			t.Errorf("nobody knows how to open a queue of %s", name)
		}
		delete(all, name)
	}
	for name := range all {
		t.Errorf("no scenario can ask for a queue of %s", name)
	}
}

// A queue that cannot be what was meant is told before anything is started or sent.
func TestAQueueThatIsNotTheWorkersIsRefused(t *testing.T) {
	url := redistest.Start(t)
	other := redistest.Client(t, url)
	for _, words := range [][]string{
		{"SADD", "rq:workers:taken", "rq:worker:w"},
		{"HSET", "rq:worker:w", "hostname", "elsewhere.test", "pid", "7", "state", "idle"},
	} {
		if _, err := other.Do(t.Context(), words...); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name   string
		queue  scenarios.Queue
		attach bool
		want   string // empty: it is opened
	}{
		{"no broker", scenarios.Queue{System: "rq"}, false, "HANGTIME_BROKER"},
		{"no URL", scenarios.Queue{System: "rq", Broker: "localhost:6379"}, false, "want redis://HOST"},
		{"not this machine", scenarios.Queue{System: "celery", Broker: "redis://192.0.2.1/0"}, false, "--allow 192.0.2.1"},
		{"results elsewhere", scenarios.Queue{System: "celery", Broker: url, Results: "redis://192.0.2.1/0"}, false, "results: 192.0.2.1"},
		{"nobody there", scenarios.Queue{System: "rq", Broker: "redis://127.0.0.1:1/0"}, false, "refused"},
		{"workers before", scenarios.Queue{System: "rq", Broker: url, Name: "taken"}, false, "workers take its tasks already"},
		{"no workers", scenarios.Queue{System: "rq", Broker: url, Name: "free"}, true, "nobody takes its tasks"},
		{"free", scenarios.Queue{System: "rq", Broker: url, Name: "free"}, false, ""},
		{"taken", scenarios.Queue{System: "rq", Broker: url, Name: "taken"}, true, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv(brokerVariable, "")
			l := &launch{dir: t.TempDir(), rec: history.NewRecorder(time.Now())}
			open := l.freeQueue
			if c.attach {
				open = l.takenQueue
			}
			got, err := open(t.Context(), &c.queue)
			defer got.close()
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}
