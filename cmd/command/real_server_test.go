package command

import (
	"bufio"
	"bytes"
	wire "encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/report"
)

// A realServer is Debian's own, with an application of examples/ that hangs in the way it is asked to and says in
// which process.
type realServer struct {
	t       *testing.T
	cmd     *exec.Cmd
	port    int
	listen  string // its address, or the path of its unix socket
	dir     string // where the locked file is
	ask     func(path, query string)
	mu      sync.Mutex
	said    bytes.Buffer
	hanging map[string]int // way → pid
}

var saysHang = regexp.MustCompile(`hang (\w+) in pid (\d+)`)

// startReal starts a server until the test ends; PORT, DIR and EXAMPLES in its arguments are replaced.
func startReal(t *testing.T, example string, args ...string) *realServer {
	t.Helper()
	examples, err := filepath.Abs("../../examples/" + example)
	if err != nil {
		t.Fatal(err)
	}
	s := &realServer{t: t, port: freePort(t), dir: t.TempDir(), hanging: map[string]int{}}
	s.listen = fmt.Sprint("127.0.0.1:", s.port)
	replace := strings.NewReplacer("PORT", strconv.Itoa(s.port), "DIR", s.dir, "EXAMPLES", examples)
	for i := range args {
		args[i] = replace.Replace(args[i])
	}
	s.cmd = exec.Command(args[0], args[1:]...)
	s.cmd.Dir = examples
	s.cmd.Env = append(os.Environ(), "HANG_DIR="+s.dir, "PYTHONDONTWRITEBYTECODE=1")
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	s.cmd.Stdout, s.cmd.Stderr = in, in
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	in.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			s.mu.Lock()
			s.said.WriteString(lines.Text() + "\n")
			if m := saysHang.FindStringSubmatch(lines.Text()); m != nil {
				s.hanging[m[1]], _ = strconv.Atoi(m[2])
			}
			s.mu.Unlock()
		}
	}()
	t.Cleanup(func() {
		_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGCONT)
		_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL)
		_ = s.cmd.Wait()
		out.Close()
		<-done
		if t.Failed() {
			s.mu.Lock()
			t.Logf("the server said:\n%s", s.said.String())
			s.mu.Unlock()
		}
	})
	s.ask = s.askHTTP
	return s
}

func freePort(t *testing.T) int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// until waits for something that must come.
func (s *realServer) until(what string, is func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatalf("not within 30 s: %s", what)
		}
	}
}

func (s *realServer) accepts() {
	s.t.Helper()
	s.until("it accepts", func() bool {
		c, err := s.dial()
		if err == nil {
			c.Close()
		}
		return err == nil
	})
}

func (s *realServer) dial() (net.Conn, error) {
	if strings.HasPrefix(s.listen, "/") {
		return net.Dial("unix", s.listen)
	}
	return net.Dial("tcp", s.listen)
}

// askHTTP sends a request whose answer nobody waits for.
func (s *realServer) askHTTP(path, query string) {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	ctx := s.t.Context()
	go func() {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet,
			fmt.Sprintf("http://127.0.0.1:%d%s?%s", s.port, path, query), nil)
		if err != nil {
			return
		}
		if resp, err := client.Do(req); err == nil {
			_, _ = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
	}()
}

// askFCGI sends a request as a web server does (FastCGI 1.0).
func (s *realServer) askFCGI(script string) func(path, query string) {
	return func(_, query string) {
		c, err := s.dial()
		if err != nil {
			s.t.Error(err)
			return
		}
		s.t.Cleanup(func() { c.Close() })
		var body bytes.Buffer
		record := func(kind byte, content []byte) {
			head := [8]byte{1, kind, 0, 1}
			wire.BigEndian.PutUint16(head[4:], uint16(len(content)))
			body.Write(head[:])
			body.Write(content)
		}
		var params bytes.Buffer
		for _, p := range [][2]string{{"SCRIPT_FILENAME", script}, {"REQUEST_METHOD", "GET"}, {"QUERY_STRING", query}} {
			params.WriteByte(byte(len(p[0])))
			params.Write(wire.BigEndian.AppendUint32(nil, uint32(len(p[1]))|1<<31))
			params.WriteString(p[0] + p[1])
		}
		record(1, []byte{0, 1, 0, 0, 0, 0, 0, 0})
		record(4, params.Bytes())
		record(4, nil)
		record(5, nil)
		if _, err := c.Write(body.Bytes()); err != nil {
			s.t.Error(err)
		}
	}
}

