package celery

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/hangtime-dev/hangtime/queues"
	"github.com/hangtime-dev/hangtime/queues/redistest"
	"github.com/hangtime-dev/hangtime/queues/resp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestHowATaskEndedIsRead(t *testing.T) {
	for text, want := range map[string]string{
		`{"status":"SUCCESS","result":7}`:                                queues.Done,
		`{"status":"SUCCESS","result":{"exc_type":"WorkerLostError"}}`:   queues.Done,
		`{"status":"FAILURE","result":{"exc_type":"ValueError"}}`:        queues.Failed,
		`{"status":"FAILURE","result":{"exc_type":"WorkerLostError"}}`:   queues.Lost,
		`{"status":"FAILURE","result":{"exc_type":"TimeLimitExceeded"}}`: queues.TimedOut,
		`{"status":"REVOKED","result":{"exc_type":"TaskRevokedError"}}`:  queues.Failed,
		`{"status":"RETRY","result":{}}`:                                 "",
		`{"status":"STARTED","result":{"pid":7}}`:                        "",
		"":    "",
		`[1]`: "",
	} {
		if got := stateOf(text); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

func open(t *testing.T) (*Client, *resp.Client) {
	t.Helper()
	url := redistest.Start(t)
	opened, err := Open(t.Context(), queues.Place{Broker: url}, (&net.Dialer{}).DialContext)
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
	answer, err := c.Do(context.WithoutCancel(t.Context()), words...) // a worker of the test answers until its cleanup
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// A task is found where it is: in the queue, unacknowledged, in its result, or nowhere.
func TestATaskIsFoundWhereItIs(t *testing.T) {
	c, other := open(t)
	long := time.Now().Add(-time.Minute)
	given := map[string]time.Time{}
	for _, id := range []string{"waits", "taken", "done", "gone"} {
		if err := c.Enqueue(t.Context(), queues.Task{ID: id, Name: "shop.send"}); err != nil {
			t.Fatal(err)
		}
		given[id] = long
	}
	texts := resp.Texts(do(t, other, "LRANGE", "celery", "0", "-1")) // newest first
	do(t, other, "DEL", "celery")
	do(t, other, "RPUSH", "celery"+separator+"3", texts[3]) // of another priority
	do(t, other, "HSET", unackedKey, "tag", "["+texts[2]+`,"","celery"]`)
	do(t, other, "SET", resultPrefix+"done", `{"status":"SUCCESS","result":null}`)
	given["young"] = time.Now()
	got, err := c.Standings(t.Context(), given)
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]string{"waits": queues.Accepted, "taken": queues.Running, "done": queues.Done,
		"gone": queues.Unknown, "young": queues.Accepted} {
		if got[id].State != want {
			t.Errorf("%s is %q, want %q", id, got[id].State, want)
		}
	}
	if depth, err := c.Depth(t.Context()); err != nil || depth.Waiting != 1 || depth.InFlight != 1 || depth.Redelivered != nil {
		t.Errorf("%+v, %v; want one that waits and one in flight", depth, err)
	}
}

// work answers the questions to all workers as one that holds a task, until the test is over.
func work(t *testing.T, other *resp.Client, answers func(ticket, key string)) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	subscribed, over := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(over)
		_ = other.Subscribe(ctx, "/0."+controlExchange, func() { close(subscribed) }, func(_, text string) {
			var m message
			if json.Unmarshal([]byte(text), &m) != nil {
				return
			}
			body, _ := base64.StdEncoding.DecodeString(m.Body)
			var question struct {
				Ticket string
				To     struct {
					Key string `json:"routing_key"`
				} `json:"reply_to"`
			}
			if json.Unmarshal(body, &question) == nil {
				answers(question.Ticket, question.To.Key)
			}
		})
	}()
	<-subscribed
	t.Cleanup(func() { stop(); <-over })
}

// A task that was acknowledged early is in no list: only its worker knows of it, and where one does not answer nobody can
// say that the task is gone.
func TestATaskWithAWorkerIsNotGone(t *testing.T) {
	for _, silent := range []bool{false, true} {
		t.Run(fmt.Sprintf("silent %v", silent), func(t *testing.T) {
			c, other := open(t)
			host, _ := os.Hostname()
			work(t, other, func(ticket, key string) {
				if silent {
					return
				}
				body := fmt.Sprintf(`{"celery@%s":{"runs":["active",{"worker_pid":77}]}}`, host)
				do(t, other, "LPUSH", key, fmt.Sprintf(`{"body":%q,"headers":{"ticket":%q}}`,
					base64.StdEncoding.EncodeToString([]byte(body)), ticket))
			})
			long := time.Now().Add(-time.Minute)
			got, err := c.Standings(t.Context(), map[string]time.Time{"runs": long, "gone": long})
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]queues.Standing{"runs": {State: queues.Running, PID: 77}, "gone": {State: queues.Unknown}}
			if silent {
				want = map[string]queues.Standing{"runs": {State: queues.Accepted}, "gone": {State: queues.Accepted}}
			}
			for id := range want {
				if got[id] != want[id] {
					t.Errorf("%s: %+v, want %+v", id, got[id], want[id])
				}
			}
			if n, err := c.Workers(t.Context()); err != nil || n != map[bool]int{false: 1, true: 0}[silent] {
				t.Errorf("%d workers, %v", n, err)
			}
		})
	}
}

// Each result of a task is published when it is stored: the second that says that it ended well counts, of ours alone.
func TestATaskThatIsDoneTwiceIsCounted(t *testing.T) {
	c, other := open(t)
	if err := c.Enqueue(t.Context(), queues.Task{ID: "ours", Name: "shop.send"}); err != nil {
		t.Fatal(err)
	}
	for _, one := range []string{"ours FAILURE", "ours SUCCESS", "theirs SUCCESS", "theirs SUCCESS", "ours SUCCESS"} {
		id, status, _ := strings.Cut(one, " ")
		do(t, other, "PUBLISH", resultPrefix+id, `{"status":"`+status+`"}`)
	}
	for {
		depth, err := c.Depth(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if depth.DoneTwice == 1 {
			return
		}
		if depth.DoneTwice > 1 || t.Context().Err() != nil {
			t.Fatalf("done twice %d times, want once", depth.DoneTwice)
		}
	}
}

// What workers' answers come by is taken away again.
func TestNothingStaysInTheBroker(t *testing.T) {
	url := redistest.Start(t)
	c, err := Open(t.Context(), queues.Place{Broker: url}, (&net.Dialer{}).DialContext)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Workers(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if keys := resp.Texts(do(t, redistest.Client(t, url), "KEYS", "*")); len(keys) > 0 {
		t.Errorf("%v were left", keys)
	}
}

// Who keeps no results is told so, and not that all is lost.
func TestAMissingStoreOfResultsIsTold(t *testing.T) {
	c, other := open(t)
	if text := c.Missing(); text != "" {
		t.Errorf("told before anything was given: %s", text)
	}
	if err := c.Enqueue(t.Context(), queues.Task{ID: "one", Name: "shop.send"}); err != nil {
		t.Fatal(err)
	}
	if text := c.Missing(); !strings.Contains(text, "result_backend") {
		t.Errorf("%q", text)
	}
	do(t, other, "SET", resultPrefix+"one", `{"status":"SUCCESS"}`)
	if _, err := c.Standings(t.Context(), map[string]time.Time{"one": time.Now()}); err != nil {
		t.Fatal(err)
	}
	if text := c.Missing(); text != "" {
		t.Errorf("a result is there, and it is told: %s", text)
	}
}
