// Package redistest starts a real Redis server for a test.
package redistest

import (
	"context"
	"net"
	"os/exec"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/queues/resp"
)

// Start starts a server of the test's own, and returns its URL when it answers. Debian's package is redis-server.
func Start(t *testing.T) (url string) {
	t.Helper()
	program, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("SKIPPED, NOT PASSED: redis-server is not installed; .ci/install-tools installs it")
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	_, port, _ := net.SplitHostPort(address)
	_ = free.Close()
	server := exec.Command(program, "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", t.TempDir())
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	url = "redis://" + address + "/0"
	client := Client(t, url)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		if _, err = client.Do(ctx, "PING"); err == nil {
			return url
		}
		if ctx.Err() != nil {
			t.Fatalf("redis-server does not answer: %v", err)
		}
	}
}

// Client is a client of the test's own, which sees what others wrote.
func Client(t *testing.T, url string) *resp.Client {
	t.Helper()
	u, err := resp.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	c := resp.New(u, (&net.Dialer{}).DialContext)
	t.Cleanup(c.Close)
	return c
}
