package discovery_test

import (
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/hangtime-dev/hangtime/probe/discovery"
)

// routed is an arbiter with two workers at one port and a child that listens at another all alone. With "passes" that one
// has a connection to the first port; with "asked" a worker has one to the second, too. It says both ports and the
// children, the last of which is that one.
const routed = `
import os, signal, socket, sys
how = sys.argv[1]
inner, outer = (socket.create_server(("127.0.0.1", 0)) for _ in range(2))
report, reporter = os.pipe()
pids = []
for n in range(3):
    pid = os.fork()
    if pid == 0:
        mine, other = (outer, inner) if n == 2 else (inner, outer)
        at = other.getsockname()
        other.close()
        if n == 2 and how != "listens" or n == 0 and how == "asked":
            asks = socket.create_connection(at)
        os.write(reporter, b"+")
        while True: taken = mine.accept()
    pids.append(pid)
said = b""
while len(said) < 3: said += os.read(report, 100)
print(inner.getsockname()[1], outer.getsockname()[1], *pids, flush=True)
signal.pause()
`

// TestAChildThatPassesOnWhatItTakesIsNoWorker: and the server is asked where it listens.
func TestAChildThatPassesOnWhatItTakesIsNoWorker(t *testing.T) {
	for _, how := range []string{"passes", "listens", "asked"} {
		cmd := exec.Command("/usr/bin/python3", "-c", routed, how)
		out := begin(t, cmd)
		line, err := out.ReadString('\n')
		var inner, outer, one, other, router int
		if n, _ := fmt.Sscan(line, &inner, &outer, &one, &other, &router); err != nil || n != 5 {
			t.Fatalf("%q (%v)", line, err)
		}
		got, err := discovery.Find(discovery.Hint{PID: cmd.Process.Pid})
		if err != nil {
			t.Fatal(err)
		}
		at, want := outer, fmt.Sprint(one, other)
		if how == "listens" {
			at, want = inner, fmt.Sprint(one, other, router)
		}
		if got.Arbiter != cmd.Process.Pid || got.Address != fmt.Sprintf("127.0.0.1:%d", at) || len(got.Others) != 1 {
			t.Errorf("%s: %+v, want it at port %d", how, got, at)
		}
		workers := workersOf(t, got)
		slices.Sort(workers)
		if told := strings.Trim(fmt.Sprint(workers), "[]"); told != want {
			t.Errorf("%s: workers %s, want %s", how, told, want)
		}
	}
}
