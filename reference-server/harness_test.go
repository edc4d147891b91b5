package refserver

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// configVar makes the test binary the reference server: its workers are the test binary once more.
const configVar = "HANGTIME_TEST_SERVE"

func TestMain(m *testing.M) {
	if handled, code := Role(nil); handled {
		os.Exit(code)
	}
	if os.Getenv(subreaperVar) != "" {
		if err := adopt(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	if text := os.Getenv(writerVar); text != "" {
		if err := logWriter(text); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if text := os.Getenv(configVar); text != "" {
		var c Config
		if err := json.Unmarshal([]byte(text), &c); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		code, err := Serve(Start{Config: c, Reload: reloadFromFile})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(code)
	}
	os.Exit(m.Run())
}

// reloadFromFile is how a test changes the settings that HUP reads: it writes them to a file in the log directory.
func reloadFromFile() (Config, error) {
	var c Config
	if err := json.Unmarshal([]byte(os.Getenv(configVar)), &c); err != nil {
		return c, err
	}
	text, err := os.ReadFile(filepath.Join(c.LogDir, "reload.json"))
	if os.IsNotExist(err) {
		return c, nil
	}
	if err != nil {
		return c, err
	}
	return c, json.Unmarshal(text, &c)
}

// patience is how long a test waits for what must happen; it is reached only when something is broken.
const patience = 60 * time.Second

// A target is a server under test, ours or gunicorn, as a process with an address.
type target struct {
	t       testing.TB
	kind    kind
	cmd     *exec.Cmd
	address string
	socket  string // of a unix: bind
	dir     string
	ended   chan struct{}

	mu     sync.Mutex
	lines  []string
	events []map[string]any
}

// serve starts our server with the settings changed by change; it listens on a port of its own.
func serve(t testing.TB, change func(*Config)) *target {
	t.Helper()
	s := launch(t, change)
	s.event("ready")
	return s
}

// launch does not wait for it to be ready.
func launch(t testing.TB, change func(*Config)) *target {
	t.Helper()
	return launchWith(t, surroundings{}, change)
}

// surroundings are what a server finds beside its settings.
type surroundings struct {
	stdout *os.File // nil: the null device
	env    []string
}

func launchWith(t testing.TB, around surroundings, change func(*Config)) *target {
	t.Helper()
	c := Default()
	c.Bind, c.LogDir, c.Workers = []string{"127.0.0.1:0"}, t.TempDir(), 1
	if change != nil {
		change(&c)
	}
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	s := &target{t: t, kind: ours(), dir: c.LogDir, cmd: exec.Command(os.Args[0])}
	s.cmd.Env = append(os.Environ(), configVar+"="+string(text), "GORACE=atexit_sleep_ms=0")
	s.cmd.Env = append(s.cmd.Env, around.env...)
	if around.stdout != nil {
		s.cmd.Stdout = around.stdout
	}
	s.begin()
	return s
}

func (s *target) begin() {
	s.t.Helper()
	s.ended = make(chan struct{})
	s.cmd.Dir = s.dir
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, in, err := os.Pipe() // not the one of exec: a successor may go on writing after this process ended
	if err != nil {
		s.t.Fatal(err)
	}
	s.cmd.Stderr = in
	err = s.cmd.Start()
	_ = in.Close()
	if err != nil {
		s.t.Fatal(err)
	}
	read := make(chan struct{})
	go func() {
		s.read(out)
		close(read)
	}()
	go func() {
		_ = s.cmd.Wait()
		select {
		case <-read: // all that it said
		case <-time.After(time.Second):
		}
		close(s.ended)
	}()
	s.t.Cleanup(s.end)
}

func (s *target) read(out io.ReadCloser) {
	defer func() { _ = out.Close() }()
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e map[string]any
		_ = json.Unmarshal(lines.Bytes(), &e)
		s.mu.Lock()
		s.lines = append(s.lines, lines.Text())
		if e != nil {
			s.events = append(s.events, e)
			if e["event"] == "listening" && s.address == "" {
				s.address, _ = e["address"].(string)
			}
		}
		s.mu.Unlock()
	}
}

// end kills what is left.
func (s *target) end() {
	workers := s.workers()
	_ = s.cmd.Process.Signal(syscall.SIGQUIT)
	t := time.NewTimer(5 * time.Second)
	defer t.Stop()
	select {
	case <-s.ended:
	case <-t.C:
		_ = s.cmd.Process.Kill()
		<-s.ended
	}
	for _, pid := range workers {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	if s.t.Failed() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.t.Logf("%s said:\n%s", s.kind, strings.Join(s.lines[max(0, len(s.lines)-60):], "\n"))
	}
}

func (s *target) signal(sig syscall.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.t.Fatal(err)
	}
}

// until waits for what must happen. A look costs processor time, which many servers at once are short of.
func (s *target) until(what string, is func() bool) {
	s.t.Helper()
	for end := time.Now().Add(patience); !is(); {
		if time.Now().After(end) {
			s.t.Fatalf("%s: it did not happen: %s", s.kind, what)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// event waits for the nth event (from 1; default 1) of a name in our account.
func (s *target) event(name string, nth ...int) map[string]any {
	s.t.Helper()
	want := 1
	if len(nth) > 0 {
		want = nth[0]
	}
	var found map[string]any
	s.until(fmt.Sprintf("event %s, %d times", name, want), func() bool {
		all := s.said(name)
		if len(all) >= want {
			found = all[want-1]
			return true
		}
		select {
		case <-s.ended:
			if all := s.said(name); len(all) < want {
				s.t.Fatalf("%s ended without event %s", s.kind, name)
			}
		default:
		}
		return false
	})
	return found
}

func (s *target) said(name string) []map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []map[string]any
	for _, e := range s.events {
		if e["event"] == name {
			all = append(all, e)
		}
	}
	return all
}

// exitCode waits for the end.
func (s *target) exitCode() int {
	s.t.Helper()
	t := time.NewTimer(patience)
	defer t.Stop()
	select {
	case <-s.ended:
		return s.cmd.ProcessState.ExitCode()
	case <-t.C:
		s.t.Fatalf("%s did not end", s.kind)
		return -1
	}
}

// workers are the arbiter's children, oldest first.
func (s *target) workers() []int { return children(s.cmd.Process.Pid) }

func children(pid int) []int {
	var all []int
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, path := range tasks {
		text, _ := os.ReadFile(path)
		for _, word := range strings.Fields(string(text)) {
			if n, err := strconv.Atoi(word); err == nil && running(n) {
				all = append(all, n)
			}
		}
	}
	slices.Sort(all)
	return all
}

// running is false for a zombie and for nobody.
func running(pid int) bool {
	state := procState(pid)
	return state != "" && state != "Z" && state != "X"
}

func procState(pid int) string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	_, rest, _ := strings.Cut(string(text[bytes.LastIndexByte(text, ')')-1:]), ") ")
	return rest[:1]
}

// client never keeps a connection, so that every request may reach any worker.
func (s *target) client(timeout time.Duration) *http.Client {
	return &http.Client{Timeout: timeout, Transport: &http.Transport{DisableKeepAlives: true, DialContext: dialer(s)}}
}

func (s *target) ask(method, path, body string) (status int, answer string, err error) {
	return s.askWith(s.client(patience), method, path, body, "")
}

func (s *target) askWith(c *http.Client, method, path, body, accept string) (int, string, error) {
	s.mu.Lock()
	address := s.address
	s.mu.Unlock()
	if s.socket != "" {
		address = "socket"
	}
	r, err := http.NewRequest(method, "http://"+address+path, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if accept != "" {
		r.Header.Set("Accept", accept)
	}
	answer, err := c.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	return answer.StatusCode, string(text), err
}

// get wants an answer whatever its status.
func (s *target) get(path string) (int, map[string]any) {
	s.t.Helper()
	status, text, err := s.ask("GET", path, "")
	if err != nil {
		s.t.Fatalf("%s: GET %s: %v", s.kind, path, err)
	}
	var v map[string]any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		s.t.Fatalf("%s: GET %s: %v in %q", s.kind, path, err, text)
	}
	return status, v
}

// task posts one and gives its id; the status must be the one wanted.
func (s *target) task(want int, body string) string {
	s.t.Helper()
	status, text, err := s.ask("POST", "/task", body)
	if err != nil {
		s.t.Fatalf("%s: POST /task: %v", s.kind, err)
	}
	if status != want {
		s.t.Fatalf("%s: POST /task %s: status %d, want %d: %s", s.kind, body, status, want, text)
	}
	var v struct{ ID string }
	_ = json.Unmarshal([]byte(text), &v)
	return v.ID
}

// state is what GET /task/{id} says.
func (s *target) state(id string) string {
	s.t.Helper()
	_, v := s.get("/task/" + id)
	state, _ := v["state"].(string)
	return state
}

func (s *target) becomes(id, state string) {
	s.t.Helper()
	s.until("task "+id+" becomes "+state, func() bool { return s.state(id) == state })
}

func (s *target) file(pattern string) string {
	s.t.Helper()
	paths, err := filepath.Glob(filepath.Join(s.dir, pattern))
	if err != nil {
		s.t.Fatal(err)
	}
	var all []byte
	for _, p := range paths {
		text, err := os.ReadFile(p)
		if err != nil {
			s.t.Fatal(err)
		}
		all = append(all, text...)
	}
	return string(all)
}

func number(v any) int {
	f, _ := v.(float64)
	return int(f)
}

func itoa(n int) string { return strconv.Itoa(n) }

func atoi(text string) int {
	n, _ := strconv.Atoi(text)
	return n
}
