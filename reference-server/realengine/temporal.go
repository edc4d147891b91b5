package realengine

import (
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/reference-server/lending/lendingtest"
)

// TemporalProgram builds the server of engines/temporal/devserver; core is the folder of the core's module.
func TemporalProgram(core string) (string, error) {
	program, err := filepath.Abs(filepath.Join(core, "bin", "temporal-devserver"))
	if err != nil {
		return "", err
	}
	build := exec.Command("go", "build", "-o", program, ".")
	build.Dir = filepath.Join(core, "engines", "temporal", "devserver")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("the Temporal server is missing and cannot be built (go build in engines/temporal/devserver, 200 modules): %w\n%s", err, out)
	}
	return program, nil
}

// Temporal is a server with everything in one file of SQLite that it syncs; web is the port of its HTTP API, 0: it has none.
func Temporal(t *testing.T, program, dir string, web int) *Server {
	t.Helper()
	port := lendingtest.FreePort(t)
	address := fmt.Sprintf("127.0.0.1:%d", port)
	s := &Server{URL: address, t: t,
		command: func() *exec.Cmd {
			return exec.Command(program, "-db", filepath.Join(dir, "temporal.db"), "-port", fmt.Sprint(port), "-web", fmt.Sprint(web))
		},
		accepts: func() bool {
			conn, err := net.DialTimeout("tcp", address, time.Second)
			if err != nil {
				return false
			}
			_ = conn.Close() // it was only asked whether it opens
			return true
		}}
	s.Start()
	return s
}
