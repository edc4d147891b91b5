package refserver

import (
	"encoding/json"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestConformEndpoints(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		s := begin(t, k, setup{})
		if s.task(202, aTask) == "" {
			t.Error("POST /task gave no id")
		}
		status, h := s.get("/health")
		for _, field := range []string{"status", "timestamp", "pid", "active_tasks"} {
			if _, ok := h[field]; !ok || status != 200 {
				t.Errorf("GET /health: status %d, no field %s in %v", status, field, h)
			}
		}
		_, m := s.get("/metrics")
		for _, field := range []string{"memory_usage_mb", "cpu_percent", "active_tasks", "event_loop_running"} {
			if _, ok := m[field]; !ok {
				t.Errorf("GET /metrics: no field %s in %v", field, m)
			}
		}
		for _, body := range []string{`{`, `[]`, `{"work":"dance"}`, `{"duration":"soon"}`} {
			status, text, err := s.ask("POST", "/task", body)
			var v struct{ Error string }
			if err != nil || status != 400 || json.Unmarshal([]byte(text), &v) != nil || v.Error == "" {
				t.Errorf("POST /task %s: status %d, %q, %v; want 400 with a reason", body, status, text, err)
			}
		}
	})
}

func TestConformBind(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		path := filepath.Join(t.TempDir(), "s")
		s := begin(t, k, setup{unix: path, umask: "027"})
		for _, socket := range []string{path, ""} {
			s.socket = socket
			if status, _ := s.get("/health"); status != 200 {
				t.Errorf("status %d", status)
			}
		}
		st, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if mode := st.Mode().Perm(); mode != 0o750 {
			t.Errorf("the socket's mode is %o, want 750 after umask 027", mode)
		}
		s.task(202, aTask)
		log := filepath.Join(s.dir, "async_tasks_"+itoa(s.workers()[0])+".log")
		if st, err := os.Stat(log); err != nil || st.Mode().Perm()&^0o644 != 0 || st.Mode().Perm()&0o004 == 0 {
			t.Errorf("the application's own file: %v, %v; umask is for the server's alone", st, err)
		}
		s.signal(syscall.SIGTERM)
		s.exitCode()
		if _, err := os.Stat(path); !os.IsNotExist(err) {
			t.Errorf("the socket's file is still there: %v", err)
		}
	})
}

func TestConformSyncClosesAndTakesOneAtATime(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		s := begin(t, k, setup{logging: "shared-lock"})
		r, err := http.Get("http://" + s.address + "/health")
		if err != nil {
			t.Fatal(err)
		}
		_ = r.Body.Close()
		if !r.Close {
			t.Error("a sync worker kept the connection")
		}
		release := s.stick()
		answer, _ := s.hung()
		if _, _, err := s.askWith(s.client(500*time.Millisecond), "GET", "/health", "", ""); err == nil {
			t.Error("a sync worker answered a second request while the first hung")
		}
		release()
		if status := <-answer; status != 202 {
			t.Errorf("status %d after the lock was released, want 202", status)
		}
	})
}

func TestConformThreads(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		s := begin(t, k, setup{class: "gthread", threads: 2, keepalive: 1, timeout: 3, preload: true,
			logging: "shared-lock"})
		c, err := net.Dial("tcp", s.address)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		_ = c.SetDeadline(time.Now().Add(patience))
		for range 2 { // one connection, two requests
			if _, err := c.Write([]byte("GET /health HTTP/1.1\r\nHost: a\r\n\r\n")); err != nil {
				t.Fatal(err)
			}
			if text := readAnswer(t, c); !strings.Contains(text, " 200 OK") {
				t.Fatalf("answer %q", text)
			}
		}
		if n, err := c.Read(make([]byte, 1)); n != 0 || err == nil {
			t.Errorf("an idle connection was not closed after keepalive: %d bytes, %v", n, err)
		}
		release := s.stick()
		answer, pid := s.hung()
		if status, _ := s.get("/health"); status != 200 {
			t.Error("one stuck thread of two, and /health is not answered")
		}
		// Both threads stuck for longer than timeout: the first thread beats, so nobody is killed. A heartbeat is no
		// progress.
		second := make(chan int, 1)
		go func() {
			status, _, _ := s.ask("POST", "/task", aTask)
			second <- status
		}()
		// What is tested is that nothing happens for longer than timeout and its kill take.
		time.Sleep(4500 * time.Millisecond)
		if now := s.workers(); len(now) != 1 || now[0] != pid {
			t.Errorf("the worker was replaced (%v, was %d), although its heartbeat goes on", now, pid)
		}
		release()
		for _, ch := range []<-chan int{answer, second} {
			if status := <-ch; status != 202 {
				t.Errorf("status %d, want 202", status)
			}
		}
	})
}

func readAnswer(t *testing.T, c net.Conn) string {
	t.Helper()
	var text string
	buf := make([]byte, 4096)
	for !strings.Contains(text, "\r\n\r\n") || !strings.Contains(text, "}") {
		n, err := c.Read(buf)
		if err != nil {
			t.Fatalf("read: %v after %q", err, text)
		}
		text += string(buf[:n])
	}
	return text
}

// With its only worker stopped, a server has as many connections waiting as the backlog says (Linux: and one more);
// the others do not get one.
func TestConformBacklog(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		s := begin(t, k, setup{module: lightApplication, backlog: 2})
		worker := s.workers()[0]
		if err := syscall.Kill(worker, syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = syscall.Kill(worker, syscall.SIGCONT) }()
		s.until("the worker is stopped", func() bool { return procState(worker) == "T" })
		connected := 0
		for range 5 {
			c, err := net.DialTimeout("tcp", s.address, 300*time.Millisecond)
			if err != nil {
				continue
			}
			defer func() { _ = c.Close() }()
			connected++
		}
		if connected != 3 {
			t.Errorf("%d connections of 5 were made, want 3", connected)
		}
	})
}

func TestConformWorkerConnections(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		s := begin(t, k, setup{module: lightApplication, class: "gthread", threads: 1, connections: 2, keepalive: 60})
		s.until("nobody waits", func() bool { return s.acceptQueue() == 0 })
		for range 5 {
			c, err := net.Dial("tcp", s.address) // and says nothing
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = c.Close() }()
		}
		s.until("the worker holds two, and three wait", func() bool { return s.acceptQueue() == 3 })
		time.Sleep(1200 * time.Millisecond) // what is tested is that it takes no more
		if n := s.acceptQueue(); n != 3 {
			t.Errorf("%d connections wait, want 3 still", n)
		}
	})
}
