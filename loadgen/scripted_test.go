package loadgen

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// An exchange is one request on a connection of a server that is scripted byte by byte.
type exchange struct {
	net.Conn
	t       *testing.T
	request *http.Request
	nth     int // request on this connection, from 1
}

// sayLast says something and has the end of the connection follow in the same segment: nobody can see the one without
// the other.
func (x *exchange) sayLast(text string) {
	raw, err := x.Conn.(*net.TCPConn).SyscallConn()
	if err == nil {
		_ = raw.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_CORK, 1) })
	}
	if err != nil {
		x.t.Error(err)
	}
	x.say(text)
	_ = x.Close()
}

func (x *exchange) say(text string) { _, _ = io.WriteString(x.Conn, text) }

// reset makes the close that follows an RST.
func (x *exchange) reset() {
	if c, ok := x.Conn.(*net.TCPConn); ok {
		_ = c.SetLinger(0)
	}
}

// byHandServer accepts on l and answers each request with script until that returns false; then the connection is
// closed.
func byHandServer(t *testing.T, l net.Listener, script func(*exchange) bool) {
	t.Helper()
	var handlers sync.WaitGroup
	var mu sync.Mutex
	open := map[net.Conn]bool{}
	handlers.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open[c] = true
			mu.Unlock()
			handlers.Go(func() {
				defer c.Close()
				from := bufio.NewReader(c)
				for n := 1; ; n++ {
					req, err := http.ReadRequest(from)
					if err != nil {
						return
					}
					x := &exchange{Conn: c, t: t, request: req, nth: n}
					if req.Header.Get("X-Unread") == "" {
						_, _ = io.Copy(io.Discard, req.Body)
					}
					if !script(x) {
						return
					}
				}
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		mu.Lock()
		for c := range open {
			_ = c.Close()
		}
		mu.Unlock()
		handlers.Wait()
	})
}

func listen(t *testing.T, network, address string) net.Listener {
	t.Helper()
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

const plainAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
