//go:build bench

package bench

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long the bench waits for what must happen.
const patience = 60 * time.Second

// workers are those of every server that is measured.
const workers = 4

// A server is `hangtime serve` as a process.
type server struct {
	t      *testing.T
	cmd    *exec.Cmd
	dir    string
	keeper keeper // of its tasks beside it; nil: none
	ended  chan struct{}

	mu      sync.Mutex
	lines   []string
	said    map[string]int // events of its account
	address string
	engine  int // process of its own engine
}

// serve starts a server of a row and waits until it is ready; more are flags beside the row's.
func serve(t *testing.T, r row, more ...string) *server {
	t.Helper()
	var k keeper
	if r.open != nil {
		k = r.open(t, t.TempDir())
	}
	return serveWith(t, r, k, more...)
}

// serveWith starts a server whose tasks are kept by one that runs; nil: there is none.
func serveWith(t *testing.T, r row, k keeper, more ...string) *server {
	t.Helper()
	s := &server{t: t, dir: t.TempDir(), keeper: k, said: map[string]int{}, ended: make(chan struct{})}
	args := append([]string{"serve", "--bind=127.0.0.1:0", "--exit-with-parent", "--log-dir=" + s.dir,
		"--worker-class=async", fmt.Sprintf("--workers=%d", workers), "--graceful-timeout=2s", "--task-queue=1000000"},
		r.args...)
	if k != nil {
		args = append(args, k.flag())
	}
	s.cmd = exec.Command(programOf(t, r), append(args, more...)...)
	s.begin()
	return s
}

func (s *server) begin() {
	s.t.Helper()
	s.cmd.Dir = s.dir
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := s.cmd.StderrPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	go func() {
		defer close(s.ended)
		lines := bufio.NewScanner(out)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			s.hear(lines.Text())
		}
		_ = s.cmd.Wait()
	}()
	s.t.Cleanup(s.end)
	s.until("it is ready", func() bool { return s.times("ready") > 0 })
}

func (s *server) hear(text string) {
	var e struct {
		Event, Address string
		PID            int
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = append(s.lines, text)
	if json.Unmarshal([]byte(text), &e) != nil {
		return
	}
	s.said[e.Event]++
	switch e.Event {
	case "listening":
		s.address = e.Address
	case "engine-ready":
		s.engine = e.PID
	}
}

// times is how often an event was said.
func (s *server) times(event string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.said[event]
}

// engines are the processes that keep the tasks.
func (s *server) engines() []int {
	if s.keeper != nil {
		var all []int
		for _, group := range s.keeper.groups() {
			all = append(all, members(group)...)
		}
		return all
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.engine == 0 {
		return nil
	}
	return []int{s.engine}
}

func (s *server) until(what string, is func() bool) {
	s.t.Helper()
	for end := time.Now().Add(patience); !is(); time.Sleep(10 * time.Millisecond) {
		select {
		case <-s.ended:
			s.t.Fatalf("the server has ended: %s", strings.Join(s.lines, "\n"))
		default:
		}
		if time.Now().After(end) {
			s.t.Fatalf("it did not happen: %s: %s", what, strings.Join(s.lines[max(0, len(s.lines)-20):], "\n"))
		}
	}
}

// ready are the workers that serve by now: until then a process has not its own name.
func (s *server) ready() []int {
	var all []int
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", s.cmd.Process.Pid))
	for _, path := range tasks {
		text, _ := os.ReadFile(path)
		for _, word := range strings.Fields(string(text)) {
			comm, _ := os.ReadFile("/proc/" + word + "/comm")
			if n, err := strconv.Atoi(word); err == nil && bytes.HasPrefix(comm, []byte("hangtime:w")) {
				all = append(all, n)
			}
		}
	}
	return all
}

// end stops the server and everything that it started.
func (s *server) end() {
	_ = s.cmd.Process.Signal(syscall.SIGQUIT)
	t := time.NewTimer(10 * time.Second)
	defer t.Stop()
	select {
	case <-s.ended:
	case <-t.C:
		_ = s.cmd.Process.Kill()
		<-s.ended
	}
}

// memory is the largest that the engines have been, bytes: VmHWM of proc_pid_status(5), of a cluster's largest node.
func (s *server) memory() int64 {
	most := int64(0)
	for _, pid := range s.engines() {
		text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		_, rest, _ := strings.Cut(string(text), "VmHWM:")
		if fields := strings.Fields(rest); len(fields) > 0 {
			kib, _ := strconv.ParseInt(fields[0], 10, 64)
			most = max(most, kib<<10)
		}
	}
	return most
}
