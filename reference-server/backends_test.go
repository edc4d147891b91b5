package refserver

import (
	"encoding/json"
	"flag"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/reference-server/jetstream"
)

// tries is how often a task is tried in these tests.
const tries = 3

// A backend that is a module of its own is asked here too: with -hangtime=PROGRAM, the program that has it.
var (
	foreign = flag.String("backend", "", "the backend that is asked; empty: the core's")
	setting = flag.String("backend-options", "", "its options, NAME=VALUE,...; {n} in a value is another number for each server")
)

// A backend is one that every behaviour below is asked of.
type backend struct {
	name    string
	set     func(*Config)
	options map[string]any // beside those of the core
}

// foreigner is the backend of -backend.
func foreigner() backend {
	own := map[string]any{}
	n := fmt.Sprint(time.Now().UnixNano())
	for pair := range strings.SplitSeq(*setting, ",") {
		name, value, _ := strings.Cut(pair, "=")
		own[name] = strings.ReplaceAll(value, "{n}", n)
	}
	return backend{*foreign, func(c *Config) { c.Tasks = *foreign }, own}
}

// expected is what is wanted of it: of one that is a module of its own, what is wanted of jetstream.
func (b backend) expected(want map[string]string) string {
	if b.options != nil {
		return strings.Replace(want[jetstream.Name], jetstream.Name, b.name, 1)
	}
	return want[b.name]
}

func backends() []backend {
	if *foreign != "" {
		return []backend{foreigner()}
	}
	return []backend{
		{name: "memory", set: func(*Config) {}},
		{name: "jetstream", set: func(c *Config) {
			own := jetstream.Of(&c.Queue)
			c.Tasks, own.Tries, own.Backoff, own.AckWait = jetstream.Name, tries, 20*time.Millisecond, 5*time.Second
		}},
	}
}

// with starts a server with the backend.
func (b backend) with(t *testing.T, change func(*Config)) *target {
	t.Helper()
	all := func(c *Config) {
		async(c)
		c.Workers = 2
		b.set(c)
		change(c)
	}
	if b.options != nil {
		return serveWith(t, b.options, all)
	}
	return serve(t, all)
}

// places are the workers by the arbiter's own table: the engine is no worker.
func (s *target) places() []int {
	s.t.Helper()
	status, text, err := s.ask("GET", "/workers", "")
	if err != nil || status != 200 {
		return nil // nobody is there to answer just now
	}
	var v struct {
		Workers []struct {
			PID   int
			State string
		}
	}
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		s.t.Fatal(err)
	}
	var pids []int
	for _, w := range v.Workers {
		if w.State == "ready" {
			pids = append(pids, w.PID)
		}
	}
	return pids
}

// holder is the process that runs a task.
func (s *target) holder(id string) int {
	s.t.Helper()
	s.becomes(id, "running")
	_, v := s.get("/task/" + id)
	return number(v["pid"])
}

// starts is how often a task was started, by the workers' logs.
func (s *target) starts(id string) int {
	n := 0
	for line := range strings.SplitSeq(s.file("async_tasks*.log"), "\n") {
		if strings.Contains(line, `"task started"`) && strings.Contains(line, `"`+id+`"`) {
			n++
		}
	}
	return n
}

