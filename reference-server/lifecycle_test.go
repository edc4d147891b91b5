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
	e := s.event("workers-die-young", 2)
	if number(e["in_a_row"]) < 3 {
		t.Errorf("%v", e)
	}
	next := s.event("worker-started", 4) // it goes on all the same
	pause, _ := e["pause_s"].(float64)
	if waited := at(t, next).Sub(at(t, e)); pause <= 0 || waited < time.Duration(pause*float64(time.Second)) {
		t.Errorf("the next worker was started after %v, want at least %v s", waited, pause)
	}
}

// What a worker says last is told before its end, also when it is the last one of all.
func TestAWorkersLastWordsAreNotLost(t *testing.T) {
	t.Parallel()
	s := serve(t, func(c *Config) { c.Workers = 8 })
	s.signal(syscall.SIGTERM)
	s.exitCode()
	last := map[any]bool{}
	for _, e := range s.said("hook") {
		if e["name"] == "worker_exit" {
			last[e["worker"]] = true
		}
	}
	if len(last) != 8 {
		t.Errorf("%d of 8 workers said that they exit", len(last))
	}
}

func TestAWorkerThatIsGoneLeavesNoDescriptor(t *testing.T) {
	t.Parallel()
	s := serve(t, func(c *Config) { c.Heartbeat = "tmpfile" })
	before := s.descriptors()
	if err := syscall.Kill(s.workers()[0], syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	s.event("worker-ready", 2)
	if after := s.descriptors(); after != before {
		t.Errorf("%d descriptors, before %d", after, before)
	}
}

// A worker that cannot be started, again and again, costs the arbiter nothing that lasts.
func TestAStartThatFailsLeavesNoDescriptor(t *testing.T) {
	t.Parallel()
	s := serve(t, func(c *Config) { c.Heartbeat = "tmpfile" })
	pid, before := s.workers()[0], s.descriptors()
	s.reloadWith(`{"CaptureOutput":true,"LogDir":"` + filepath.Join(s.dir, "none") + `"}`)
	s.event("worker-not-started", 3)
	if after := s.descriptors(); after > before || !running(pid) {
		t.Errorf("%d descriptors, before %d; the old worker runs: %v", after, before, running(pid))
	}
}

func (s *target) descriptors() int {
	s.t.Helper()
	all, err := os.ReadDir(filepath.Join("/proc", itoa(s.cmd.Process.Pid), "fd"))
	if err != nil {
		s.t.Fatal(err)
	}
	return len(all)
}

// reloadWith makes the server read its settings again, with these changed.
func (s *target) reloadWith(settings string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, "reload.json"), []byte(settings), 0o644); err != nil {
		s.t.Fatal(err)
	}
	s.signal(syscall.SIGHUP)
}

func TestHookThatFailsOrHangsHarmsNobody(t *testing.T) {
	t.Parallel()
	s := serve(t, func(c *Config) {
		c.Hooks = []string{"on_starting=echo no luck >&2; exit 7", "when_ready=sleep 1000",
			"post_worker_init=test $HANGTIME_HOOK_WORKER = 1"}
		c.HookTimeout = 200 * time.Millisecond
	})
	s.becomes(s.task(202, aTask), "done")
	first, second := s.event("hook-failed"), s.event("hook-failed", 2)
	if reason, _ := first["reason"].(string); first["name"] != "on_starting" ||
		!strings.Contains(reason, "exit status 7") || !strings.Contains(reason, "no luck") {
		t.Errorf("%v", first)
	}
	if reason, _ := second["reason"].(string); second["name"] != "when_ready" ||
		!strings.Contains(reason, "did not end within 200ms") {
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
	s.reloadWith(`{"Workers":1000000}`)
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
	s.reloadWith(`{"Bind":["unix:` + path + `"]}`)
	s.event("listening", 2)
	s.socket = path
	if status, _ := s.get("/health"); status != 200 {
		t.Errorf("status %d", status)
	}
}

// What stays is not bound again, for the server itself has it.
func TestReloadAddsAnAddressAndKeepsTheOther(t *testing.T) {
	t.Parallel()
	first, second := filepath.Join(t.TempDir(), "a"), filepath.Join(t.TempDir(), "b")
	s := serve(t, func(c *Config) { c.Bind = []string{"unix:" + first} })
	s.reloadWith(`{"Bind":["unix:` + first + `","unix:` + second + `"]}`)
	s.event("reloading")
	for _, s.socket = range []string{first, second} {
		if status, _ := s.get("/health"); status != 200 {
			t.Errorf("%s: status %d", s.socket, status)
		}
	}
	s.reloadWith(`{"Bind":["unix:` + second + `"]}`)
	s.event("reloading", 2)
	if _, err := os.Stat(first); !os.IsNotExist(err) {
		t.Errorf("the address that was dropped is still there: %v", err)
	}
	if n := len(s.said("listening")); n != 2 {
		t.Errorf("%d times an address was opened, want 2", n)
	}
}

func TestReloadToAnAddressInUseChangesNothing(t *testing.T) {
	t.Parallel()
	taken := serve(t, nil)
	dir := t.TempDir()
	before, after, path := filepath.Join(dir, "before.pid"), filepath.Join(dir, "after.pid"), filepath.Join(dir, "s")
	s := serve(t, func(c *Config) { c.PIDFile = before })
	s.reloadWith(`{"PIDFile":"` + after + `","Bind":["127.0.0.1:0","unix:` + path + `","` + taken.address + `"]}`)
	if e := s.event("reload-failed"); !strings.Contains(e["reason"].(string), "address already in use") {
		t.Errorf("%v", e)
	}
	for path, want := range map[string]bool{before: true, after: false, path: false} {
		if _, err := os.Stat(path); (err == nil) != want {
			t.Errorf("%s is there: %v, want %v", filepath.Base(path), err == nil, want)
		}
	}
	for _, one := range []*target{s, taken} {
		if status, _ := one.get("/health"); status != 200 {
			t.Errorf("status %d", status)
		}
	}
}

func TestReloadKeepsAPreloadedApplication(t *testing.T) {
	t.Parallel()
	s := serve(t, func(c *Config) { c.PreloadApp = true })
	s.reloadWith(`{"Health":"shallow","Monitoring":"off","Workers":2}`)
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
	first := serve(t, func(c *Config) { c.Bind = []string{"unix:" + path} })
	second := launch(t, func(c *Config) { c.Bind = []string{"unix:" + path} })
	if code := second.exitCode(); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	first.socket = path
	if status, _ := first.get("/health"); status != 200 {
		t.Errorf("the first one answers %d", status)
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

// What waits for the sockets of the old kind would be lost, and the kernel lets both kinds not be bound side by side.
func TestReloadRefusesReusePortByName(t *testing.T) {
	t.Parallel()
	s := serve(t, func(c *Config) { c.Bind = []string{"127.0.0.1:0"} })
	before := s.workers()[0]
	s.reloadWith(`{"ReusePort":true}`)
	if reason, _ := s.event("reload-failed")["reason"].(string); !strings.Contains(reason,
		"reuse-port: it cannot be changed by a reload") {
		t.Errorf("reason %q", reason)
	}
	if now := s.workers(); len(now) != 1 || now[0] != before {
		t.Errorf("workers %v, want %d still", now, before)
	}
}
