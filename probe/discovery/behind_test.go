package discovery_test

import (
	"bufio"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/probe"
	"github.com/hangtime-dev/hangtime/probe/discovery"
)

// gateway listens at a port, and has started an arbiter with two workers, which listens at a unix socket where it does
// not. It says its port, the arbiter's number and its workers'. With "holds" it has the arbiter's socket too; with
// "only" it has that one alone.
const gateway = `
import os, signal, socket, sys
with_port, holds = sys.argv[1] != "only", sys.argv[1] != "apart"
port = socket.create_server(("127.0.0.1", 0)) if with_port else None
inner = socket.socket(socket.AF_UNIX); inner.bind(sys.argv[2]); inner.listen()
report, reporter = os.pipe()
arbiter = os.fork()
if arbiter == 0:
    if port: port.close()
    workers = []
    for n in range(2):
        worker = os.fork()
        if worker == 0:
            os.write(reporter, b"+")
            inner.accept()
        workers.append(worker)
    os.write(reporter, (" %d %d\n" % tuple(workers)).encode())
    signal.pause()
if not holds: inner.close()
said = b""
while said.count(b"+") < 2 or b"\n" not in said:
    said += os.read(report, 100)
print(port.getsockname()[1] if port else 0, arbiter, said.replace(b"+", b"").decode().strip(), flush=True)
port.accept() if port else signal.pause()
`

// TestAServerBehindAServerIsFoundWithIt: each with its own address, and no socket that is held for another.
func TestAServerBehindAServerIsFoundWithIt(t *testing.T) {
	for _, how := range []string{"apart", "holds", "only"} {
		socket := filepath.Join(t.TempDir(), "inner")
		cmd := exec.Command("/usr/bin/python3", "-c", gateway, how, socket)
		out := begin(t, cmd)
		line, err := out.ReadString('\n')
		var port, arbiter, one, other int
		if n, _ := fmt.Sscan(line, &port, &arbiter, &one, &other); err != nil || n != 4 {
			t.Fatalf("%q (%v)", line, err)
		}
		got, err := discovery.Find(discovery.Hint{PID: cmd.Process.Pid})
		if err != nil {
			t.Fatal(err)
		}
		if how == "only" {
			if got.Arbiter != arbiter || got.Address != "unix:"+socket || len(got.Behind) != 0 {
				t.Errorf("%s: %+v, want the server %d alone", how, got, arbiter)
			}
			continue
		}
		if got.Arbiter != cmd.Process.Pid || got.Address != fmt.Sprintf("127.0.0.1:%d", port) || !got.Single ||
			!slices.Equal(got.Others, []string{"unix:" + socket}) || len(got.Behind) != 1 ||
			got.Behind[0].Arbiter != arbiter || got.Behind[0].Address != "unix:"+socket || got.Behind[0].Single {
			t.Errorf("%s: %+v, want %d with %d behind it", how, got, cmd.Process.Pid, arbiter)
		}
		workers := strings.Trim(fmt.Sprint(workersOf(t, got)), "[]")
		if want := fmt.Sprint(cmd.Process.Pid, one, other); workers != want {
			t.Errorf("%s: workers %s, want %s", how, workers, want)
		}
	}
}

// workersOf are the processes that are watched of a server.
func workersOf(t *testing.T, server discovery.Target) []int {
	t.Helper()
	p, err := probe.Watch(t.Context(), server, history.NewRecorder(time.Now()))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	var pids []int
	for _, one := range p.Workers() {
		pids = append(pids, one.PID)
	}
	return pids
}

// begin starts a program in a process group of its own, which ends with the test, and is what it says.
func begin(t *testing.T, cmd *exec.Cmd) *bufio.Reader {
	t.Helper()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
	})
	return bufio.NewReader(out)
}
