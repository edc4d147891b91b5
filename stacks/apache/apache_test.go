package apache

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/kernel/memory"
	"github.com/hangtime-dev/hangtime/stacks"
	"github.com/hangtime-dev/hangtime/stacks/foreign"
)

func process(pid int) stacks.Process {
	return stacks.Process{Proc: "/proc", PID: pid,
		Memory: func(address uint64, into []byte) error { return memory.Read(pid, address, into) }}
}

// A server is a real Apache before an application that never answers, or that answers after a while.
type server struct {
	pid, port int
	upstream  net.Listener
}

func start(t *testing.T, mpm, more string) *server {
	t.Helper()
	upstream, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = upstream.Close() })
	own, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{port: own.Addr().(*net.TCPAddr).Port, upstream: upstream}
	_ = own.Close()
	dir := t.TempDir()
	modules := []string{"mpm_" + mpm, "authz_core", "proxy", "proxy_http"}
	config := fmt.Sprintf("ServerRoot %[1]s\nPidFile %[1]s/pid\nDefaultRuntimeDir %[1]s\nServerName localhost\nListen 127.0.0.1:%[2]d\n"+
		"ErrorLog %[1]s/errors\nProxyPass / http://%[3]s/\n", dir, s.port, upstream.Addr())
	if os.Getuid() == 0 {
		config += "User www-data\nGroup www-data\n"
	}
	if !strings.Contains(more, "ExtendedStatus") {
		modules = append(modules, "status")
	}
	for _, module := range modules {
		config += fmt.Sprintf("LoadModule %s_module /usr/lib/apache2/modules/mod_%s.so\n", module, module)
	}
	file := filepath.Join(dir, "apache.conf")
	if err := os.WriteFile(file, []byte(config+more), 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.Command("/usr/sbin/apache2", "-DFOREGROUND", "-f", file)
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	command.Stderr = os.Stderr
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	s.pid = command.Process.Pid
	t.Cleanup(func() {
		_ = syscall.Kill(-s.pid, syscall.SIGKILL)
		_ = command.Wait()
	})
	return s
}

// ask sends a request as soon as Apache listens.
func (s *server) ask(t *testing.T, method, path string) {
	t.Helper()
	until(t, func() bool {
		c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", s.port))
		if err != nil {
			return false
		}
		t.Cleanup(func() { _ = c.Close() })
		_, err = fmt.Fprintf(c, "%s %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n", method, path)
		return err == nil
	}, "Apache to listen")
}

// works are what all of its children do.
func (s *server) works(t *testing.T) (all []stacks.Work) {
	t.Helper()
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", s.pid, s.pid)) // none: it has just begun
	for _, field := range strings.Fields(string(text)) {
		pid, err := strconv.Atoi(field)
		if err != nil {
			t.Fatal(err)
		}
		r, err := Over()(process(pid))
		if err != nil {
			continue // it has just been forked, or has ended
		}
		works, err := r.Look()
		if err != nil {
			continue
		}
		for _, w := range works {
			if _, err := os.Stat(fmt.Sprintf("/proc/%d/task/%d", pid, w.TID)); err != nil {
				t.Errorf("process %d has no thread %d", pid, w.TID)
			}
		}
		all = append(all, works...)
	}
	return all
}

func until(t *testing.T, true func() bool, what string, args ...any) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(20 * time.Second); !true(); <-tick.C {
		if time.Now().After(end) {
			t.Fatalf("waited 20 s for "+what, args...)
		}
	}
}

func TestRequests(t *testing.T) {
	for mpm, settings := range map[string]string{
		"prefork": "StartServers 3\nServerLimit 4\nMaxRequestWorkers 4\n",
		"worker":  "StartServers 2\nServerLimit 2\nThreadsPerChild 4\nMaxRequestWorkers 8\nMinSpareThreads 1\nMaxSpareThreads 8\n",
		"event":   "StartServers 1\nServerLimit 1\nThreadsPerChild 4\nMaxRequestWorkers 4\nMinSpareThreads 1\nMaxSpareThreads 4\n",
	} {
		t.Run(mpm, func(t *testing.T) {
			s := start(t, mpm, settings)
			began := time.Now()
			s.ask(t, "GET", "/pay?card=4711")
			s.ask(t, "POST", "/"+strings.Repeat("a", 70))
			var got []stacks.Work
			until(t, func() bool { got = s.works(t); return len(got) == 2 }, "two requests; they are %+v", &got)
			want := map[string]stacks.Request{
				"GET":  {Method: "GET", Path: "/pay", Query: "card=4711"},
				"POST": {Method: "POST", Path: "/" + strings.Repeat("a", 57) + "…"},
			}
			for _, w := range got {
				age := w.Request.For
				w.Request.For = 0
				if w.Request != want[w.Request.Method] || w.Idle || w.Pool {
					t.Errorf("%+v, want %+v", w, want[w.Request.Method])
				}
				if most := time.Since(began); age <= 0 || age > most {
					t.Errorf("%s %s is said to go on for %v, it began at most %v ago", w.Request.Method, w.Request.Path, age, most)
				}
			}
			if got[0].TID == got[1].TID {
				t.Errorf("both are of thread %d", got[0].TID)
			}
			_ = s.upstream.Close() // it is reset: both are answered
			until(t, func() bool { return len(s.works(t)) == 0 }, "no request, once they were answered")
		})
	}
}

