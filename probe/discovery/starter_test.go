package discovery

import (
	"bufio"
	"fmt"
	"net"
	"os/exec"
	"slices"
	"syscall"
	"testing"
)

// runner runs a command that never ends, and says its number. With "asks" it has a connection to a port, with "standard"
// only as the descriptor that it was given for its errors.
const runner = `
import os, socket, subprocess, sys
conn = socket.create_connection(("127.0.0.1", int(sys.argv[2]))) if sys.argv[1] != "starts" else None
if sys.argv[1] == "standard": os.dup2(conn.fileno(), 2); conn.close()
child = subprocess.Popen(["/bin/sleep", "1000"], stderr=subprocess.DEVNULL)
print(child.pid, flush=True)
child.wait()
`

// TestAProgramThatRunsACommandIsTheServer: and one that only started another program is not.
func TestAProgramThatRunsACommandIsTheServer(t *testing.T) {
	broker, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer broker.Close()
	for how, itself := range map[string]bool{"asks": true, "starts": false, "standard": false} {
		cmd := exec.Command("/usr/bin/python3", "-c", runner, how, fmt.Sprint(broker.Addr().(*net.TCPAddr).Port))
		out := begin(t, cmd)
		var child int
		if _, err := fmt.Fscan(out, &child); err != nil {
			t.Fatal(err)
		}
		want := child
		if itself {
			want = cmd.Process.Pid
		}
		if got, err := Find(Hint{PID: cmd.Process.Pid}); err != nil || got.Arbiter != want || !got.Single {
			t.Errorf("%s: %+v (%v), want %d", how, got, err, want)
		}
	}
}

// crew is an arbiter that forks two workers, which listen with "listens", and says its number: in one write, for others say
// theirs at the same end of a pipe, and with PYTHONUNBUFFERED print makes two.
const crew = `
import os, signal, socket, sys
if sys.argv[1] == "listens": port = socket.create_server(("127.0.0.1", 0))
for n in range(2):
    if os.fork() == 0: signal.pause()
os.write(1, b"%d\n" % os.getpid())
signal.pause()
`

// TestServersThatAShellStartedAreToldTogether: beside a command that is none.
func TestServersThatAShellStartedAreToldTogether(t *testing.T) {
	const both = `/usr/bin/python3 -c "$0" "$1" & /usr/bin/python3 -c "$0" "$2" & /usr/bin/python3 -c "$3" & wait`
	// It says when it is there: until then it is a copy of the shell.
	const command = `import os, signal; os.write(1, b"0\n"); signal.pause()`
	for _, how := range [][2]string{{"listens", "listens"}, {"listens", "rests"}, {"rests", "rests"}} {
		cmd := exec.Command("sh", "-c", both, crew, how[0], how[1], command)
		out := begin(t, cmd)
		want := make([]int, 3)
		if _, err := fmt.Fscan(out, &want[0], &want[1], &want[2]); err != nil {
			t.Fatal(err)
		}
		got, err := Find(Hint{PID: cmd.Process.Pid})
		var found []int
		for _, one := range got.Behind {
			found = append(found, one.Arbiter)
		}
		slices.Sort(found)
		slices.Sort(want)
		want = want[1:] // without the command's
		if err != nil || got.Arbiter != cmd.Process.Pid || got.Single || !slices.Equal(found, want) {
			t.Errorf("%v: %+v (%v), want %v behind it", how, got, err, want)
		}
	}
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
