//go:build realservers

package realservers

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// between is how far apart the requests of one volley are sent.
const between = 50 * time.Millisecond

// up waits until the server answers.
func (s *stage) up(path string) {
	s.t.Helper()
	s.until("the server answers "+path, func() bool { return s.get(path) == http.StatusOK })
}

// listens waits until something accepts connections at a port.
func (s *stage) listens(port int) {
	s.t.Helper()
	s.until(fmt.Sprintf("something listens at port %d", port), func() bool {
		c, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", port), time.Second)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
}

// get asks once, on a connection of its own, for two seconds at most; 0: no answer.
func (s *stage) get(path string) int {
	ctx, cancel := context.WithTimeout(s.t.Context(), 2*time.Second)
	defer cancel()
	return s.request(ctx, path)
}

func (s *stage) request(ctx context.Context, path string) int {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d%s", s.port, path), nil)
	if err != nil {
		return 0
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

// stick sends n requests that hang, and notes when: nobody gives them up before the case is over.
func (s *stage) stick(path string, n int) {
	s.t.Helper()
	s.begins()
	s.send(path, n)
	s.last = time.Now()
}

// begins notes that the hang begins now.
func (s *stage) begins() {
	if s.first.IsZero() {
		s.first = time.Now()
	}
	s.last = time.Now()
}

// send sends n requests whose answers nobody waits for.
func (s *stage) send(path string, n int) {
	for range n {
		s.background(func(ctx context.Context) { s.request(ctx, path) })
		time.Sleep(between)
	}
}

// load asks on and on, one request after the other with a rest between, until the case is over.
func (s *stage) load(path string, rest time.Duration) {
	s.background(func(ctx context.Context) {
		for ctx.Err() == nil {
			s.request(ctx, path)
			select {
			case <-time.After(rest):
			case <-ctx.Done():
			}
		}
	})
}

// background runs until the case is over, which waits for it.
func (s *stage) background(f func(context.Context)) {
	ctx, done := s.t.Context(), make(chan struct{})
	go func() {
		defer close(done)
		f(ctx)
	}()
	s.t.Cleanup(func() { <-done })
}

// dial opens a connection that stays open until the case is over, and writes what is given.
func (s *stage) dial(text string) net.Conn {
	s.t.Helper()
	c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", s.port))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { c.Close() })
	if _, err := io.WriteString(c, text); err != nil {
		s.t.Fatal(err)
	}
	return c
}

// keepAlive leaves n connections open of which each was answered once.
func (s *stage) keepAlive(n int) {
	s.t.Helper()
	for range n {
		c := s.dial("GET /ok HTTP/1.1\r\nHost: shop\r\n\r\n")
		if _, err := c.Read(make([]byte, 4096)); err != nil {
			s.t.Fatal(err)
		}
	}
}

// trickle reads an answer slowly, as a client on a bad line does.
func (s *stage) trickle(path string) {
	s.t.Helper()
	c := s.dial("GET " + path + " HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n")
	s.background(func(ctx context.Context) {
		for piece := make([]byte, 100_000); ctx.Err() == nil; time.Sleep(100 * time.Millisecond) {
			if _, err := c.Read(piece); err != nil {
				return
			}
		}
	})
}

// webSocket opens one and says a word, or nothing at all (RFC 6455: a text frame of a client, masked by zeros).
func (s *stage) webSocket(word string) {
	s.t.Helper()
	c := s.dial("GET /ws HTTP/1.1\r\nHost: shop\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
	answer := make([]byte, 4096)
	n, err := c.Read(answer)
	if err != nil || !strings.HasPrefix(string(answer[:n]), "HTTP/1.1 101") {
		s.t.Fatalf("no web socket: %v: %s", err, answer[:n])
	}
	if word != "" {
		if _, err := c.Write(append([]byte{0x81, 0x80 | byte(len(word)), 0, 0, 0, 0}, word...)); err != nil {
			s.t.Fatal(err)
		}
	}
}
