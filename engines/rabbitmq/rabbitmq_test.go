package rabbitmq

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/reference-server/lending/lendingtest"
	"github.com/hangtime-dev/hangtime/reference-server/realengine"
)

// program is hangtime with this backend.
var program string

func TestMain(m *testing.M) { os.Exit(lendingtest.Main(m, "./cmd/hangtime-rabbitmq", &program)) }

// One broker does for all that does it no harm: it takes seconds to start.
func TestWithOneBroker(t *testing.T) {
	t.Parallel()
	s := realengine.RabbitMQ(t, t.TempDir(), 0)
	t.Run("what the core asks of its own backends", func(t *testing.T) {
		t.Parallel()
		lendingtest.Ask(t, "../..", program, Name, "rabbitmq-url="+s.URL, "rabbitmq-queue=q{n}", "rabbitmq-tries=3",
			"rabbitmq-backoff=20ms", "rabbitmq-ack-wait=5s")
	})
	t.Run("what a worker holds that stands still is given to another", func(t *testing.T) {
		t.Parallel()
		lendingtest.OutlivesAStoppedWorker(t, lendingtest.Serve(t, program, "--tasks=rabbitmq", "--rabbitmq-url="+s.URL,
			"--workers=2", "--rabbitmq-ack-wait=1s"))
	})
	t.Run("what was in queues that somebody deletes is told as lost", func(t *testing.T) {
		t.Parallel()
		address := lendingtest.Serve(t, program, "--tasks=rabbitmq", "--rabbitmq-url="+s.URL, "--rabbitmq-queue=deleted", "--workers=2")
		lendingtest.TellsWhatIsGone(t, address, func() { deleteQueues(t, s.URL, "deleted") })
	})
	t.Run("what is not taken over is told", func(t *testing.T) {
		t.Parallel()
		notTakenOver(t, s.URL)
	})
}

// No task is lost when the broker is killed and started again.
func TestTasksOutliveTheBrokerKilled(t *testing.T) {
	t.Parallel()
	s := realengine.RabbitMQ(t, t.TempDir(), 0)
	address := lendingtest.Serve(t, program, "--tasks=rabbitmq",
		"--rabbitmq-url="+s.URL, "--workers=2")
	lendingtest.OutlivesItsEngine(t, address, 1, func() { s.Kill(); s.Start() })
}

func deleteQueues(t *testing.T, url, queue string) {
	t.Helper()
	c, err := dial(url, "test", time.Second)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.conn.Close() })
	names := []string{queue, deadName(queue)}
	for wait, i := shortest, 0; i < steps; wait, i = wait*times, i+1 {
		names = append(names, laterName(queue, wait))
	}
	for _, name := range names {
		if _, err := c.publish.QueueDelete(name, false, false, false); err != nil {
			t.Fatal(err)
		}
	}
}

// A queue that is full refuses, and one that is not there takes nothing over.
func notTakenOver(t *testing.T, url string) {
	t.Helper()
	c, err := dial(url, "test", time.Second)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.conn.Close() })
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := c.put(ctx, "q", message("1", nil, 0, time.Time{})); !errors.Is(err, errNoWord) {
		t.Errorf("no queue: %v, want %v", err, errNoWord)
	}
	if err := declare(c.publish, "q", 2); err != nil {
		t.Fatal(err)
	}
	taken := 0
	for range 10 {
		if err = c.put(ctx, "q", message("1", nil, 0, time.Time{})); err != nil {
			break
		}
		taken++
	}
	if !errors.Is(err, errFull) || taken < 2 {
		t.Errorf("after %d of at most 2: %v, want %v", taken, err, errFull)
	}
}

// However long a task is to wait, it goes through few queues, and never through one that is too long.
func TestAWaitIsMadeOfFewSteps(t *testing.T) {
	t.Parallel()
	for _, d := range []time.Duration{time.Second, time.Minute, time.Hour} {
		n, left := 0, d
		for ; left > 0; n++ {
			s := step(left)
			if s > left && s != shortest {
				t.Fatalf("%v left: %v is too long", left, s)
			}
			left -= s
		}
		if n > times*steps || left < -shortest {
			t.Errorf("%v: %d steps, %v too long", d, n, -left)
		}
	}
}
