package loadgen

import (
	"context"
	"net"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/scenarios"
)

func TestBothEnginesFindTheServerHoweverItIsCalled(t *testing.T) {
	answer := func(x *exchange) bool { x.say(plainAnswer); return true }
	for _, name := range engines {
		p := plan(100, scenarios.Target{Path: "/"})
		all := map[string]uint64{"200": 10}
		t.Run("IPv6/"+name, func(t *testing.T) {
			l := listen(t, "tcp", "[::1]:0")
			byHandServer(t, l, answer)
			_, sum := attackBy(t, name, p, "http://"+l.Addr().String(), 100*time.Millisecond)
			expectKinds(t, sum, all)
		})
		t.Run("a unix socket/"+name, func(t *testing.T) {
			p := p
			p.UnixSocket = filepath.Join(t.TempDir(), "s")
			byHandServer(t, listen(t, "unix", p.UnixSocket), answer)
			_, sum := attackBy(t, name, p, "http://app.example/", 100*time.Millisecond)
			expectKinds(t, sum, all)
		})
		t.Run("a name with several addresses of which the first refuses/"+name, func(t *testing.T) {
			l := listen(t, "tcp", "127.0.0.1:0")
			byHandServer(t, l, answer)
			_, port, _ := net.SplitHostPort(l.Addr().String())
			resolver := resolverOf(t, [4]byte{127, 0, 0, 2}, [4]byte{127, 0, 0, 1})
			_, sum := attackWith(t, Options{Engine: name, Resolver: resolver}, p, "http://several.test:"+port,
				100*time.Millisecond)
			expectKinds(t, sum, all)
		})
		t.Run("a port where nobody listens/"+name, func(t *testing.T) {
			l := listen(t, "tcp", "127.0.0.1:0")
			_ = l.Close()
			_, sum := attackBy(t, name, p, "http://"+l.Addr().String(), 100*time.Millisecond)
			expectKinds(t, sum, map[string]uint64{history.ErrRefused: 10})
		})
	}
}

// resolverOf asks a DNS server of this test, which knows one answer to everything.
func resolverOf(t *testing.T, addresses ...[4]byte) *net.Resolver {
	t.Helper()
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 1500)
		for {
			n, from, err := pc.ReadFrom(buf)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buf[:n]) != nil || len(m.Questions) != 1 {
				continue
			}
			m.Response, m.RecursionAvailable, m.Additionals = true, true, nil
			if q := m.Questions[0]; q.Type == dnsmessage.TypeA {
				for _, a := range addresses {
					m.Answers = append(m.Answers,
						dnsmessage.Resource{Header: dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, TTL: 60},
							Body: &dnsmessage.AResource{A: a}})
				}
			}
			if out, err := m.Pack(); err == nil {
				_, _ = pc.WriteTo(out, from)
			}
		}
	}()
	t.Cleanup(func() { _ = pc.Close(); <-done })
	var dialer net.Dialer
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return dialer.DialContext(ctx, "udp", pc.LocalAddr().String())
	}}
}
