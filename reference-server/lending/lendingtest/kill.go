package lendingtest

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// patience is how long what must happen is waited for; it is reached only when something is broken.
const patience = 60 * time.Second

// FreePort is a port of the loopback that nobody had a moment ago.
func FreePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}

// Start starts a process that is killed when the test ends, and stop kills it before.
func Start(t *testing.T, cmd *exec.Cmd) (stop func()) {
	t.Helper()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := false
	stop = func() {
		if !ended {
			ended = true
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // with what it started
			_ = cmd.Wait()
		}
	}
	t.Cleanup(stop)
	return stop
}

// Until waits for what must happen.
func Until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it did not happen: %s", what)
		}
	}
}

// Serve starts the reference server of a program, and gives its address.
func Serve(t *testing.T, program string, options ...string) string {
	t.Helper()
	cmd := exec.Command(program, append([]string{"serve", "--bind=127.0.0.1:0", "--worker-class=gthread", "--threads=4",
		"--max-concurrent-tasks=2",
		"--log-dir=" + t.TempDir()}, options...)...)
	said, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	// Of its own: its arbiter is told to end, so that its workers end too.
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGQUIT)
		_ = cmd.Wait()
	})
	address := make(chan string, 1)
	go func() {
		defer close(address)
		where := ""
		for lines := bufio.NewScanner(said); lines.Scan(); {
			var e struct{ Event, Address string }
			_ = json.Unmarshal(lines.Bytes(), &e) // what is no event is not waited for
			if e.Event == "listening" {
				where = e.Address
			}
			if e.Event == "ready" {
				address <- where
				break
			}
		}
		_, _ = io.Copy(io.Discard, said)
	}()
	where, ok := <-address
	if !ok {
		t.Fatal("the server ended before it was ready")
	}
	return where
}

// ask gives the answer's status, 0 where there was none.
func ask(method, url, body string) (int, map[string]any) {
	q, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		return 0, nil
	}
	client := http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}} // of one that is stopped nothing is to be waited for
	a, err := client.Do(q)
	if err != nil {
		return 0, nil
	}
	defer func() { _ = a.Body.Close() }()
	var v map[string]any
	_ = json.NewDecoder(a.Body).Decode(&v) // who wants it sees that it is not there
	return a.StatusCode, v
}

// OutlivesItsEngine posts tasks while harm is done to the engine some times, and wants each done that was accepted. A request that was refused is sent again with its key, as a client does.
func OutlivesItsEngine(t *testing.T, address string, times int, harm func()) {
	t.Helper()
	const each = 40
	var ids []string
	refused := 0
	for n := range times {
		for i := range each {
			if i == each/2 {
				harm()
			}
			body := fmt.Sprintf(`{"work":"sleep","duration":"100ms","key":"%d-%d"}`, n, i)
			Until(t, "a task is accepted", func() bool {
				status, v := ask("POST", "http://"+address+"/task", body)
				id, _ := v["id"].(string)
				if status != 202 || id == "" {
					refused++
					return false
				}
				ids = append(ids, id)
				return true
			})
		}
	}
	for _, id := range ids {
		state := ""
		Until(t, "task "+id+" is done", func() bool {
			_, v := ask("GET", "http://"+address+"/task/"+id, "")
			state, _ = v["state"].(string)
			return state == "done"
		})
	}
	var queue map[string]any
	Until(t, "the queue is empty", func() bool {
		_, m := ask("GET", "http://"+address+"/metrics", "")
		queue, _ = m["queue"].(map[string]any)
		return queue["depth"] == 0.0 && queue["in_flight"] == 0.0
	})
	t.Logf("%d tasks accepted, harmed %d times: all done; %d requests had to be sent again; queue: %v", len(ids), times, refused, queue)
}

// OutlivesAStoppedWorker stops the worker that runs a task, and wants another to do it.
func OutlivesAStoppedWorker(t *testing.T, address string) {
	t.Helper()
	_, v := ask("POST", "http://"+address+"/task", `{"work":"sleep","duration":"500ms"}`)
	id, _ := v["id"].(string)
	at := func(state string) (pid int) {
		t.Helper()
		Until(t, "the task is "+state, func() bool {
			_, v := ask("GET", "http://"+address+"/task/"+id, "")
			is, _ := v["pid"].(float64)
			pid = int(is)
			return v["state"] == state
		})
		return pid
	}
	first := at("running")
	if err := syscall.Kill(first, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Kill(first, syscall.SIGCONT) })
	if second := at("done"); second == first {
		t.Errorf("worker %d did it, which was stopped", first)
	}
}
