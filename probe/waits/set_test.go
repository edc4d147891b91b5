package waits

import (
	"bufio"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// TestWhoWaitsForNewConnectionsOnlyIsTold: apart from one whose loop may have its clients, too.
func TestWhoWaitsForNewConnectionsOnlyIsTold(t *testing.T) {
	const server = `import select, socket, sys
s = socket.create_server(("127.0.0.1", 0))
c = socket.create_connection(s.getsockname())
p = select.poll(); p.register(s, select.POLLIN)
e = select.epoll(); e.register(s, select.EPOLLIN)
m = select.poll(); m.register(s, select.POLLIN); m.register(c, select.POLLIN)
print(s.getsockname()[1], flush=True)
{"accept": lambda: (s.accept(), s.accept()), "poll": lambda: (s.accept(), p.poll()), "epoll": lambda: (s.accept(), e.poll()),
 "more": lambda: (s.accept(), m.poll())}[sys.argv[1]]()`
	for call, want := range map[string]bool{"accept": true, "poll": true, "epoll": false, "more": false} {
		cmd := exec.Command("/usr/bin/python3", "-c", server, call)
		out, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		})
		line, err := bufio.NewReader(out).ReadString('\n')
		port, wrong := strconv.ParseUint(strings.TrimSpace(line), 10, 16)
		if err != nil || wrong != nil {
			t.Fatalf("%q (%v)", line, err)
		}
		f := New("/proc", "", func(what string, err error) { t.Errorf("%s: %v", what, err) })
		t.Cleanup(f.Close)
		pid := cmd.Process.Pid
		var a Answer
		for end := time.Now().Add(10 * time.Second); !a.Idle && time.Now().Before(end); { // it has to come to its wait first
			if c, err := proc.FS("/proc").Thread(pid, pid).Call(); err == nil {
				a = f.Behind(Subject{PID: pid, TID: pid, Call: c, State: 'S', Threads: []int{pid}},
					Server{Ports: map[uint16]bool{uint16(port): true}})
			}
		}
		if !a.Idle || a.For != forConnections || a.Only != want {
			t.Errorf("%s: %+v, want only connections: %v", call, a, want)
		}
	}
}
