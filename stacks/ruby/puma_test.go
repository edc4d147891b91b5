package ruby

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/hangtime-dev/hangtime/stacks"
)

// The application takes two locks in two orders.
const app = `A, B = Mutex.new, Mutex.new
run lambda { |env|
  case env['PATH_INFO']
  when '/ab' then A.synchronize { sleep 0.5; B.synchronize { } }
  when '/ba' then B.synchronize { sleep 0.5; A.synchronize { } }
  end
  [200, {'content-type' => 'text/plain'}, ["ok\n"]]
}
`

// startPuma starts puma with three threads a worker, and waits until it answers.
func startPuma(t *testing.T, workers int) (pid int, client *http.Client) {
	t.Helper()
	dir := t.TempDir()
	socket := filepath.Join(dir, "s")
	config := fmt.Sprintf("workers %d\nthreads 3, 3\nbind 'unix://%s'\nenvironment 'production'\n", workers, socket)
	for name, content := range map[string]string{"config.ru": app, "puma.rb": config} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pid = start(t, dir, "puma", "-C", "puma.rb", "config.ru")
	client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		}}}
	until(t, func() bool {
		answer, err := client.Get("http://puma/")
		if err == nil {
			_ = answer.Body.Close()
		}
		return err == nil
	}, "puma to answer")
	return pid, client
}

// ask asks puma, and takes no answer.
func ask(t *testing.T, client *http.Client, path string) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://puma"+path, nil); err == nil {
			if answer, err := client.Do(request); err == nil {
				_ = answer.Body.Close()
			}
		}
	}()
	t.Cleanup(func() { cancel(); <-done })
}

func TestPumaAtRest(t *testing.T) {
	pid, _ := startPuma(t, 0)
	var works []stacks.Work
	until(t, func() bool {
		works = look(pid)
		pool := 0
		for _, w := range works {
			if !w.Idle {
				return false
			}
			if w.Pool {
				pool++
			}
		}
		return pool == 3
	}, "three threads of a pool and all others at rest; %+v", &works)
}

func TestAForkedWorkerOfPuma(t *testing.T) {
	parent, _ := startPuma(t, 1)
	var works []stacks.Work
	until(t, func() bool {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", parent, parent))
		if err != nil {
			t.Fatal(err)
		}
		pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
		if err != nil {
			return false
		}
		works = look(pid)
		pool, main := 0, false
		for _, w := range works {
			if _, err := os.Stat(fmt.Sprintf("/proc/%d/task/%d", pid, w.TID)); err != nil || !w.Idle {
				return false
			}
			if w.Pool {
				pool++
			}
			main = main || w.TID == pid
		}
		return pool == 3 && main
	}, "a worker at rest, each thread with its id; %+v", &works)
	until(t, func() bool {
		works = look(parent)
		return len(works) == 1 && works[0].Idle && !works[0].Pool
	}, "the parent to be at rest; %+v", &works)
}

func TestRequestsOfPumaThatLockEachOther(t *testing.T) {
	pid, client := startPuma(t, 0)
	ask(t, client, "/ab?card=1")
	ask(t, client, "/ba")
	var ab, ba stacks.Work
	until(t, func() bool {
		ab, ba = stacks.Work{}, stacks.Work{}
		for _, w := range look(pid) {
			switch w.Request {
			case stacks.Request{Method: "GET", Path: "/ab", Query: "card=1"}:
				ab = w
			case stacks.Request{Method: "GET", Path: "/ba"}:
				ba = w
			}
		}
		return ab.Wait.On == "lock" && ba.Wait.On == "lock" && ab.Wait.Owner == uint64(ba.TID) &&
			ba.Wait.Owner == uint64(ab.TID)
	}, "two requests that wait for each other's locks: %+v and %+v", &ab, &ba)
	for _, w := range []stacks.Work{ab, ba} {
		if !w.Pool || w.Idle {
			t.Errorf("%s: of a pool %v, idle %v", w.Request.Path, w.Pool, w.Idle)
		}
	}
	for range 5 { // one for the thread that is left, some that puma still takes in, and some that it does not
		ask(t, client, "/ab")
	}
	var works []stacks.Work
	until(t, func() bool {
		works = look(pid)
		w := named(works, "puma srv")
		return w.Wait.On == "pool" && !w.Idle
	}, "puma to wait for a free thread; %+v", &works)
}