// A behaviour is asked of every backend; what it expects of each stands beside its name.
var behaviours = []struct {
	name string
	want map[string]string
	is   func(t *testing.T, b backend) string
}{
	{"a task is done", map[string]string{"memory": "done", "jetstream": "done"},
		func(t *testing.T, b backend) string {
			s := b.with(t, func(*Config) {})
			return s.ends(s.task(202, aTask))
		}},
	{"a task that fails", map[string]string{"memory": "failed, 1 start", "jetstream": "dead-lettered, 3 starts"},
		func(t *testing.T, b backend) string {
			s := b.with(t, func(*Config) {})
			id := s.task(202, `{"work":"fail"}`)
			return s.ends(id) + s.startsSaid(id)
		}},
	{"a task that takes too long", map[string]string{"memory": "timed-out", "jetstream": "timed-out"},
		func(t *testing.T, b backend) string {
			s := b.with(t, func(c *Config) { c.TaskTimeout = 100 * time.Millisecond })
			return s.ends(s.task(202, `{"work":"sleep","duration":"1h"}`))
		}},
	{"its worker is killed", map[string]string{"memory": "lost", "jetstream": "done"},
		func(t *testing.T, b backend) string {
			s := b.with(t, func(*Config) {})
			id := s.task(202, `{"work":"sleep","duration":"500ms"}`)
			kill(t, s.holder(id))
			return s.ends(id)
		}},
	{"its worker leaves before it can end", map[string]string{"memory": "failed", "jetstream": "done"},
		func(t *testing.T, b backend) string {
			s := b.with(t, func(c *Config) { c.GracefulTimeout = 100 * time.Millisecond })
			id := s.task(202, `{"work":"sleep","duration":"800ms"}`)
			if err := syscall.Kill(s.holder(id), syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			return s.ends(id)
		}},
	{"a task kills its worker each time", map[string]string{"memory": "lost, 1 start; beside it: 0 of 8 done",
		"jetstream": "dead-lettered, 3 starts; beside it: 8 of 8 done"},
		func(t *testing.T, b backend) string {
			s := b.with(t, func(c *Config) { c.Workers, c.Logging = 1, "shared" })
			var beside []string
			for range 8 {
				beside = append(beside, s.task(202, `{"work":"sleep","duration":"300ms"}`))
			}
			poison := s.task(202, `{"work":"crash","duration":"100ms"}`)
			end := s.ends(poison) + s.startsSaid(poison)
			done := 0
			for _, id := range beside {
				if s.ends(id) == "done" {
					done++
				}
			}
			return fmt.Sprintf("%s; beside it: %d of %d done", end, done, len(beside))
		}},
	{"a task is to wait", map[string]string{"memory": "not before its time", "jetstream": "not before its time"},
		func(t *testing.T, b backend) string {
			s := b.with(t, func(*Config) {})
			began := time.Now()
			id := s.task(202, `{"work":"sleep","delay":"1s"}`)
			if state := s.state(id); state != "accepted" {
				return state + " at once"
			}
			s.becomes(id, "done")
			if took := time.Since(began); took < time.Second {
				return fmt.Sprintf("done after %v", took)
			}
			return "not before its time"
		}},
	{"a task comes twice with one key", map[string]string{"memory": "2 tasks", "jetstream": "1 tasks"},
		func(t *testing.T, b backend) string {
			s := b.with(t, func(*Config) {})
			var ids []string
			for range 3 { // while it waits, and after it was done
				id := s.task(202, `{"work":"sleep","duration":"10ms","key":"order-17"}`)
				s.becomes(id, "done")
				ids = append(ids, id)
			}
			slices.Sort(ids)
			return fmt.Sprintf("%d tasks", min(2, len(slices.Compact(ids))))
		}},
	{"as many tasks wait as may", map[string]string{"memory": "503", "jetstream": "503"},
		func(t *testing.T, b backend) string {
			s := b.with(t, func(c *Config) { c.Workers, c.MaxConcurrentTasks, c.TaskQueue = 1, 1, 3 })
			for range 6 {
				if status, _, err := s.ask("POST", "/task", `{"work":"sleep","duration":"1h"}`); err != nil || status != 202 {
					return fmt.Sprint(status)
				}
			}
			return "nothing was refused"
		}},
	{"what it promises is told", map[string]string{"memory": "memory: every task that it held is lost",
		"jetstream": "jetstream: survived"},
		func(t *testing.T, b backend) string {
			s := b.with(t, func(*Config) {})
			_, m := s.get("/metrics")
			told, _ := m["backend"].(map[string]any)
			death, _ := told["worker_dies"].(string)
			for _, end := range []string{",", ":"} {
				death, _, _ = strings.Cut(death, end)
			}
			return fmt.Sprint(told["name"], ": ", death)
		}},
}

func TestBackends(t *testing.T) {
	t.Parallel()
	for _, one := range behaviours {
		for _, b := range backends() {
			t.Run(one.name+"/"+b.name, func(t *testing.T) {
				t.Parallel()
				if got := one.is(t, b); got != b.expected(one.want) {
					t.Errorf("%q, want %q", got, b.expected(one.want))
				}
			})
		}
	}
}

// ends waits for the end of a task, and says which it was.
func (s *target) ends(id string) string {
	s.t.Helper()
	state := ""
	defer func() {
		if s.t.Failed() {
			_, m, _ := s.ask("GET", "/metrics", "")
			s.t.Logf("task %s is %s; metrics: %s", id, state, m)
		}
	}()
	s.until("task "+id+" ends", func() bool {
		status, text, err := s.ask("GET", "/task/"+id, "")
		if err != nil || status != 200 {
			return false // the worker that was to answer was killed
		}
		var v struct{ State string }
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			s.t.Fatal(err)
		}
		state = v.State
		return state != "accepted" && state != "running"
	})
	return state
}

func (s *target) startsSaid(id string) string {
	if n := s.starts(id); n != 1 {
		return fmt.Sprintf(", %d starts", n)
	}
	return ", 1 start"
}

func kill(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}
