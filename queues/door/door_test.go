package door

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/hangtime-dev/hangtime/queues"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A shelf is a queue that the test does the work of.
type shelf struct {
	mu    sync.Mutex
	tasks []queues.Task
	state string // of all tasks
	full  bool
}

func (s *shelf) Enqueue(_ context.Context, task queues.Task) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.full {
		return errors.New("no room")
	}
	s.tasks = append(s.tasks, task)
	return nil
}

func (s *shelf) Standings(_ context.Context, given map[string]time.Time) (map[string]queues.Standing, error) {
	all := map[string]queues.Standing{}
	for id := range given {
		all[id] = queues.Standing{State: s.state, PID: 7}
	}
	return all, nil
}

func (s *shelf) Depth(context.Context) (queues.Depth, error) {
	return queues.Depth{Waiting: 3, InFlight: 2, DoneTwice: 1}, nil
}

func (*shelf) Workers(context.Context) (int, error) { return 1, nil }
func (*shelf) Missing() string                      { return "" }
func (*shelf) Close() error                         { return nil }

func open(t *testing.T, s *shelf) *http.Client {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	d := Open(listener, s)
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", path)
	}}}
	t.Cleanup(func() {
		client.CloseIdleConnections()
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return client
}

func ask(t *testing.T, c *http.Client, method, path, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "http://localhost"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

func TestATaskGoesThroughTheDoor(t *testing.T) {
	s := &shelf{state: queues.Running}
	c := open(t, s)
	status, text := ask(t, c, "POST", "/task/shop.send", `{"args": [1, "two"], "kwargs": {"pause": 0.5}}`)
	if status != http.StatusAccepted || len(s.tasks) != 1 {
		t.Fatalf("%d %s", status, text)
	}
	task := s.tasks[0]
	if task.Name != "shop.send" || len(task.Args) != 2 || string(task.Args[1]) != `"two"` || string(task.Kwargs["pause"]) != "0.5" ||
		!strings.Contains(text, `"id":"`+task.ID+`"`) {
		t.Errorf("%+v was given for %s", task, text)
	}
	if _, text = ask(t, c, "GET", "/tasks?ids="+task.ID+",strange", ""); !strings.Contains(text, `"state":"running","pid":7`) ||
		!strings.Contains(text, `{"id":"strange","state":"unknown"}`) || !strings.Contains(text, `"depth":3,"in_flight":2,`) ||
		strings.Contains(text, "redelivered") {
		t.Errorf("it says %s", text)
	}
	// How a task ended is said as often as it is asked for: the first answer may not have arrived.
	for _, s.state = range []string{queues.Lost, queues.Done} {
		if _, text = ask(t, c, "GET", "/tasks?ids="+task.ID, ""); !strings.Contains(text, `"state":"lost"`) {
			t.Errorf("it says %s", text)
		}
	}
}

func TestWhatIsNoTaskIsRefused(t *testing.T) {
	s := &shelf{}
	c := open(t, s)
	for body, want := range map[string]int{`{"arg": [1]}`: 400, `[1]`: 400, `{"args": 1}`: 400, "": 202} {
		if status, text := ask(t, c, "POST", "/task/f", body); status != want {
			t.Errorf("%s: %d %s, want %d", body, status, text, want)
		}
	}
	s.full = true
	if status, text := ask(t, c, "POST", "/task/f", ""); status != http.StatusServiceUnavailable || !strings.Contains(text, "no room") {
		t.Errorf("%d %s, want the broker's refusal", status, text)
	}
}
