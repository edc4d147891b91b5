//go:build realservers

package realservers

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// A stage is where one case plays: a folder, a port, the server, what it asks, and the moments of the hang.
type stage struct {
	t         *testing.T
	world     world
	dir       string // readable by every user; gone at the end
	port      int
	env       []string
	server    *process
	target    []string      // flags of diagnose and watch; empty: the server's process number
	databases []string      // flags that name databases to be asked
	limit     time.Duration // --hang-after; 0: the default
	holder    int           // who holds what the server waits for; 0: it does not matter
	broker    int           // pid of the queue's broker

	first, last time.Time // when the first and the last of what hangs was sent
}

func newStage(t *testing.T, w world) *stage {
	t.Helper()
	dir, err := os.MkdirTemp("", "hangtime-case-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil { // MkdirTemp's is for its owner only, and servers change their user
		t.Fatal(err)
	}
	s := &stage{t: t, world: w, dir: dir, port: freePort(t)}
	s.set("PORT", strconv.Itoa(s.port))
	s.set("DIR", dir)
	s.set("HOME", dir) // some servers leave sockets and settings at home
	return s
}

// set puts a variable into the environment of all that is started from now on.
func (s *stage) set(name, value string) { s.env = append(s.env, name+"="+value) }

// value is what a variable was set to.
func (s *stage) value(name string) string {
	s.t.Helper()
	value, is := s.lookup(name)
	if !is {
		s.t.Fatalf("%s is not set", name)
	}
	return value
}

func (s *stage) lookup(name string) (string, bool) {
	for _, pair := range s.env {
		if value, is := strings.CutPrefix(pair, name+"="); is {
			return value, true
		}
	}
	return "", false
}

// fill replaces @NAME@ by what the case has in its environment: servers' own files are full of dollars and braces.
func (s *stage) fill(text string) string {
	for _, pair := range s.env {
		name, value, _ := strings.Cut(pair, "=")
		text = strings.ReplaceAll(text, "@"+name+"@", value)
	}
	return text
}

// app copies a file of testdata into the folder of the case and returns its path there: the server's user may not be
// able to read the original.
func (s *stage) app(name string) string {
	s.t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		s.t.Fatal(err)
	}
	return s.file(filepath.Base(name), string(text))
}

// conf writes a server's settings: files of testdata, one after the other, under the name of the first.
func (s *stage) conf(names ...string) string {
	s.t.Helper()
	all := ""
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			s.t.Fatal(err)
		}
		all += s.fill(string(text))
	}
	return s.file(filepath.Base(names[0]), all)
}

// file writes a file that every user can read.
func (s *stage) file(name, text string) string {
	s.t.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		s.t.Fatal(err)
	}
	return path
}

// taken are the ports that were given to a case, so that none is given twice while the kernel still thinks it free.
var taken sync.Map

func freePort(t *testing.T) int {
	t.Helper()
	for {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		port := l.Addr().(*net.TCPAddr).Port
		l.Close()
		if _, twice := taken.LoadOrStore(port, true); !twice {
			return port
		}
	}
}

// A process is one that a case started, with all that it starts in its turn.
type process struct {
	pid int
	log string // file of what it says
	end func()
}

// start starts a program beside the server, or the server itself, until the case is over.
func (s *stage) start(args ...string) *process {
	s.t.Helper()
	return s.startAs(keeperSpec{Args: args}, nil)
}

// serve starts the server.
func (s *stage) serve(args ...string) {
	s.t.Helper()
	s.server = s.start(args...)
}

// startAs starts a program in a certain way; extra is the keeper's descriptor 4.
func (s *stage) startAs(spec keeperSpec, extra *os.File) *process {
	s.t.Helper()
	log, err := os.CreateTemp(s.dir, "said-")
	if err != nil {
		s.t.Fatal(err)
	}
	defer log.Close()
	return s.startInto(spec, log, extra)
}

// startInto starts a program that writes into a file, or a pipe.
func (s *stage) startInto(spec keeperSpec, out, extra *os.File) *process {
	s.t.Helper()
	spec.Dir = s.dir
	spec.Env = append(append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1", "PYTHONUNBUFFERED=1"), s.env...)
	p, err := startKeeper(spec, out, extra)
	if err != nil {
		s.t.Fatalf("start %v: %v\n%s", spec.Args, err, tail(out.Name()))
	}
	s.t.Cleanup(p.end)
	s.t.Cleanup(func() {
		if s.t.Failed() {
			s.t.Logf("%s said:\n%s", filepath.Base(spec.Args[0]), tail(p.log))
		}
	})
	return p
}

func startKeeper(spec keeperSpec, out, extra *os.File) (*process, error) {
	orders, err := json.Marshal(spec)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	report, reporter, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer report.Close()
	keeper := exec.Command(self, keeperArgument)
	keeper.Env = append(os.Environ(), keeperOrders+"="+string(orders))
	keeper.Stdout, keeper.Stderr, keeper.ExtraFiles = out, out, []*os.File{reporter}
	if extra != nil {
		keeper.ExtraFiles = append(keeper.ExtraFiles, extra)
	}
	// Ctrl-C is for the tests: the keeper is to see their end, not its own.
	keeper.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	life, err := keeper.StdinPipe()
	if err == nil {
		err = keeper.Start()
	}
	reporter.Close()
	if err != nil {
		return nil, err
	}
	end := sync.OnceFunc(func() {
		life.Close()
		_ = keeper.Wait()
	})
	line, err := bufio.NewReader(report).ReadString('\n')
	pid, wrong := strconv.Atoi(strings.TrimSpace(line))
	if err != nil || wrong != nil {
		end()
		return nil, fmt.Errorf("the keeper said %q", line)
	}
	return &process{pid: pid, log: out.Name(), end: end}, nil
}

// tail is the end of a file.
func tail(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-3000):])
}

// until waits for what must come.
func (s *stage) until(what string, is func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(60 * time.Second); !is(); time.Sleep(30 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatalf("not within 60 s: %s", what)
		}
	}
}

// said waits until a process has said something.
func (s *stage) said(p *process, what string) {
	s.t.Helper()
	s.until(fmt.Sprintf("process %d says %q", p.pid, what), func() bool {
		text, _ := os.ReadFile(p.log)
		return strings.Contains(string(text), what)
	})
}

// wait lets a hang last: its length is what hangtime is to see.
func (s *stage) wait(d time.Duration) {
	select {
	case <-time.After(d):
	case <-s.t.Context().Done():
	}
}

// children waits until the server has so many children.
func (s *stage) children(n int) []int {
	s.t.Helper()
	var all []int
	s.until(fmt.Sprintf("process %d has %d children", s.server.pid, n), func() bool {
		all = below(s.server.pid)
		return len(all) >= n
	})
	return all
}
