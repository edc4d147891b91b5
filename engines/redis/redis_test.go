package redis

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/hangtime-dev/hangtime/reference-server/lending/lendingtest"
	"github.com/hangtime-dev/hangtime/reference-server/realengine"
)

// program is hangtime with this backend.
var program string

func TestMain(m *testing.M) { os.Exit(lendingtest.Main(m, "./cmd/hangtime-redis", &program)) }

func clientOf(t *testing.T, s *realengine.Server) *redis.Client {
	t.Helper()
	c, err := open(&Settings{URL: s.URL})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// What the core asks of its own backends.
func TestAsTheCoresBackends(t *testing.T) {
	t.Parallel()
	s := realengine.Redis(t, t.TempDir())
	lendingtest.Ask(t, "../..", program, Name,
		"redis-url="+s.URL, "redis-queue=q{n}", "redis-tries=3", "redis-backoff=20ms", "redis-ack-wait=5s")
}

// No task is lost when Redis is killed and started again.
func TestTasksOutliveRedisKilled(t *testing.T) {
	t.Parallel()
	s := realengine.Redis(t, t.TempDir())
	address := lendingtest.Serve(t, program, "--tasks=redis", "--redis-url="+s.URL,
		"--workers=2")
	lendingtest.OutlivesItsEngine(t, address, 3, func() { s.Kill(); s.Start() })
}

// What a worker holds that stands still is given to another.
func TestTasksOutliveAStoppedWorker(t *testing.T) {
	t.Parallel()
	s := realengine.Redis(t, t.TempDir())
	lendingtest.OutlivesAStoppedWorker(t, lendingtest.Serve(t, program, "--tasks=redis",
		"--redis-url="+s.URL, "--workers=2", "--redis-ack-wait=1s"))
}

// A task is taken back once, however often and by whomever.
func TestALoanIsTakenBackOnce(t *testing.T) {
	t.Parallel()
	c, k, ctx := clientOf(t, realengine.Redis(t, t.TempDir())), keys("q"), context.Background()
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
	s := realengine.Redis(t, t.TempDir(), "--maxmemory", "1")
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	err := putScript.Run(ctx, clientOf(t, s), append(keys("q"), "{q}:id:1"), "1", "body", 10, 1000, 0).Err()
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
		set, err := persistence(context.Background(), clientOf(t, realengine.Redis(t, t.TempDir(), one.args...)))
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

// Tasks that were in a Redis that somebody empties are told as lost.
func TestTasksOfAnEmptiedRedisAreLost(t *testing.T) {
	t.Parallel()
	s := realengine.Redis(t, t.TempDir())
	address := lendingtest.Serve(t, program, "--tasks=redis", "--redis-url="+s.URL, "--workers=2")
	lendingtest.TellsWhatIsGone(t, address, func() {
		if err := clientOf(t, s).FlushAll(context.Background()).Err(); err != nil {
			t.Fatal(err)
		}
	})
}
