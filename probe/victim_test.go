package probe

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/probe/discovery"
)

// The test binary is also the server that is watched: an arbiter with workers that share one listening socket.
const (
	roleEnv = "HANGTIME_PROBE_ROLE"
	listen  = 3 // descriptor of the listening socket in workers and arbiter
)

func TestMain(m *testing.M) {
	switch role := os.Getenv(roleEnv); role {
	case "":
		goleak.VerifyTestMain(m)
	case "arbiter":
		arbiter()
	case "worker":
		worker1()
	case "holder":
		holder()
	default:
		panic("no such role: " + role)
	}
}

// again starts this binary in a role; it dies with us.
func again(role string, args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), roleEnv+"="+role)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd
}

// arbiter keeps as many workers as its argument says, and says the pid of each on standard output.
func arbiter() {
	runtime.LockOSThread() // parent-death signals are bound to the thread that forks
	want, _ := strconv.Atoi(os.Args[1])
	socket := os.NewFile(listen, "listener")
	var workers []*exec.Cmd
	spawn := func() {
		cmd := again("worker")
		cmd.ExtraFiles = []*os.File{socket}
		if err := cmd.Start(); err != nil {
			panic(err)
		}
		fmt.Println(cmd.Process.Pid)
		workers = append(workers, cmd)
	}
	for range want {
		spawn()
	}
	ends := make(chan os.Signal, 16)
	signal.Notify(ends, syscall.SIGCHLD)
	for range ends {
		for i, cmd := range workers {
			if pid, _ := syscall.Wait4(cmd.Process.Pid, nil, syscall.WNOHANG, nil); pid == cmd.Process.Pid {
				workers = append(workers[:i], workers[i+1:]...)
				spawn()
				break
			}
		}
	}
}

// worker1 serves requests that hang in the way their path says.
func worker1() {
	l, err := net.FileListener(os.NewFile(listen, "listener"))
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/ok", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, os.Getpid()) })
	mux.HandleFunc("/flock", func(w http.ResponseWriter, r *http.Request) {
		fd, err := unix.Open(r.FormValue("path"), unix.O_RDWR|unix.O_CREAT, 0o600)
		if err != nil {
			panic(err)
		}
		fmt.Fprint(w, retryErr(func() error { return unix.Flock(fd, unix.LOCK_EX) }))
		unix.Close(fd)
	})
	mux.HandleFunc("/fcntl", func(w http.ResponseWriter, r *http.Request) {
		fd, err := unix.Open(r.FormValue("path"), unix.O_RDWR|unix.O_CREAT, 0o600)
		if err != nil {
			panic(err)
		}
		command := unix.F_SETLKW
		if r.FormValue("kind") == "ofd" {
			command = unix.F_OFD_SETLKW
		}
		if r.FormValue("upgrade") != "" { // it has the file already, to read
			lock := unix.Flock_t{Type: unix.F_RDLCK}
			if err := unix.FcntlFlock(uintptr(fd), command, &lock); err != nil {
				panic(err)
			}
		}
		lock := unix.Flock_t{Type: unix.F_WRLCK}
		fmt.Fprint(w, retryErr(func() error { return unix.FcntlFlock(uintptr(fd), command, &lock) }))
		unix.Close(fd)
	})
	mux.HandleFunc("/sleep", func(w http.ResponseWriter, r *http.Request) {
		ts := unix.NsecToTimespec(int64(time.Hour))
		fmt.Fprint(w, unix.Nanosleep(&ts, nil))
	})
	mux.HandleFunc("/exit", func(http.ResponseWriter, *http.Request) { os.Exit(7) })
	panic(http.Serve(l, mux))
}

func retryErr(call func() error) error {
	for {
		if err := call(); err != unix.EINTR {
			return err
		}
	}
}

