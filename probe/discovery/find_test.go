package discovery

import (
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// managed is an arbiter with a child that listens at a unix socket all alone, as the process of multiprocessing's manager
// does, and with two workers that share its port; the last of these listens at a second unix socket too.
const managed = `
import os, signal, socket, sys
def listen(path):
    s = socket.socket(socket.AF_UNIX); s.bind(path); s.listen()
    return s
report, reporter = os.pipe()
if os.fork() == 0:
    manager = listen(sys.argv[1])
    os.write(reporter, b"+")
    manager.accept()
port = socket.create_server(("127.0.0.1", 0))
for n in range(2):
    if os.fork() == 0:
        if n == 1: more = listen(sys.argv[2])
        os.write(reporter, b"+")
        port.accept()
said = b""
while len(said) < 3: said += os.read(report, 100)
print("ready", flush=True)
signal.pause()
`

// TestAChildThatListensElsewhereAloneServesTheWorkers: beside workers that share the server's port.
func TestAChildThatListensElsewhereAloneServesTheWorkers(t *testing.T) {
	alone, beside := filepath.Join(t.TempDir(), "alone"), filepath.Join(t.TempDir(), "beside")
	cmd := exec.Command("/usr/bin/python3", "-c", managed, alone, beside)
	out := begin(t, cmd)
	if line, err := out.ReadString('\n'); line != "ready\n" {
		t.Fatalf("it said %q (%v)", line, err)
	}
	got, err := Find(Hint{PID: cmd.Process.Pid})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"unix:" + beside}; got.Arbiter != cmd.Process.Pid || !slices.Equal(got.Others, want) {
		t.Errorf("%+v, want the others to be %q", got, want)
	}
}
