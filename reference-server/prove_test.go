package refserver

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// The proofs run small with every test; `make prove-server-*` makes them as large as they are promised.
var (
	kills    = flag.Int("kills", 3, "workers killed under load")
	hups     = flag.Int("hups", 1, "reloads under load")
	logTasks = flag.Int("log-tasks", 600, "tasks logged while logs are rotated")
	soakFor  = flag.Duration("soak", 4*time.Second, "how long the server is kept under load")
	program  = flag.String("hangtime", "", "the real binary; empty: the test binary is the server")
)

// serveProgram starts the real binary where one is given.
func serveProgram(t *testing.T, change func(*Config)) *target {
	t.Helper()
	if *program == "" {
		return serve(t, change)
	}
	return serveWith(t, nil, change)
}

// serveWith starts the real binary, with options beside those that are known here.
func serveWith(t *testing.T, beside map[string]any, change func(*Config)) *target {
	t.Helper()
	c := Default()
	c.Bind, c.LogDir = []string{"127.0.0.1:0"}, t.TempDir()
	change(&c)
	values := map[string]any{}
	for _, o := range c.Options() {
		switch v := o.Value.(type) {
		case *time.Duration:
			values[o.Name] = v.String()
		default:
			values[o.Name] = v
		}
	}
	maps.Copy(values, beside)
	text, err := json.Marshal(values)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(c.LogDir, "server.json")
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
	s := &target{t: t, kind: ours(), dir: c.LogDir, cmd: exec.Command(*program, "serve", "--config", path)}
	s.cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0")
	s.begin()
	s.event("ready")
	return s
}

// A hit is one request of the load, on the machine's clock.
type hit struct {
	sent, ended time.Time
	status      int
	err         error
}

// load sends rate requests a second, each when it is due, whether or not the earlier ones were answered; stop gives
// them all. Connections that it keeps it gives up before the server does, as every client must: a request that meets
// a close on its way is nobody's fault.
func (s *target) load(rate int, keep bool) (stop func() []hit) {
	transport := &http.Transport{DisableKeepAlives: !keep, DialContext: dialer(s), MaxIdleConnsPerHost: 64,
		IdleConnTimeout: 500 * time.Millisecond}
	client := &http.Client{Transport: transport, Timeout: patience}
	var mu sync.Mutex
	var all []hit
	var flying sync.WaitGroup
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		began := time.Now()
		for n := 0; ; n++ {
			due := began.Add(time.Duration(n) * time.Second / time.Duration(rate))
			select {
			case <-end:
				return
			case <-time.After(time.Until(due)):
			}
			flying.Go(func() {
				h := hit{sent: time.Now()}
				h.status, _, h.err = s.askWith(client, "GET", "/health", "", "")
				h.ended = time.Now()
				mu.Lock()
				all = append(all, h)
				mu.Unlock()
			})
		}
	}()
	return func() []hit {
		close(end)
		<-ended
		flying.Wait()
		transport.CloseIdleConnections()
		return all
	}
}

func at(t *testing.T, event map[string]any) time.Time {
	t.Helper()
	text, _ := event["time"].(string)
	when, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return when
}

// quantile of sorted values.
func quantile(sorted []time.Duration, q float64) time.Duration {
	return sorted[max(0, int(math.Ceil(q*float64(len(sorted))))-1)]
}

