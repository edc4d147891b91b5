//go:build bench

package bench

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A pool is the workers of a queue system of others: an example of this repository, whose variants are its settings. What
// becomes of its tasks is what `hangtime run` says.
type pool struct {
	name     string
	scenario string
	settings []string // in words, of the variants in their order
	change   []string // --set: more load, and as many kills as our own rows have
}

// childEvery is the time between two kills of a process of Celery's.
const childEvery = 350 * time.Millisecond

func pools() []pool {
	return []pool{
		{"Celery, 4 processes, Redis", "../../examples/celery/child-killed.yaml", []string{"defaults", "`acks_late`, `reject_on_worker_lost`"},
			[]string{"load.rate=50/s", bodyOf("0.05"), "faults[0].every=350ms",
				fmt.Sprintf("phases.during=%v", kills*childEvery)}},
		{"RQ, 1 worker", "../../examples/rq/work-horse-killed.yaml", []string{"defaults", "`Retry(max=5)`"},
			[]string{bodyOf("0.3"), fmt.Sprintf("phases.during=%v", kills*time.Second)}},
	}
}

// bodyOf changes how long a task takes, in seconds.
func bodyOf(pause string) string {
	return `load.targets[0].body='{"args": [1], "kwargs": {"pause": ` + pause + `}}'`
}

// poolsWanted are those that -only matches.
func poolsWanted() []pool {
	which := regexp.MustCompile(*only)
	return slices.DeleteFunc(pools(), func(p pool) bool { return !which.MatchString(p.name) })
}

// TestPools measures the rows of workers of others.
func TestPools(t *testing.T) {
	if *binary == "" {
		t.Fatal("want the flag -hangtime, as make bench-tasks gives it")
	}
	venv, err := exec.Command("../../.ci/python-servers").Output()
	if err != nil {
		t.Fatalf("find Celery and RQ: %v", err)
	}
	path := filepath.Join(strings.TrimSpace(string(venv)), "bin") + ":" + os.Getenv("PATH")
	var b strings.Builder
	fmt.Fprintf(&b, "| workers | settings | lost / stuck / done twice at %d kills of the process of a task | begun again |\n| --- | --- | --- | --- |\n", kills)
	for _, p := range poolsWanted() {
		t.Run(p.name, func(t *testing.T) {
			for i, v := range p.run(t, path) {
				again := "not counted"
				if v.again >= 0 {
					again = strconv.Itoa(v.again)
				}
				fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", p.name, p.settings[i], v.books, again)
			}
		})
	}
	fmt.Println(b.String())
	if *table != "" && *only == "" && !t.Failed() {
		putBetween(t, "bench-workers", b.String())
	}
}

// An ended variant is what became of its tasks, and how often one was begun again; -1: the system does not say.
type ended struct {
	books
	again int
}

func (p pool) run(t *testing.T, path string) []ended {
	hangtime, err := filepath.Abs(*binary)
	if err != nil {
		t.Fatal(err)
	}
	out := t.TempDir()
	args := []string{"run", "./" + filepath.Base(p.scenario), "--headless", "--out", out}
	for _, one := range p.change {
		args = append(args, "--set", one)
	}
	cmd := exec.Command(hangtime, args...)
	cmd.Dir = filepath.Dir(p.scenario)
	cmd.Env = append(os.Environ(), "PATH="+path, "PYTHONDONTWRITEBYTECODE=1", "HANGTIME_BROKER="+redisServer(t))
	said, _ := cmd.CombinedOutput() // a busy machine makes the outcome unknown; what became of the tasks is known all the same
	text, err := os.ReadFile(filepath.Join(out, "result.json"))
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	var result struct {
		Variants []struct {
			Figures []struct {
				Name  string
				Value float64
				Known bool
			}
		}
	}
	if err := json.Unmarshal(text, &result); err != nil {
		t.Fatal(err)
	}
	if len(result.Variants) != len(p.settings) {
		t.Fatalf("%d variants, want %d\n%s", len(result.Variants), len(p.settings), said)
	}
	var all []ended
	for _, v := range result.Variants {
		figure := func(name string) int {
			i := slices.IndexFunc(v.Figures, func(f struct {
				Name  string
				Value float64
				Known bool
			}) bool {
				return f.Name == name && f.Known
			})
			if i < 0 {
				return -1
			}
			return int(v.Figures[i].Value)
		}
		one := ended{books{figure("tasks_accepted"), figure("tasks_lost") + figure("tasks_failed") - figure("tasks_stuck"),
			figure("tasks_stuck"), figure("tasks_done_twice")}, figure("tasks_redelivered")}
		if one.accepted <= 0 || one.lost < 0 || one.stuck < 0 || one.twice < 0 {
			t.Errorf("%+v\n%s", one, said)
		}
		all = append(all, one)
	}
	return all
}

// redisServer starts Debian's, in memory alone, and returns its URL when it answers.
func redisServer(t *testing.T) string {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	_ = free.Close()
	_, port, _ := net.SplitHostPort(address)
	cmd := exec.Command("redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		if c, err := net.Dial("tcp", address); err == nil {
			_ = c.Close()
			return "redis://" + address + "/0"
		} else if time.Now().After(end) {
			t.Fatalf("redis-server: %v", err)
		}
	}
}
