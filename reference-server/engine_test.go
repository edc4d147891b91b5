package refserver

import (
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/hangtime-dev/hangtime/reference-server/jetstream"
)

var engineKills = flag.Int("engine-kills", 3, "times that the task engine is killed under load")

// engine waits for the nth engine process, and says which it is.
func (s *target) engine(nth int) int {
	s.t.Helper()
	e := s.event("engine-ready", nth)
	return number(e["pid"])
}

// A books is what became of every task that was posted.
type books struct {
	mu       sync.Mutex
	accepted []string
	refused  int
}

// post posts tasks until stop is closed, a few at once, and tries again with the same key when no answer came: a client
// that does so gets each task done.
func (s *target) post(b *books, stop <-chan struct{}, body string) *sync.WaitGroup {
	var all sync.WaitGroup
	for n := range 4 {
		all.Go(func() {
			client := s.client(patience)
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				text := fmt.Sprintf(`{%s,"key":"%d-%d"}`, body, n, i)
				for end := time.Now().Add(patience); time.Now().Before(end); {
					status, answer, err := s.askWith(client, "POST", "/task", text, "")
					if err == nil && status == 202 {
						var v struct{ ID string }
						if json.Unmarshal([]byte(answer), &v) == nil {
							b.mu.Lock()
							b.accepted = append(b.accepted, v.ID)
							b.mu.Unlock()
						}
						break
					}
					b.mu.Lock()
					b.refused++
					b.mu.Unlock()
				}
			}
		})
	}
	return &all
}

// settle wants every accepted task done, and says how often a task was given out again and done twice.
func (s *target) settle(b *books) (redelivered, twice int) {
	s.t.Helper()
	for _, id := range b.accepted {
		if end := s.ends(id); end != "done" {
			s.t.Errorf("task %s: %s, want done", id, end)
		}
	}
	_, m := s.get("/metrics")
	q, _ := m["queue"].(map[string]any)
	return number(q["redelivered"]), number(q["done_twice"])
}

func jetStream(c *Config) {
	async(c)
	own := jetstream.Of(&c.Queue)
	c.Tasks, c.Workers, c.MaxConcurrentTasks = jetstream.Name, 4, 8
	own.AckWait, own.Tries = 2*time.Second, 10
}

// No task is lost when workers are killed under load, and what they held is given out again at once.
func TestTasksOutliveWorkersKilledUnderLoad(t *testing.T) {
	t.Parallel()
	b := backend{name: jetstream.Name, set: jetStream}
	if *foreign != "" {
		b = foreigner()
	}
	s := b.with(t, func(c *Config) { c.Workers, c.MaxConcurrentTasks = 4, 8 })
	var posts books
	stop := make(chan struct{})
	posted := s.post(&posts, stop, `"work":"sleep","duration":"30ms"`)
	killed := map[int]time.Time{}
	for n := range *kills {
		var pids []int
		s.until("a worker is ready", func() bool { pids = s.places(); return len(pids) > 1 })
		pid := pids[n%len(pids)]
		killed[pid] = time.Now()
		kill(t, pid)
		s.event("worker-exited", n+1)
	}
	close(stop)
	posted.Wait()
	redelivered, twice := s.settle(&posts)
	t.Logf("%d tasks accepted, %d workers killed: all done, %d given out again, %d done twice; %d requests had to be sent again; %s", len(posts.accepted), *kills, redelivered, twice, posts.refused, s.begunAgain(killed))
}

// begunAgain says how long after the death of its worker a task was begun again, by the workers' logs.
func (s *target) begunAgain(killed map[int]time.Time) string {
	type start struct {
		at  time.Time
		pid int
	}
	starts := map[string][]start{}
	for text := range strings.Lines(s.file("async_tasks*.log")) {
		var line struct {
			Time    time.Time
			Msg, ID string
			PID     int
		}
		if json.Unmarshal([]byte(text), &line) == nil && line.Msg == "task started" {
			starts[line.ID] = append(starts[line.ID], start{line.Time, line.PID})
		}
	}
	var after []time.Duration
	for _, all := range starts {
		slices.SortFunc(all, func(a, b start) int { return a.at.Compare(b.at) })
		for i, one := range all[:len(all)-1] {
			if death, ok := killed[one.pid]; ok && !all[i+1].at.Before(death) {
				after = append(after, all[i+1].at.Sub(death))
			}
		}
	}
	if len(after) == 0 {
		return "none was seen to be begun again"
	}
	slices.Sort(after)
	return fmt.Sprintf("%d begun again, half of them within %v of their worker's death, all within %v", len(after),
		after[len(after)/2].Round(time.Millisecond), after[len(after)-1].Round(time.Millisecond))
}