// A killed worker is replaced at once, and only the request that it was working on fails: a sync worker has one at
// most, and what waits for a worker waits on.
func TestKillUnderLoad(t *testing.T) {
	s := serveProgram(t, func(c *Config) { c.Workers = 4 })
	stop := s.load(500, false)
	if *program != "" {
		// Two that die younger than 2 s one after the other look like a crash loop, and the next start waits.
		time.Sleep(2100 * time.Millisecond)
	}
	var took, noticed, started []time.Duration
	var killed []time.Time
	for n := range *kills {
		ready, ended, begun := len(s.said("worker-ready")), len(s.said("worker-exited")), len(s.said("worker-started"))
		oldest := s.oldest()
		began := time.Now()
		if err := syscall.Kill(oldest, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		killed = append(killed, began)
		took = append(took, at(t, s.event("worker-ready", ready+1)).Sub(began))
		noticed = append(noticed, at(t, s.event("worker-exited", ended+1)).Sub(began))
		started = append(started, at(t, s.event("worker-started", begun+1)).Sub(began))
		if n < *kills-1 {
			// Every worker lives for more than 2 s: what dies younger is held back on purpose.
			time.Sleep(700 * time.Millisecond)
		}
	}
	hits := stop()
	failed := 0
	for _, h := range hits {
		if h.err == nil && h.status == 200 {
			continue
		}
		failed++
		if !slices.ContainsFunc(killed, func(k time.Time) bool { return !k.Before(h.sent) && !k.After(h.ended) }) {
			t.Errorf("a request failed that no kill fell into: %v, status %d", h.err, h.status)
		}
	}
	if failed > *kills {
		t.Errorf("%d requests failed for %d workers killed, each with one request at most", failed, *kills)
	}
	slices.Sort(took)
	slices.Sort(noticed)
	slices.Sort(started)
	t.Logf("of which until the death was noticed: p50 %v p99 %v; until the replacement was started: p50 %v p99 %v",
		quantile(noticed, .5), quantile(noticed, .99), quantile(started, .5), quantile(started, .99))
	t.Logf("kills %d; requests %d, failed %d; from SIGKILL to the replacement accepting: p50 %v p90 %v p99 %v max %v",
		*kills, len(hits), failed, quantile(took, .5), quantile(took, .9), quantile(took, .99), took[len(took)-1])
	if p99 := quantile(took, .99); *program != "" && p99 >= 100*time.Millisecond {
		t.Errorf("p99 is %v, want less than 100 ms", p99)
	}
}

// oldest is the worker that was ready first.
func (s *target) oldest() int {
	living := s.workers()
	for _, e := range s.said("worker-ready") {
		if pid := number(e["pid"]); slices.Contains(living, pid) {
			return pid
		}
	}
	s.t.Fatal("no worker is ready")
	return 0
}

// A reload costs no request, whether connections are kept or not.
func TestHUPUnderLoad(t *testing.T) {
	for _, c := range []struct {
		class string
		keep  bool
	}{{"sync", false}, {"gthread", true}, {"async", true}} {
		t.Run(c.class, func(t *testing.T) {
			s := serveProgram(t, func(cfg *Config) {
				cfg.Workers, cfg.WorkerClass, cfg.Threads = 4, c.class, 1
				cfg.KeepAlive = 20 * time.Second
			})
			stop := s.load(500, c.keep)
			for n := range *hups {
				before := s.workers()
				s.signal(syscall.SIGHUP)
				s.until(fmt.Sprintf("reload %d is done", n+1), func() bool {
					now := s.workers()
					return len(now) == 4 && !slices.ContainsFunc(now,
						func(pid int) bool { return slices.Contains(before, pid) })
				})
			}
			hits := stop()
			failed := 0
			for _, h := range hits {
				if h.err != nil || h.status != 200 {
					failed++
					t.Errorf("a request failed: %v, status %d", h.err, h.status)
				}
			}
			t.Logf("reloads %d, requests %d, failed %d", *hups, len(hits), failed)
		})
	}
}

// Every task's lines are there exactly once and whole, whatever is rotated meanwhile.
func TestLogsUnderRotation(t *testing.T) {
	s := serveProgram(t, func(c *Config) { c.Workers, c.WorkerClass = 4, "async" })
	logs := s.workers()
	var ids sync.Map
	var posting sync.WaitGroup
	done := make(chan struct{})
	for range 8 {
		posting.Go(func() {
			client := s.client(patience)
			for range *logTasks / 8 {
				status, text, err := s.askWith(client, "POST", "/task", aTask, "")
				var v struct{ ID string }
				if err != nil || status != 202 || json.Unmarshal([]byte(text), &v) != nil {
					t.Errorf("POST /task: status %d, %v", status, err)
					return
				}
				ids.Store(v.ID, true)
			}
		})
	}
	go func() {
		posting.Wait()
		close(done)
	}()
	rotations := 0
	for turning := true; turning; rotations++ {
		for _, pid := range logs {
			path := filepath.Join(s.dir, fmt.Sprintf("async_tasks_%d.log", pid))
			if err := os.Rename(path, fmt.Sprintf("%s.%d", path, rotations)); err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
		}
		s.signal(syscall.SIGUSR1)
		select {
		case <-done:
			turning = false
		case <-time.After(100 * time.Millisecond):
		}
	}
	s.signal(syscall.SIGTERM)
	s.exitCode()
	lines := countLines(t, s.dir)
	tasks := 0
	ids.Range(func(id, _ any) bool {
		tasks++
		for _, what := range []string{"task accepted", "task started", "task done"} {
			if n := lines[what+" "+id.(string)]; n != 1 {
				t.Errorf("%s %s: %d lines, want 1", what, id, n)
			}
		}
		return !t.Failed()
	})
	if want := *logTasks / 8 * 8; tasks != want || len(lines) != 3*want {
		t.Errorf("%d tasks with %d different lines, want %d with %d", tasks, len(lines), want, 3*want)
	}
	t.Logf("tasks %d, rotations %d, lines %d, each once", tasks, rotations, len(lines))
}

// countLines reads all logs; a line that is no JSON object is torn.
func countLines(t *testing.T, dir string) map[string]int {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "async_tasks_*"))
	if err != nil {
		t.Fatal(err)
	}
	lines := map[string]int{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		scan := bufio.NewScanner(strings.NewReader(string(text)))
		for scan.Scan() {
			var v struct{ Msg, ID string }
			if err := json.Unmarshal(scan.Bytes(), &v); err != nil {
				t.Errorf("%s: torn line %q", filepath.Base(path), scan.Text())
			}
			if strings.HasPrefix(v.Msg, "task ") { // on a slow machine there are slow callbacks too
				lines[v.Msg+" "+v.ID]++
			}
		}
		if len(text) > 0 && text[len(text)-1] != '\n' {
			t.Errorf("%s ends within a line", filepath.Base(path))
		}
	}
	return lines
}