// hang asks for a way to hang and returns the process in which it does.
func (s *realServer) hang(path, way, query string) int {
	s.t.Helper()
	s.ask(path, query)
	pid := 0
	s.until("it says where it hangs by "+way, func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		pid = s.hanging[way]
		return pid != 0
	})
	return pid
}

// lockLog holds the file that the application wants to lock, in this process.
func (s *realServer) lockLog() string {
	s.t.Helper()
	path := filepath.Join(s.dir, "app.log")
	f, err := os.Create(path)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { f.Close() })
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		s.t.Fatal(err)
	}
	if err := syscall.FcntlFlock(f.Fd(), syscall.F_SETLK, &syscall.Flock_t{Type: syscall.F_WRLCK}); err != nil {
		s.t.Fatal(err)
	}
	return path
}

// silentUpstream is a server that accepts and never answers, in this process.
func (s *realServer) silentUpstream() int {
	s.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.t.Fatal(err)
	}
	var open []net.Conn
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			open = append(open, c)
		}
	}()
	s.t.Cleanup(func() {
		l.Close()
		<-done
		for _, c := range open {
			c.Close()
		}
	})
	return l.Addr().(*net.TCPAddr).Port
}

// diagnose looks once by the real binary and returns what it says of each process.
func (s *realServer) diagnose(wantCode int, args ...string) (report.Look, map[int]report.Worker) {
	s.t.Helper()
	cmd := exec.Command(binary, append([]string{"diagnose", "--json", "--hang-after", "1s"}, args...)...)
	var out, wrong bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &wrong
	_ = cmd.Run()
	var look report.Look
	if err := json.Unmarshal(out.Bytes(), &look); err != nil {
		s.t.Fatalf("diagnose: %v\n%s%s", err, out.String(), wrong.String())
	}
	if code := cmd.ProcessState.ExitCode(); code != wantCode && !(look.Blind && code == exitUnknown) {
		s.t.Errorf("diagnose: exit code %d, want %d; %s", code, wantCode, wrong.String())
	}
	by := map[int]report.Worker{}
	for _, w := range look.Workers {
		by[w.PID] = w
	}
	return look, by
}

// A wantCause is what must be said of a worker that hangs.
type wantCause struct {
	kind, path, remote string
	holder             int
	where              string // in its code: a piece of it
	state              string
}

func check(t *testing.T, way string, w report.Worker, want wantCause) {
	t.Helper()
	if want.state == "" {
		want.state = "hung"
	}
	complain := func(what string, got, want any) {
		t.Helper()
		text, _ := json.Marshal(w)
		t.Errorf("%s: %s is %v, want %v: %s", way, what, got, want, text)
	}
	if want.kind == "cpu-bound" && w.CPU < 0.7 && len(w.Threads) > 0 {
		return // this machine has more to do than processors: it is not bound by its own work alone, and nothing must be said of it
	}
	if string(w.State) != want.state {
		complain("state", w.State, want.state)
		return
	}
	if want.kind == "" {
		return
	}
	c := w.Cause
	switch {
	case c == nil:
		complain("cause", nil, want.kind)
	case c.Kind != want.kind:
		complain("cause", c.Kind, want.kind)
	case want.path != "" && c.Path != want.path:
		complain("path", c.Path, want.path)
	case want.remote != "" && c.Remote != want.remote:
		complain("other end", c.Remote, want.remote)
	case want.holder != 0 && (len(c.Holders) == 0 || c.Holders[0].PID != want.holder):
		complain("holder", c.Holders, want.holder)
	case want.where != "" && !strings.Contains(c.Where+strings.Join(c.Stack, " "), want.where):
		complain("where", c.Where, want.where)
	}
}