// No task is lost when the engine is killed under load: it comes back on the same store and port.
func TestTasksOutliveTheEngineKilledUnderLoad(t *testing.T) {
	t.Parallel()
	s := serve(t, jetStream)
	var b books
	stop := make(chan struct{})
	posted := s.post(&b, stop, `"work":"sleep","duration":"30ms"`)
	for n := range *engineKills {
		s.until("tasks are accepted", func() bool {
			b.mu.Lock()
			defer b.mu.Unlock()
			return len(b.accepted) > 20*(n+1)
		})
		kill(t, s.engine(n+1))
		s.event("engine-exited", n+1)
		s.engine(n + 2)
	}
	close(stop)
	posted.Wait()
	redelivered, twice := s.settle(&b)
	t.Logf("%d tasks accepted, engine killed %d times: all done, %d given out again, %d done twice; %d requests had to be sent again", len(b.accepted), *engineKills, redelivered, twice, b.refused)
}

// The engine ends with its arbiter, however that ends; and its store is not for a second one meanwhile.
func TestTheEngineEndsWithItsArbiter(t *testing.T) {
	t.Parallel()
	for _, end := range []syscall.Signal{syscall.SIGTERM, syscall.SIGQUIT, syscall.SIGKILL} {
		t.Run(end.String(), func(t *testing.T) {
			t.Parallel()
			s := serve(t, jetStream)
			engine := s.engine(1)
			second := launch(t, func(c *Config) { jetStream(c); jetstream.Of(&c.Queue).Dir = filepath.Join(s.dir, "tasks") })
			if code := second.exitCode(); code != 1 {
				t.Errorf("a second engine on one store: exit code %d, want 1", code)
			}
			s.signal(end)
			s.exitCode()
			s.until("the engine ends", func() bool { return !running(engine) })
		})
	}
}

// What waited when the server was stopped is done by the next one on the same store.
func TestTasksOutliveTheServer(t *testing.T) {
	t.Parallel()
	store := t.TempDir()
	first := serve(t, func(c *Config) {
		jetStream(c)
		jetstream.Of(&c.Queue).Dir, c.MaxConcurrentTasks, c.Workers = store, 1, 1
	})
	first.holder(first.task(202, `{"work":"sleep","duration":"1h"}`))
	first.task(202, `{"work":"file","size":10}`)
	first.signal(syscall.SIGQUIT)
	first.exitCode()
	second := serve(t, func(c *Config) { jetStream(c); jetstream.Of(&c.Queue).Dir, c.Workers = store, 1 })
	second.until("the second task is done", func() bool {
		return strings.Contains(second.file("async_tasks_*.log"), `"msg":"task done"`)
	})
}

// A store that was removed takes with it what waited in it, and that is told: what a worker had is done, and the queue
// is made anew.
func TestAStoreThatVanishedIsToldAsLostTasks(t *testing.T) {
	t.Parallel()
	s := serve(t, func(c *Config) { jetStream(c); c.Workers = 2 })
	var waiting []string
	for range 5 {
		waiting = append(waiting, s.task(202, `{"work":"sleep","delay":"1h"}`))
	}
	runs := s.task(202, `{"work":"sleep","duration":"2s"}`)
	dies := s.task(202, `{"work":"sleep","duration":"1h"}`)
	s.holder(runs)
	killed := s.holder(dies)
	if err := os.RemoveAll(filepath.Join(s.dir, "tasks", "jetstream")); err != nil {
		t.Fatal(err)
	}
	kill(t, s.engine(1))
	told := s.event("task-queue-vanished")
	if lost := number(told["tasks_lost"]); lost != len(waiting) {
		t.Errorf("%d tasks are said to be lost, want %d", lost, len(waiting))
	}
	for _, id := range waiting {
		if state := s.state(id); state != "lost" {
			t.Errorf("a task that waited is %s, want lost", state)
		}
	}
	if end := s.ends(runs); end != "done" {
		t.Errorf("a task that a worker had is %s, want done", end)
	}
	kill(t, killed)
	if end := s.ends(dies); end != "lost" {
		t.Errorf("a task whose worker died later is %s, want lost", end)
	}
	s.until("tasks are accepted again", func() bool {
		status, _, err := s.ask("POST", "/task", aTask)
		return err == nil && status == 202
	})
	if end := s.ends(s.task(202, aTask)); end != "done" {
		t.Errorf("a task that came afterwards is %s, want done", end)
	}
}

// Who has not the run's key is not let in, and neither a command line nor an environment shows it.
func TestTheEngineIsForItsServerAlone(t *testing.T) {
	t.Parallel()
	s := serve(t, jetStream)
	address, _ := s.event("engine-ready")["address"].(string)
	host, _, err := net.SplitHostPort(address)
	if err != nil || !net.ParseIP(host).IsLoopback() {
		t.Errorf("the engine accepts on %s, want an address of the loopback", address)
	}
	if conn, err := nats.Connect("nats://" + address); err == nil {
		conn.Close()
		t.Error("a stranger is let in")
	}
	for _, pid := range append(s.workers(), s.cmd.Process.Pid) {
		for _, file := range []string{"cmdline", "environ"} {
			text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, file))
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(text), "nats://127") || strings.Contains(string(text), `"Seed"`) {
				t.Errorf("%s of %d: %q", file, pid, text)
			}
		}
	}
}
