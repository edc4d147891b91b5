package refserver

import (
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Two locks in the same order cost a moment; in opposite order the two threads wait for each other for ever, in futex.
func TestLocksInOppositeOrderNeverEnd(t *testing.T) {
	t.Parallel()
	for _, io := range []string{"executor", "blocking"} {
		t.Run("same "+io, func(t *testing.T) {
			s := serve(t, func(c *Config) { async(c); c.IO = io })
			s.becomes(s.task(202, `{"work":"locks","duration":"20ms"}`), "done")
		})
		t.Run("opposite "+io, func(t *testing.T) {
			s := serve(t, func(c *Config) {
				async(c)
				c.LockOrder, c.IO, c.GracefulTimeout = "opposite", io, 100*time.Millisecond
			})
			s.task(202, `{"work":"locks","duration":"200ms"}`)
			s.until("a thread waits in futex", func() bool {
				return waitsIn(s.workers()[0], "futex_do_wait") || waitsIn(s.workers()[0], "futex_wait_queue")
			})
			id := s.task(202, `{"work":"locks"}`) // whoever comes later waits behind them
			if io == "executor" {
				s.becomes(s.task(202, `{"work":"sleep"}`), "done") // the loop itself is free
			}
			if state := s.state(id); state == "done" {
				t.Error("a task got both locks")
			}
		})
	}
}

// A long poll is answered at its end and a stream ends by itself, in each class, beside other requests where the
// class serves several.
func TestALongPollWaitsAndHarmsNobody(t *testing.T) {
	t.Parallel()
	for _, class := range []string{"async", "gthread", "sync"} {
		t.Run(class, func(t *testing.T) {
			s := serve(t, func(c *Config) {
				c.WorkerClass, c.Threads, c.PollWait = class, map[string]int{"gthread": 4}[class]+1, 1200*time.Millisecond
			})
			began := time.Now()
			type answer struct {
				status int
				body   string
			}
			answers := make(chan answer, 2)
			for _, path := range []string{"/poll", "/events"} {
				go func() {
					status, body, _ := s.ask("GET", path, "")
					answers <- answer{status, body}
				}()
			}
			if class != "sync" {
				s.becomes(s.task(202, `{"work":"sleep"}`), "done")
			}
			events := 0
			for range 2 {
				a := <-answers
				if a.status != 200 || a.body == "" {
					t.Errorf("%d %q", a.status, a.body)
				}
				events += strings.Count(a.body, "data: ")
			}
			if waited := time.Since(began); waited < 1200*time.Millisecond {
				t.Errorf("answered after %v already", waited)
			}
			if events != 2 {
				t.Errorf("%d events, want one at once and one after a second", events)
			}
		})
	}
	t.Run("a worker that leaves ends them", func(t *testing.T) {
		s := serve(t, func(c *Config) { async(c); c.PollWait = time.Hour })
		answered := make(chan int, 1)
		go func() {
			status, _, _ := s.ask("GET", "/poll", "")
			answered <- status
		}()
		s.until("the poll is in the worker", func() bool { _, m := s.get("/metrics"); return number(m["connections"]) >= 2 })
		s.signal(syscall.SIGTERM)
		if status := <-answered; status != 200 {
			t.Errorf("status %d, want 200", status)
		}
	})
}

// A client that goes on sending while its poll is held is let go, before it fills the worker's memory.
func TestAHeldRequestDoesNotGrowWithoutLimit(t *testing.T) {
	t.Parallel()
	s := serve(t, func(c *Config) { async(c); c.PollWait = time.Hour })
	c, err := net.Dial("tcp", s.address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if _, err := io.WriteString(c, "GET /poll HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	_ = c.SetDeadline(time.Now().Add(patience))
	more := make([]byte, 64<<10)
	for sent := 0; sent < 64<<20; sent += len(more) {
		if _, err := c.Write(more); err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error(err)
			}
			return
		}
	}
	t.Error("it took 64 MiB behind a request that it had not answered")
}
