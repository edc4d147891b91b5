package redis

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/hangtime-dev/hangtime/reference-server/lending/lendingtest"
)

// program is hangtime with this backend.
var program string

func TestMain(m *testing.M) { os.Exit(lendingtest.Main(m, "./cmd/hangtime-redis", &program)) }

// A server is a real Redis on the loopback.
type server struct {
	t    *testing.T
	port int
	dir  string
	args []string
	stop func()
}

func newServer(t *testing.T, args ...string) *server {
	t.Helper()
	s := &server{t: t, port: lendingtest.FreePort(t), dir: t.TempDir(), args: args}
	s.start()
	return s
}

func (s *server) start() {
	s.t.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		s.t.Fatal("redis-server is missing: `make tools` installs it")
	}
	args := append([]string{"--port", fmt.Sprint(s.port), "--bind", "127.0.0.1", "--dir", s.dir, "--save", "",
		"--appendonly", "yes", "--appendfsync", "always", "--daemonize", "no"}, s.args...)
	s.stop = lendingtest.Start(s.t, exec.Command(path, args...))
	lendingtest.Until(s.t, "redis accepts", func() bool {
		conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", s.port))
		if err != nil {
			return false
		}
		_ = conn.Close()
		return true
	})
}

func (s *server) url() string { return fmt.Sprintf("redis://127.0.0.1:%d/0", s.port) }

func (s *server) client() *redis.Client {
	s.t.Helper()
	c, err := open(&Settings{URL: s.url()})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = c.Close() })
	return c
}

// What the core asks of its own backends.
func TestAsTheCoresBackends(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	lendingtest.Ask(t, "../..", program, Name,
		"redis-url="+s.url(), "redis-queue=q{n}", "redis-tries=3", "redis-backoff=20ms", "redis-ack-wait=5s")
}

// No task is lost when Redis is killed and started again.
func TestTasksOutliveRedisKilled(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	address := lendingtest.Serve(t, program, "--tasks=redis", "--redis-url="+s.url(),
		"--workers=2")
	lendingtest.OutlivesItsEngine(t, address, 3, func() { s.stop(); s.start() })
}

// What a worker holds that stands still is given to another.
func TestTasksOutliveAStoppedWorker(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	lendingtest.OutlivesAStoppedWorker(t, lendingtest.Serve(t, program, "--tasks=redis",
		"--redis-url="+s.url(), "--workers=2", "--redis-ack-wait=1s"))
}

// A task is taken back once, however often and by whomever.
func TestALoanIsTakenBackOnce(t *testing.T) {
	t.Parallel()
	c, k, ctx := newServer(t).client(), keys("q"), context.Background()
	for _, stream := range []int{fresh, back} {
		if err := c.XGroupCreateMkStream(ctx, k[stream-1], group, "0").Err(); err != nil {
			t.Fatal(err)
		}
	}
	if err := putScript.Run(ctx, c, append(k, "{q}:id:1"), "1", "body", 10, 1000, 0).Err(); err != nil {
		t.Fatal(err)
	}
	read := func(stream int) redis.XMessage {
		t.Helper()
		streams, err := c.XReadGroup(ctx, &redis.XReadGroupArgs{Group: group, Consumer: "dead", Streams: []string{k[stream-1], ">"}}).Result()
		if err != nil {
			t.Fatal(err)
		}
		return streams[0].Messages[0]
	}
	first := read(fresh)
	for range 2 {
		if err := againScript.Run(ctx, c, k, group, fresh, first.ID, 0).Err(); err != nil && err != redis.Nil {
			t.Fatal(err)
		}
	}
	second := read(back)
	if second.Values["lent"] != "1" || second.Values["body"] != "body" {
		t.Errorf("lent again: %v", second.Values)
	}
	if err := endedScript.Run(ctx, c, k, group, fresh, first.ID).Err(); err != nil && err != redis.Nil { // an answer that comes too late
		t.Fatal(err)
	}
	for range 2 { // the second time nobody has it any more
		if err := backScript.Run(ctx, c, k, group, 0, "dead").Err(); err != nil && err != redis.Nil {
			t.Fatal(err)
		}
	}
	if n := c.XLen(ctx, k[0]).Val() + c.XLen(ctx, k[back-1]).Val(); n != 1 {
		t.Errorf("%d tasks wait, want 1", n)
	}
	if n := c.ZCard(ctx, k[2]).Val(); n != 1 {
		t.Errorf("%d tasks are open, want 1", n)
	}
}

// A server without memory refuses tasks as a full queue does.
func TestNoMemoryIsFull(t *testing.T) {
	t.Parallel()
	s := newServer(t, "--maxmemory", "1")
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	err := putScript.Run(ctx, s.client(), append(keys("q"), "{q}:id:1"), "1", "body", 10, 1000, 0).Err()
	if !full(err) {
		t.Errorf("%v, want what full takes for it", err)
	}
}

// What is promised goes by what the server says of itself.
func TestPromisesGoByTheServersSettings(t *testing.T) {
	t.Parallel()
	own := Defaults().(*Settings)
	for _, one := range []struct {
		args          []string
		engine, power string
	}{
		{nil, "survived:", "survived:"},
		{[]string{"--appendfsync", "everysec"}, "survived:", "not survived:"},
		{[]string{"--appendonly", "no"}, "not survived:", "not survived:"},
		{[]string{"--rename-command", "CONFIG", ""}, "unknown:", "unknown:"},
	} {
		set, err := persistence(context.Background(), newServer(t, one.args...).client())
		if err != nil && !refused(err) {
			t.Fatal(err)
		}
		g := guarantees(own, set)
		for said, want := range map[string]string{g.EngineDies: one.engine, g.PowerCut: one.power} {
			if len(said) < len(want) || said[:len(want)] != want {
				t.Errorf("%v: %q, want %s", one.args, said, want)
			}
		}
	}
}
