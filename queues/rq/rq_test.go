package rq

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/json"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/hangtime-dev/hangtime/queues"
	"github.com/hangtime-dev/hangtime/queues/redistest"
	"github.com/hangtime-dev/hangtime/queues/resp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Python itself says what a pickled call is.
func TestPythonReadsACall(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("SKIPPED, NOT PASSED: python3 is not installed")
	}
	text, err := pickled(queues.Task{Name: "shop.send", Args: []json.RawMessage{[]byte(`1`), []byte(`-2147483649`), []byte(`2.5e3`),
		[]byte(`"h\u00e9\u20ac"`), []byte(`null`), []byte(`[true,false,{"a":[]}]`)}, Kwargs: map[string]json.RawMessage{"pause": []byte(`0.05`)}})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, "-c", "import pickle, sys; print(ascii(pickle.load(sys.stdin.buffer)))")
	cmd.Stdin = bytes.NewReader(text)
	out, err := cmd.CombinedOutput()
	const want = `('shop.send', None, (1, -2147483649, 2500.0, 'h\xe9\u20ac', None, [True, False, {'a': []}]), {'pause': 0.05})`
	if got := strings.TrimSpace(string(out)); err != nil || got != want {
		t.Errorf("%v\n%s\nwant\n%s", err, got, want)
	}
}

func TestArgumentsThatAreTooDeepAreRefused(t *testing.T) {
	deep := strings.Repeat("[", 100) + strings.Repeat("]", 100)
	if _, err := pickled(queues.Task{Name: "f", Args: []json.RawMessage{[]byte(deep)}}); err == nil {
		t.Error("they were taken")
	}
}

func TestHowAJobFailedIsRead(t *testing.T) {
	packed := func(text string) string {
		var b bytes.Buffer
		z := zlib.NewWriter(&b)
		_, _ = z.Write([]byte(text))
		_ = z.Close()
		return base64.StdEncoding.EncodeToString(b.Bytes())
	}
	for text, want := range map[string]string{
		"Work-horse terminated unexpectedly; waitpid returned 9 (signal 9); ":           queues.Lost,
		"Moved to FailedJobRegistry, due to AbandonedJobError, at 2026-11-29":           queues.Lost,
		"Traceback:\nrq.timeouts.JobTimeoutException: Task exceeded maximum timeout":    queues.TimedOut,
		"Traceback:\nValueError: Work-horse terminated unexpectedly is what it printed": queues.Failed,
		"": queues.Failed,
	} {
		if got := failure(packed(text)); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func open(t *testing.T, retries int) (*Client, *resp.Client) {
	t.Helper()
	url := redistest.Start(t)
	opened, err := Open(t.Context(), queues.Place{Broker: url, Retries: retries}, (&net.Dialer{}).DialContext)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := opened.Close(); err != nil {
			t.Error(err)
		}
	})
	return opened.(*Client), redistest.Client(t, url)
}

func do(t *testing.T, c *resp.Client, words ...string) any {
	t.Helper()
	answer, err := c.Do(t.Context(), words...)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// A job that says that it waits or runs is looked for where it then must be; one that is nowhere is unknown.
func TestAJobIsFoundWhereItIs(t *testing.T) {
	c, other := open(t, 3)
	long := time.Now().Add(-time.Minute)
	given := map[string]time.Time{}
	for _, id := range []string{"waits", "taken", "runs", "gone", "dead", "done", "retried"} {
		if err := c.Enqueue(t.Context(), queues.Task{ID: id, Name: "shop.send"}); err != nil {
			t.Fatal(err)
		}
		given[id] = long
		if id != "waits" && id != "retried" {
			do(t, other, "LREM", "rq:queue:default", "1", id)
		}
	}
	do(t, other, "RPUSH", "rq:queue:default:intermediate", "taken")
	do(t, other, "HSET", "rq:job:runs", "status", "started", "worker_name", "w")
	do(t, other, "ZADD", "rq:wip:default", "9999999999", "runs:execution")
	do(t, other, "HSET", "rq:job:dead", "status", "started")
	do(t, other, "HSET", "rq:job:done", "status", "finished")
	do(t, other, "XADD", "rq:results:done", "*", "type", "1")
	do(t, other, "XADD", "rq:results:done", "*", "type", "1")
	do(t, other, "HSET", "rq:job:retried", "retries_left", "1")
	given["young"] = time.Now()
	got, err := c.Standings(t.Context(), given)
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]string{"waits": queues.Accepted, "taken": queues.Accepted, "runs": queues.Running,
		"gone": queues.Unknown, "dead": queues.Unknown, "done": queues.Done, "young": queues.Accepted} {
		if got[id].State != want {
			t.Errorf("%s is %q, want %q", id, got[id].State, want)
		}
	}
	depth, err := c.Depth(t.Context())
	if err != nil || depth.Waiting != 2 || depth.InFlight != 2 || depth.DoneTwice != 1 || depth.Redelivered == nil || *depth.Redelivered != 2 {
		t.Errorf("%+v, %v; want 2 that wait, 2 in flight, one done twice and two tries more", depth, err)
	}
}

// A worker that was killed stays registered for minutes.
func TestAWorkerThatIsDeadIsNotCounted(t *testing.T) {
	c, other := open(t, 0)
	do(t, other, "SADD", "rq:workers:default", "rq:worker:dead", "rq:worker:elsewhere", "rq:worker:expired")
	host, err := exec.Command("uname", "-n").Output()
	if err != nil {
		t.Fatal(err)
	}
	do(t, other, "HSET", "rq:worker:dead", "hostname", strings.TrimSpace(string(host)), "pid", "2147483647", "state", "idle")
	do(t, other, "HSET", "rq:worker:elsewhere", "hostname", "elsewhere.test", "pid", "2147483647", "state", "idle")
	if n, err := c.Workers(t.Context()); err != nil || n != 1 {
		t.Errorf("%d, %v; want the one elsewhere", n, err)
	}
}
