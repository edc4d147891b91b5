package waits

import (
	"net"
	"strings"
	"testing"

	"github.com/hangtime-dev/hangtime/history"
)

// TestWhatAProxyWaitsForGoesOnInTheChain: its loop waits for events, and it has asked one other server, or several.
func TestWhatAProxyWaitsForGoesOnInTheChain(t *testing.T) {
	listen := func() *net.TCPListener {
		l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
		return l
	}
	for name, row := range map[string]struct {
		asks     int // how many servers it asks
		accepts  bool
		own      bool // the server that is watched listens there
		want     string
		followed bool
	}{
		"another server":                 {asks: 1, want: "waits for an answer of", followed: true},
		"two other servers":              {asks: 2},
		"the server that waits":          {asks: 1, own: true, want: "where it waits to be accepted"},
		"the server that has taken both": {asks: 1, own: true, accepts: true},
		"nobody":                         {},
	} {
		ports, program := map[uint16]bool{}, "import socket\nall = []\n"
		var listeners []*net.TCPListener
		for range row.asks {
			l := listen()
			listeners = append(listeners, l)
			if row.own {
				ports[l.Addr().(*net.TCPAddr).AddrPort().Port()] = true
			}
			host, port, _ := net.SplitHostPort(l.Addr().String())
			program += "all.append(socket.create_connection(('" + host + "', " + port + ")))\nall[-1].sendall(b'GET / HTTP/1.0\\r\\n\\r\\n')\n"
		}
		pid := run(t, t.TempDir(), program+"print('ready', flush=True)\ninput()")
		if row.accepts {
			for _, l := range listeners {
				c, err := l.Accept()
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = c.Close() })
			}
		}
		link := history.Link{Peer: history.Peer{PID: pid}, Idle: true, Does: "waits for events"}
		wait := newFinder(t).relayed(&link, Server{Ports: ports})
		if (wait != nil) != row.followed || link.Idle != (row.want == "") || !strings.Contains(link.Does, row.want) {
			t.Errorf("%s: %+v, %+v", name, link, wait)
		}
	}
}
