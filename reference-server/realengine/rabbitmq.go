package realengine

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/reference-server/lending/lendingtest"
)

// starter is Debian's script below the one that changes the user.
const starter = "/usr/lib/rabbitmq/bin/rabbitmq-server"

// NoRabbitMQ says why there can be none on this machine; nil: there can.
func NoRabbitMQ() error {
	if _, err := os.Stat(starter); err != nil {
		return fmt.Errorf("rabbitmq-server is missing (%s): apt-get install rabbitmq-server", starter)
	}
	return nil
}

// RabbitMQ is a broker, with the daemon that Erlang's nodes find each other by as a process of its own. web is the port
// of its management plugin; 0: it has none.
func RabbitMQ(t *testing.T, dir string, web int) *Server {
	t.Helper()
	if err := NoRabbitMQ(); err != nil {
		t.Fatal(err)
	}
	port, epmd := lendingtest.FreePort(t), lendingtest.FreePort(t)
	settings, plugins := fmt.Sprintf("listeners.tcp.1 = 127.0.0.1:%d\n", port), "[].\n"
	if web > 0 {
		settings += fmt.Sprintf("management.tcp.ip = 127.0.0.1\nmanagement.tcp.port = %d\n", web)
		plugins = "[rabbitmq_management].\n"
	}
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("rabbitmq.conf", settings)
	write("plugins", plugins)
	lendingtest.Start(t, exec.Command("epmd", "-port", fmt.Sprint(epmd), "-address", "127.0.0.1"))
	s := &Server{URL: fmt.Sprintf("amqp://guest:guest@127.0.0.1:%d/", port), t: t,
		command: func() *exec.Cmd {
			cmd := exec.Command(starter)
			cmd.Env = append(os.Environ(), "HOME="+dir, "ERL_CRASH_DUMP_BYTES=0", "RABBITMQ_NODENAME=hangtime@localhost", "RABBITMQ_BASE="+dir,
				"RABBITMQ_MNESIA_BASE="+dir, "RABBITMQ_LOG_BASE="+dir, "RABBITMQ_CONFIG_FILE="+filepath.Join(dir, "rabbitmq"),
				"RABBITMQ_ENABLED_PLUGINS_FILE="+filepath.Join(dir, "plugins"), "RABBITMQ_PID_FILE="+filepath.Join(dir, "pid"),
				"RABBITMQ_CONF_ENV_FILE=/dev/null", fmt.Sprintf("ERL_EPMD_PORT=%d", epmd),
				fmt.Sprintf("RABBITMQ_DIST_PORT=%d", lendingtest.FreePort(t)),
				"RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=-kernel inet_dist_use_interface {127,0,0,1}")
			return cmd
		},
		accepts: func() bool { return speaksAMQP(fmt.Sprintf("127.0.0.1:%d", port)) }}
	s.Start()
	return s
}

// speaksAMQP says whether a broker that is asked for AMQP 0-9-1 answers with the first method, Connection.Start.
func speaksAMQP(address string) bool {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return false
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(time.Second))
	first := make([]byte, 1)
	_, err = conn.Write([]byte("AMQP\x00\x00\x09\x01"))
	if err == nil {
		_, err = io.ReadFull(conn, first)
	}
	return err == nil && first[0] == 1 // a frame of a method, AMQP 0-9-1, 2.3.5
}