func TestWithoutAnExtendedStatus(t *testing.T) {
	s := start(t, "prefork", "StartServers 1\nServerLimit 1\nMaxRequestWorkers 1\nExtendedStatus Off\n")
	s.ask(t, "GET", "/pay")
	c, err := s.upstream.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if got := s.works(t); len(got) != 0 {
		t.Errorf("Apache says nothing, told is %+v", got)
	}
}

func TestAProcessWithoutApache(t *testing.T) {
	if _, err := Over()(process(os.Getpid())); !errors.Is(err, stacks.ErrNone) {
		t.Errorf("Apache in a program of Go: %v", err)
	}
}

// An insider stands for a language that runs inside.
type insider struct{ works []stacks.Work }

func (i insider) Language() string             { return "php" }
func (i insider) Look() ([]stacks.Work, error) { return i.works, nil }

func TestWhatALanguageInsideTells(t *testing.T) {
	s := start(t, "prefork", "StartServers 1\nServerLimit 1\nMaxRequestWorkers 1\n")
	s.ask(t, "GET", "/pay")
	until(t, func() bool { return len(s.works(t)) == 1 }, "the request")
	pid := s.works(t)[0].TID
	frames := []stacks.Frame{{Function: "pay", File: "/srv/pay.php", Line: 3}}
	for name, row := range map[string]struct {
		inside []stacks.Work
		path   string
		frames int
	}{
		"nothing":               {nil, "/pay", 0},
		"calls and no request":  {[]stacks.Work{{TID: pid, Frames: frames}}, "/pay", 1},
		"calls and the request": {[]stacks.Work{{TID: pid, Frames: frames, Request: stacks.Request{Path: "/by/php"}}}, "/by/php", 1},
	} {
		r, err := Over(func(stacks.Process) (stacks.Reader, error) { return insider{row.inside}, nil })(process(pid))
		if err != nil {
			t.Fatal(err)
		}
		works, err := r.Look()
		if err != nil || len(works) != 1 || works[0].Request.Path != row.path || len(works[0].Frames) != row.frames || r.Language() != "php" {
			t.Errorf("%s: %+v (%v)", name, works, err)
		}
	}
}

func TestLinesThatAreNone(t *testing.T) {
	now := time.Now()
	for line, want := range map[string]stacks.Request{
		"GET /ok HTTP/1.1":      {Method: "GET", Path: "/ok"},
		"GET /ok?a=b HTTP/1.":   {Method: "GET", Path: "/ok", Query: "a=b"},
		"":                      {},
		"NULL":                  {},
		"OPTIONS * HTTP/1.0":    {},
		"GET /a\x01b HTTP/1.1":  {},
		"GET http://x/ HTTP/1.": {},
	} {
		b := make([]byte, threadSize)
		b[threadStatus] = statusWrite
		copy(b[threadRequest:], line)
		if got, is := (place{foreign.Block(b), 1}).request(now); got != want || is != (want.Path != "") {
			t.Errorf("%q is told as %+v", line, got)
		}
	}
}

// FuzzLook reads memory in which everything is chance.
func FuzzLook(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(seed, byte(seed*13))
	}
	f.Fuzz(func(t *testing.T, seed uint64, holes byte) {
		const base = 0x100000
		chance := rand.New(rand.NewPCG(seed, 1))
		content := make([]byte, 64<<10)
		for i := 0; i+8 <= len(content); i += 8 {
			word := chance.Uint64()
			switch chance.IntN(4) {
			case 0, 1:
				word = base + word%uint64(len(content))
			case 2:
				word %= 5
			}
			binary.NativeEndian.PutUint64(content[i:], word)
		}
		reads := 0
		r := &reader{pid: os.Getpid(), own: int(seed % 4), image: base + 8*(seed%1000), now: time.Now,
			ids: stacks.NewThreadIDs(process(os.Getpid())), memory: func(address uint64, into []byte) error {
				reads++
				if address < base || address+uint64(len(into)) > base+uint64(len(content)) || byte(address>>8) < holes/2 {
					return errors.New("not mapped")
				}
				copy(into, content[address-base:])
				return nil
			}}
		_, _ = r.Look()
		if reads > maxReads {
			t.Errorf("%d reads", reads)
		}
	})
}
