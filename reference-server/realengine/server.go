// Package realengine starts real servers of others on the loopback, for tests and benchmarks of the backends that keep
// tasks in them. Where one is missing it says what is, and how to have it.
package realengine

import (
	"bytes"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/reference-server/lending/lendingtest"
)

// A Server is a process with a store in a folder; it is killed when the test ends.
type Server struct {
	URL string // or the address, as the backend's setting has it

	t       *testing.T
	command func() *exec.Cmd
	accepts func() bool
	cmd     *exec.Cmd
	kill    func()
}

// lastSaid is how much of what a server printed is shown when its test fails, bytes.
const lastSaid = 4000

// Start starts it, again on the same store and port, and waits until it accepts.
func (s *Server) Start() {
	s.t.Helper()
	s.cmd = s.command()
	said := &bytes.Buffer{}
	s.cmd.Stdout, s.cmd.Stderr = said, said
	s.cmd.WaitDelay = time.Second // what it started may hold the pipe open
	s.kill = lendingtest.Start(s.t, s.cmd)
	s.t.Cleanup(func() {
		s.Kill() // nobody writes any more
		if s.t.Failed() {
			s.t.Logf("%s said: %s", s.cmd.Path, said.Bytes()[max(0, said.Len()-lastSaid):])
		}
	})
	lendingtest.Until(s.t, s.cmd.Path+" accepts", s.accepts)
}

// Kill kills it with SIGKILL, and what it started.
func (s *Server) Kill() { s.kill() }

// Stop stops all its threads, as the power stops them.
func (s *Server) Stop() {
	s.t.Helper()
	if err := syscall.Kill(-s.cmd.Process.Pid, syscall.SIGSTOP); err != nil {
		s.t.Fatal(err)
	}
}

// Group is the number of its process group.
func (s *Server) Group() int { return s.cmd.Process.Pid }