// Memory and goroutines are flat at 70 % of what the server can do.
func TestSoak(t *testing.T) {
	s := serveProgram(t, func(c *Config) { c.Workers, c.WorkerClass, c.TaskQueue = 4, "async", 1000 })
	rate := int(.7 * s.capacity(min(5*time.Second, *soakFor/4)))
	client := &http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	stop := make(chan struct{})
	var senders sync.WaitGroup
	const lanes = 16
	var failed sync.Map
	// 503: its queue is bounded, and a machine that does other things as well takes the processors that were measured.
	var sent, refused atomic.Int64
	for lane := range lanes {
		senders.Go(func() {
			began := time.Now()
			for n := lane; ; n += lanes {
				select {
				case <-stop:
					return
				case <-time.After(time.Until(began.Add(time.Duration(n) * time.Second / time.Duration(rate)))):
				}
				sent.Add(1)
				switch status, _, err := s.askWith(client, "POST", "/task", `{"work":"sleep","duration":"5ms"}`, ""); {
				case err == nil && status == 503:
					refused.Add(1)
				case err != nil || status != 202:
					failed.Store(fmt.Sprint(status, err), true)
				}
			}
		})
	}
	type sample struct{ memory, goroutines float64 }
	var samples []sample
	step := max(*soakFor/60, 100*time.Millisecond)
	for end := time.Now().Add(*soakFor); time.Now().Before(end); {
		time.Sleep(step)
		var one sample
		for _, pid := range s.workers() {
			one.memory += resident(pid)
		}
		goroutines := map[any]float64{}
		for range 40 { // whichever worker answers; all four sooner or later
			_, m := s.get("/metrics")
			goroutines[m["pid"]] = m["goroutines"].(float64)
		}
		for _, n := range goroutines {
			one.goroutines = max(one.goroutines, n)
		}
		samples = append(samples, one)
	}
	close(stop)
	senders.Wait()
	failed.Range(func(what, _ any) bool { t.Errorf("a request failed: %v", what); return true })
	t.Logf("%d requests, %d of them refused (503: the queue was full)", sent.Load(), refused.Load())
	if refused.Load() > sent.Load()/100 {
		t.Errorf("more than 1 %% were refused")
	}
	third := max(1, len(samples)/3)
	mean := func(part []sample) (m sample) {
		for _, x := range part {
			m.memory += x.memory / float64(len(part))
			m.goroutines += x.goroutines / float64(len(part))
		}
		return m
	}
	middle, last := mean(samples[third:2*third]), mean(samples[2*third:])
	t.Logf("%v at %d tasks/s (70 %%): memory of 4 workers %.1f MiB in the middle third, %.1f MiB in the last; goroutines of the fullest worker %.1f and %.1f",
		*soakFor, rate, middle.memory, last.memory, middle.goroutines, last.goroutines)
	if last.memory > middle.memory*1.1+4 {
		t.Errorf("memory grows: %.1f MiB, then %.1f MiB", middle.memory, last.memory)
	}
	if last.goroutines > middle.goroutines+3 {
		t.Errorf("goroutines grow: %.1f, then %.1f", middle.goroutines, last.goroutines)
	}
}

// capacity is how many tasks a second the server accepts from 16 clients that each wait for their answer.
func (s *target) capacity(d time.Duration) float64 {
	client := &http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	var clients sync.WaitGroup
	var mu sync.Mutex
	total := 0
	end := time.Now().Add(d)
	for range 16 {
		clients.Go(func() {
			n := 0
			for time.Now().Before(end) {
				if status, _, err := s.askWith(client, "POST", "/task", `{"work":"sleep","duration":"5ms"}`,
					""); err == nil && status == 202 {
					n++
				}
			}
			mu.Lock()
			total += n
			mu.Unlock()
		})
	}
	clients.Wait()
	return max(10, float64(total)/d.Seconds())
}

// resident memory in MiB, /proc/PID/statm.
func resident(pid int) float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0
	}
	return float64(atoi(fields[1])*os.Getpagesize()) / (1 << 20)
}

// While the event loop stands still, deep health says so, and at once.
func TestDeepHealthAnswersWhileTheLoopIsStalled(t *testing.T) {
	s := serveProgram(t, func(c *Config) { c.WorkerClass, c.IO, c.Workers = "async", "blocking", 1 })
	s.becomes(s.task(202, `{"work":"sleep","duration":"1h"}`), "running")
	s.until("it says that the loop is stalled", func() bool { _, h := s.get("/health"); return h["status"] == "stalled" })
	var took []time.Duration
	for range 200 {
		began := time.Now()
		if status, h := s.get("/health"); status != 503 || h["status"] != "stalled" || number(h["loop_stalled_ms"]) < 100 {
			t.Fatalf("health says %d %v", status, h)
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	t.Logf("GET /health while the loop is stalled, 200 times: p50 %v p99 %v max %v", quantile(took, .5),
		quantile(took, .99), took[len(took)-1])
	if p99 := quantile(took, .99); *program != "" && p99 >= 50*time.Millisecond {
		t.Errorf("p99 is %v, want less than 50 ms", p99)
	}
}