// holder locks its second argument in the way of the first, says so, and holds it until its input ends. With "heir" a
// child inherits the lock and it ends itself. "read-…" lets others read.
func holder() {
	fd, err := unix.Open(os.Args[2], unix.O_RDWR|unix.O_CREAT, 0o600)
	if err != nil {
		panic(err)
	}
	lock := unix.Flock_t{Type: unix.F_WRLCK}
	how, reads := strings.CutPrefix(os.Args[1], "read-")
	if reads {
		lock.Type = unix.F_RDLCK
	}
	switch how {
	case "flock", "heir":
		err = unix.Flock(fd, unix.LOCK_EX)
	case "fcntl":
		err = unix.FcntlFlock(uintptr(fd), unix.F_SETLK, &lock)
	case "ofd":
		err = unix.FcntlFlock(uintptr(fd), unix.F_OFD_SETLK, &lock)
	}
	if err != nil {
		panic(err)
	}
	if os.Args[1] == "heir" {
		cmd := exec.Command("sleep", "20")
		cmd.ExtraFiles = []*os.File{os.NewFile(uintptr(fd), "lock")}
		if err := cmd.Start(); err != nil {
			panic(err)
		}
		fmt.Println(cmd.Process.Pid)
		return
	}
	fmt.Println(os.Getpid())
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// hold runs a holder until the test ends, and returns its pid and that of whoever has the lock.
func hold(t *testing.T, how, path string) (creator, has int) {
	t.Helper()
	cmd := again("holder", how, path)
	input, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	has = readPID(t, bufio.NewReader(output))
	if how == "heir" {
		_ = cmd.Wait()
		t.Cleanup(func() { _ = syscall.Kill(has, syscall.SIGKILL) })
		return cmd.Process.Pid, has
	}
	t.Cleanup(func() {
		_ = input.Close()
		_ = cmd.Wait()
	})
	return cmd.Process.Pid, has
}

func readPID(t *testing.T, from *bufio.Reader) int {
	t.Helper()
	line, err := from.ReadString('\n')
	pid, wrong := strconv.Atoi(strings.TrimSpace(line))
	if err != nil || wrong != nil {
		t.Fatalf("want a pid, got %q (%v)", line, err)
	}
	return pid
}

// A server is the arbiter with its workers, watched.
type server struct {
	t       *testing.T
	arbiter int
	address string
	rec     *history.Recorder
	probe   *Probe
	seen    []history.Record
	read    int // of these
	client  *http.Client
	asked   context.Context
	leave   context.CancelFunc
}

// serve starts a server of so many workers and watches it until the test ends.
func serve(t *testing.T, workers int) *server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	file, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, address: l.Addr().String(), rec: history.NewRecorder(time.Now()),
		client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
	cmd := again("arbiter", strconv.Itoa(workers))
	cmd.ExtraFiles = []*os.File{file}
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	l.Close()
	file.Close()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	lines := bufio.NewReader(output)
	for range workers {
		readPID(t, lines)
	}
	s.arbiter = cmd.Process.Pid
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	s.asked, s.leave = ctx, cancel
	if s.probe, err = Watch(ctx, discovery.Target{Arbiter: s.arbiter, Address: s.address}, s.rec); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.probe.Close)
	return s
}

// ask sends a request whose answer nobody waits for.
func (s *server) ask(path string) {
	done := make(chan struct{})
	req, err := http.NewRequestWithContext(s.asked, http.MethodGet, "http://"+s.address+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	go func() {
		defer close(done)
		if resp, err := s.client.Do(req); err == nil {
			_, _ = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
	}()
	s.t.Cleanup(func() {
		s.leave()
		<-done
	})
}

// await reads the history on, from where the last one stopped, until an event satisfies want, and returns it.
func await[E history.Event](s *server, what string, want func(E) bool) E {
	s.t.Helper()
	const patience = 15 * time.Second
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		s.seen = append(s.seen, s.rec.Drain(nil)...)
		for s.read < len(s.seen) {
			s.read++
			if ev, ok := s.seen[s.read-1].Event.(E); ok && want(ev) {
				return ev
			}
		}
		if time.Now().After(deadline) {
			for _, r := range s.seen[max(0, len(s.seen)-20):] {
				s.t.Logf("%v %T %+v", r.At, r.Event, r.Event)
			}
			s.t.Fatalf("not seen within %v: %s", patience, what)
		}
	}
}

func tempFile(t *testing.T, name string) string { return filepath.Join(t.TempDir(), name) }
