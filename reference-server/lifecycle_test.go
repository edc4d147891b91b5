package refserver

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// What gunicorn has not, or does otherwise: docs/reference-server.md says why.

func TestBootTimeoutKillsAWorkerThatDoesNotGetReady(t *testing.T) {
	t.Parallel()
	s := launch(t, func(c *Config) { c.LoopStartDelay, c.BootTimeout = time.Hour, 300*time.Millisecond })
	e := s.event("boot-timeout")
	s.event("worker-exited")
	if first := number(e["pid"]); running(first) {
		t.Errorf("process %d runs on", first)
	}
	s.event("worker-started", 2)
}

func TestRespawnBacksOffFromACrashLoop(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	for n := range 3 {
		pid := number(s.event("worker-ready", n+1)["pid"])
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	if e := s.event("workers-die-young"); number(e["in_a_row"]) < 2 {
		t.Errorf("%v", e)
	}
	s.event("worker-ready", 4) // and it goes on all the same
}

func TestHookThatFailsOrHangsHarmsNobody(t *testing.T) {
	t.Parallel()
	s := serve(t, func(c *Config) {
		c.Hooks = []string{"on_starting=echo no luck >&2; exit 7", "when_ready=sleep 1000", "post_worker_init=test $HANGTIME_HOOK_WORKER = 1"}
		c.HookTimeout = 200 * time.Millisecond
	})
	s.becomes(s.task(202, aTask), "done")
	first, second := s.event("hook-failed"), s.event("hook-failed", 2)
	if reason, _ := first["reason"].(string); first["name"] != "on_starting" || !strings.Contains(reason, "exit status 7") || !strings.Contains(reason, "no luck") {
		t.Errorf("%v", first)
	}
	if reason, _ := second["reason"].(string); second["name"] != "when_ready" || !strings.Contains(reason, "did not end within 200ms") {
		t.Errorf("%v", second)
	}
	if e := s.event("hook-done"); e["name"] != "post_worker_init" {
		t.Errorf("%v", e)
	}
}

func TestReloadWithWrongSettingsChangesNothing(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	before := s.workers()[0]
	if err := os.WriteFile(filepath.Join(s.dir, "reload.json"), []byte(`{"Workers":1000000}`), 0o644); err != nil {
		t.Fatal(err)
	}
	s.signal(syscall.SIGHUP)
	if e := s.event("reload-failed"); !strings.Contains(e["reason"].(string), "workers: want") {
		t.Errorf("%v", e)
	}
	if now := s.workers(); len(now) != 1 || now[0] != before {
		t.Errorf("workers %v, want %d still", now, before)
	}
}

func TestReloadToAnotherAddress(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	path := filepath.Join(t.TempDir(), "s")
	if err := os.WriteFile(filepath.Join(s.dir, "reload.json"), []byte(`{"Bind":["unix:`+path+`"]}`), 0o644); err != nil {
		t.Fatal(err)
	}
	s.signal(syscall.SIGHUP)
	s.event("listening", 2)
	s.socket = path
	if status, _ := s.get("/health"); status != 200 {
		t.Errorf("status %d", status)
	}
}

func TestReloadKeepsAPreloadedApplication(t *testing.T) {
	t.Parallel()
	s := serve(t, func(c *Config) { c.PreloadApp = true })
	if err := os.WriteFile(filepath.Join(s.dir, "reload.json"), []byte(`{"Health":"shallow","Monitoring":"off","Workers":2}`), 0o644); err != nil {
		t.Fatal(err)
	}
	s.signal(syscall.SIGHUP)
	s.event("worker-exited")
	if status, _ := s.get("/metrics"); status != 200 || len(s.workers()) != 2 {
		t.Errorf("/metrics says %d with %d workers, want 200 with 2: the application stays, the arbiter's settings do not", status, len(s.workers()))
	}
}

func TestReusePortGivesEachWorkerASocketOfItsOwn(t *testing.T) {
	t.Parallel()
	s := serve(t, func(c *Config) { c.Workers, c.ReusePort = 3, true })
	for range 20 {
		if status, _ := s.get("/health"); status != 200 {
			t.Errorf("status %d", status)
		}
	}
	_, port, _ := strings.Cut(s.address, ":")
	text, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		t.Fatal(err)
	}
	listening := 0
	for line := range strings.SplitSeq(string(text), "\n") {
		if f := strings.Fields(line); len(f) > 3 && f[3] == "0A" && strings.HasSuffix(f[1], ":"+hex4(atoi(port))) {
			listening++
		}
	}
	if listening != 3 {
		t.Errorf("%d listening sockets, want 3", listening)
	}
}

func hex4(n int) string {
	const digits = "0123456789ABCDEF"
	return string([]byte{digits[n>>12&15], digits[n>>8&15], digits[n>>4&15], digits[n&15]})
}

func TestUnixSocketOfARunningServerIsNotTaken(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s")
	serve(t, func(c *Config) { c.Bind = []string{"unix:" + path} })
	second := launch(t, func(c *Config) { c.Bind = []string{"unix:" + path} })
	if code := second.exitCode(); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
}

// With heartbeat-from=loop a worker whose loop is blocked is killed though it answers requests; with the default it is not.
func TestHeartbeatFromTheLoop(t *testing.T) {
	t.Parallel()
	s := serve(t, func(c *Config) {
		async(c)
		c.IO, c.HeartbeatFrom, c.Timeout, c.Workers = "blocking", "loop", time.Second, 1
	})
	s.task(202, `{"work":"sleep","duration":"1h"}`)
	s.event("worker-timeout")
	s.event("worker-ready", 2)
}
