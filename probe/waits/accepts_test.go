package waits

import (
	"bufio"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// TestWhoWaitsAtAListeningSocketAccepts: by each call that a server may wait in.
func TestWhoWaitsAtAListeningSocketAccepts(t *testing.T) {
	const server = `import select, socket, sys
s = socket.create_server(("127.0.0.1", 0))
print(s.fileno(), flush=True)
p = select.poll(); p.register(s, select.POLLIN)
e = select.epoll(); e.register(s, select.EPOLLIN)
{"accept": s.accept, "poll": p.poll, "select": lambda: select.select([s], [], []), "epoll": e.poll,
 "stdin": sys.stdin.read}[sys.argv[1]]()`
	for call, want := range map[string]bool{"accept": true, "poll": true, "select": true, "epoll": true, "stdin": false} {
		cmd := exec.Command("python3", "-c", server, call)
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = in.Close()
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		})
		line, err := bufio.NewReader(out).ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		fd, _ := strconv.Atoi(strings.TrimSpace(line))
		pid, fs := cmd.Process.Pid, proc.FS("/proc")
		link, err := fs.Descriptor(pid, fd).Link()
		inode, ok := proc.SocketInode(link)
		if err != nil || !ok {
			t.Fatalf("descriptor %d is %q: %v", fd, link, err)
		}
		waits := func() bool { // it has come to its call
			c, err := fs.Thread(pid, pid).Call()
			return err == nil && !c.Running && (isSet(c.Name()) || strings.HasPrefix(c.Name(), "accept") || c.Name() == "read")
		}
		for end := time.Now().Add(10 * time.Second); !waits() && time.Now().Before(end); {
			time.Sleep(time.Millisecond)
		}
		if got := Accepts(fs, pid, pid, map[uint32]bool{inode: true}); got != want {
			t.Errorf("%s: got %v, want %v", call, got, want)
		}
		if Accepts(fs, pid, pid, map[uint32]bool{inode + 1: true}) {
			t.Errorf("%s: it waits at another socket", call)
		}
	}
}

// TestASocketThatGoHasOpenedIsNotWaitedAt: its runtime has it in a set, whether anybody accepts there or not.
func TestASocketThatGoHasOpenedIsNotWaitedAt(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	fs, pid := proc.FS("/proc"), os.Getpid()
	all := map[uint32]bool{}
	fds, err := fs.FDs(pid)
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range fds {
		if link, err := fs.Descriptor(pid, fd).Link(); err == nil {
			if inode, ok := proc.SocketInode(link); ok {
				all[inode] = true
			}
		}
	}
	tids, err := fs.Threads(pid)
	if err != nil || len(all) == 0 {
		t.Fatalf("sockets %v, threads %v: %v", all, tids, err)
	}
	for _, tid := range tids {
		if Accepts(fs, pid, tid, all) {
			t.Errorf("thread %d is said to accept", tid)
		}
	}
}
