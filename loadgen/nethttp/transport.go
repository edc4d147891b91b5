package nethttp

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hangtime-dev/hangtime/loadgen/hit"
)

// transport is net/http's with a connection for each sender; open counts those that are there.
func transport(j *hit.Job, open *atomic.Int64) *http.Transport {
	dialer := &net.Dialer{}
	return &http.Transport{
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			dial := func() (net.Conn, error) { return j.Hosts.DialContext(ctx, dialer, network, addr) }
			if j.Socket != "" {
				dial = func() (net.Conn, error) { return dialer.DialContext(ctx, "unix", j.Socket) }
			}
			c, err := dial()
			if err != nil {
				return nil, err
			}
			open.Add(1)
			return &countedConn{Conn: c, open: open}, nil
		},
		Proxy: http.ProxyFromEnvironment, // which leaves loopback addresses alone
		// It measures; whom it talks to was said on its command line.
		TLSClientConfig:        &tls.Config{InsecureSkipVerify: true},
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           0,
		MaxIdleConnsPerHost:    j.Senders,
		MaxConnsPerHost:        j.Senders,
		IdleConnTimeout:        90 * time.Second,
		DisableCompression:     true, // bytes are counted as they came
		MaxResponseHeaderBytes: 1 << 20,
	}
}

// A countedConn is one of the open connections until it is closed.
type countedConn struct {
	net.Conn
	once sync.Once
	open *atomic.Int64
}

func (c *countedConn) Close() error {
	c.once.Do(func() { c.open.Add(-1) })
	return c.Conn.Close()
}
