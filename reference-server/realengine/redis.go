package realengine

import (
	"fmt"
	"io"
	"net"
	"os/exec"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/reference-server/lending/lendingtest"
)

// NoRedis says why there can be none on this machine; nil: there can.
func NoRedis() error {
	if _, err := exec.LookPath("redis-server"); err != nil {
		return fmt.Errorf("redis-server is missing: apt-get install redis-server")
	}
	return nil
}

// Redis is one that writes what it is told to the disk before it answers, unless args say otherwise.
func Redis(t *testing.T, dir string, args ...string) *Server {
	t.Helper()
	if err := NoRedis(); err != nil {
		t.Fatal(err)
	}
	port := lendingtest.FreePort(t)
	address := fmt.Sprintf("127.0.0.1:%d", port)
	s := &Server{URL: "redis://" + address + "/0", t: t,
		command: func() *exec.Cmd {
			return exec.Command("redis-server", append([]string{"--port", fmt.Sprint(port), "--bind", "127.0.0.1",
				"--dir", dir, "--save", "", "--appendonly", "yes", "--appendfsync", "always", "--daemonize", "no"}, args...)...)
		},
		accepts: func() bool { return hasRead(address) }}
	s.Start()
	return s
}

// hasRead says whether a server has read its file: until then it accepts connections and answers LOADING.
func hasRead(address string) bool {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return false
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(time.Second))
	said := make([]byte, 5)
	_, err = conn.Write([]byte("PING\r\n"))
	if err == nil {
		_, err = io.ReadFull(conn, said)
	}
	return err == nil && string(said) == "+PONG"
}
