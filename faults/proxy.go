package faults

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"

	"github.com/hangtime-dev/hangtime/scenarios"
)

// A proxy stands between the server and what it depends on. It runs in this process: with it every connection through
// it ends.
type proxy struct {
	toxic *toxiproxy.Proxy
	own   *dependency // nil: the server's own dependency is used
}

func (p *proxy) listen() string { return p.toxic.Listen }

func (p *proxy) close() error {
	p.toxic.Toxics.ResetToxics(context.Background())
	p.toxic.Stop()
	return p.own.close()
}

// newProxy starts one in front of the dependency that the fault or the server names, or of one of ours.
func newProxy(f scenarios.Fault, upstream string) (*proxy, error) {
	p := &proxy{}
	to := cmp.Or(f.Upstream, upstream)
	if to == "" {
		var err error
		if p.own, err = newDependency(); err != nil {
			return nil, err
		}
		to = p.own.listener.Addr().String()
	}
	for _, address := range []string{to, f.Listen} {
		host, _, err := net.SplitHostPort(cmp.Or(address, "127.0.0.1:0"))
		if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
			return nil, errors.Join(fmt.Errorf("%s is not an address and port of this machine's loopback", address),
				p.own.close())
		}
	}
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	p.toxic = toxiproxy.NewProxy(server, "dependency", cmp.Or(f.Listen, "127.0.0.1:0"), to)
	if err := p.toxic.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start the proxy in front of %s: %w", to, err), p.own.close())
	}
	return p, nil
}

// A dependency answers as the reference server's tasks of work socket expect: a line with a time asks for the line
// "done" after that time.
type dependency struct {
	listener net.Listener
	stop     chan struct{}
	once     sync.Once
	ended    sync.WaitGroup
}

// close ends it; there may be none.
func (d *dependency) close() (err error) {
	if d == nil {
		return nil
	}
	d.once.Do(func() {
		close(d.stop)
		err = d.listener.Close()
		d.ended.Wait()
	})
	return err
}

func (d *dependency) serve() {
	for {
		conn, err := d.listener.Accept()
		if err != nil {
			return
		}
		d.ended.Go(func() { d.answer(conn) })
	}
}

func (d *dependency) answer(conn net.Conn) {
	gone := make(chan struct{})
	defer close(gone)
	d.ended.Go(func() { // a read that waits must not outlive us
		select {
		case <-d.stop:
			_ = conn.SetDeadline(time.Now())
		case <-gone:
		}
	})
	defer func() { _ = conn.Close() }()
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		wait, err := time.ParseDuration(lines.Text())
		if err != nil {
			return
		}
		t := time.NewTimer(wait)
		select {
		case <-t.C:
		case <-d.stop:
			t.Stop()
			return
		}
		if _, err := conn.Write([]byte("done\n")); err != nil {
			return
		}
	}
}

func newDependency() (*dependency, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start the dependency: %w", err)
	}
	d := &dependency{listener: l, stop: make(chan struct{})}
	d.ended.Go(d.serve)
	return d, nil
}
