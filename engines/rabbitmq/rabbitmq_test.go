package rabbitmq

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/reference-server/lending/lendingtest"
)

// program is hangtime with this backend.
var program string

func TestMain(m *testing.M) { os.Exit(lendingtest.Main(m, "./cmd/hangtime-rabbitmq", &program)) }

// A server is a real broker on the loopback, with the daemon that Erlang's nodes find each other by as a process of its own.
type server struct {
	t          *testing.T
	port, epmd int
	dir        string
	stop       func()
}

// starter is Debian's script below the one that changes the user.
const starter = "/usr/lib/rabbitmq/bin/rabbitmq-server"

func newServer(t *testing.T) *server {
	t.Helper()
	if _, err := os.Stat(starter); err != nil {
		t.Fatal("rabbitmq-server is missing: `make tools` installs it")
	}
	s := &server{t: t, port: lendingtest.FreePort(t), epmd: lendingtest.FreePort(t), dir: t.TempDir()}
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("rabbitmq.conf", fmt.Sprintf("listeners.tcp.1 = 127.0.0.1:%d\n", s.port))
	write("plugins", "[].\n")
	lendingtest.Start(t, exec.Command("epmd", "-port", fmt.Sprint(s.epmd), "-address", "127.0.0.1"))
	s.start()
	return s
}

func (s *server) start() {
	s.t.Helper()
	cmd := exec.Command(starter)
	cmd.Env = append(os.Environ(), "HOME="+s.dir, "RABBITMQ_NODENAME=hangtime@localhost", "RABBITMQ_BASE="+s.dir,
		"RABBITMQ_MNESIA_BASE="+s.dir, "RABBITMQ_LOG_BASE="+s.dir, "RABBITMQ_CONFIG_FILE="+filepath.Join(s.dir, "rabbitmq"),
		"RABBITMQ_ENABLED_PLUGINS_FILE="+filepath.Join(s.dir, "plugins"), "RABBITMQ_PID_FILE="+filepath.Join(s.dir, "pid"),
		"RABBITMQ_CONF_ENV_FILE=/dev/null", fmt.Sprintf("ERL_EPMD_PORT=%d", s.epmd),
		fmt.Sprintf("RABBITMQ_DIST_PORT=%d", lendingtest.FreePort(s.t)),
		"RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=-kernel inet_dist_use_interface {127,0,0,1}")
	s.stop = lendingtest.Start(s.t, cmd)
	lendingtest.Until(s.t, "the broker accepts", func() bool {
		c, err := dial(s.url(), "test", time.Second)
		if err != nil {
			return false
		}
		return c.conn.Close() == nil
	})
}

func (s *server) url() string { return fmt.Sprintf("amqp://guest:guest@127.0.0.1:%d/", s.port) }

// One broker does for all that does it no harm: it takes seconds to start.
func TestWithOneBroker(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	t.Run("what the core asks of its own backends", func(t *testing.T) {
		t.Parallel()
		lendingtest.Ask(t, "../..", program, Name, "rabbitmq-url="+s.url(), "rabbitmq-queue=q{n}", "rabbitmq-tries=3",
			"rabbitmq-backoff=20ms", "rabbitmq-ack-wait=5s")
	})
	t.Run("what a worker holds that stands still is given to another", func(t *testing.T) {
		t.Parallel()
		lendingtest.OutlivesAStoppedWorker(t, lendingtest.Serve(t, program, "--tasks=rabbitmq", "--rabbitmq-url="+s.url(),
			"--workers=2", "--rabbitmq-ack-wait=1s"))
	})
	t.Run("what is not taken over is told", func(t *testing.T) {
		t.Parallel()
		notTakenOver(t, s.url())
	})
}

// No task is lost when the broker is killed and started again.
func TestTasksOutliveTheBrokerKilled(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	address := lendingtest.Serve(t, program, "--tasks=rabbitmq",
		"--rabbitmq-url="+s.url(), "--workers=2")
	lendingtest.OutlivesItsEngine(t, address, 1, func() { s.stop(); s.start() })
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
