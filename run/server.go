package run

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/faults"
	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/scenarios"
)

// How long a server may take to accept, and to leave when asked.
const (
	bootLimit  = 20 * time.Second
	leaveLimit = 4 * time.Second
	quitLimit  = 2 * time.Second
)

// A server is the reference server as a child process.
type server struct {
	pid     int
	address string
	rec     *history.Recorder
	ended   chan struct{} // closed when it was waited for
	state   *os.ProcessState

	mu        sync.Mutex
	tail      []string // its last lines that are no events: what to show when it fails
	ready     chan struct{}
	listening string
}

// startServer starts `self serve …` with logs in dir. The guardian is told the pid before anything else happens, and knows all its processes by their environment,
// so that they are ended even if hangtime is killed.
func startServer(ctx context.Context, self string, s scenarios.Server, dir string, rec *history.Recorder, guardian *faults.Guardian) (*server, error) {
	args := append([]string{"serve"}, serveFlags(s)...)
	args = append(args, "--bind=127.0.0.1:0", "--log-dir="+dir, "--exit-with-parent")
	cmd := exec.Command(self, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), guardian.Mark())
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a Ctrl-C at the terminal is for hangtime, which ends its server in order
	output, err := cmd.StderrPipe()
	if err != nil {
		return nil, fmt.Errorf("start the reference server: %w", err)
	}
	srv := &server{rec: rec, ended: make(chan struct{}), ready: make(chan struct{})}
	if err := srv.spawn(cmd, output); err != nil {
		return nil, fmt.Errorf("start the reference server: %w", err)
	}
	if err := guardian.Adopt(srv.pid); err != nil {
		srv.stop(nil)
		return nil, fmt.Errorf("put the reference server under guard: %w", err)
	}
	timeout := time.NewTimer(bootLimit)
	defer timeout.Stop()
	select {
	case <-srv.ready:
		srv.mu.Lock()
		srv.address = srv.listening
		srv.mu.Unlock()
		rec.Record(history.ServerStarted{Server: "reference", PID: srv.pid, Address: srv.address, Timeout: s.Timeout})
		return srv, nil
	case <-srv.ended:
		return nil, fmt.Errorf("the reference server ended before it accepted a connection (%s)%s", srv.state, srv.lastWords())
	case <-timeout.C:
		srv.stop(nil)
		return nil, fmt.Errorf("the reference server did not accept connections within %v%s", bootLimit, srv.lastWords())
	case <-ctx.Done():
		srv.stop(nil)
		return nil, context.Cause(ctx)
	}
}

// serveFlags are the options of a scenario's server as flags of `hangtime serve`; what the scenario leaves open keeps the server's default.
func serveFlags(s scenarios.Server) []string {
	var flags []string
	v := reflect.ValueOf(s)
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
		if name == "kind" || v.Field(i).IsZero() {
			continue
		}
		value := reflect.Indirect(v.Field(i)).Interface()
		flags = append(flags, fmt.Sprintf("--%s=%v", strings.ReplaceAll(name, "_", "-"), value))
	}
	return flags
}

// spawn starts the child from a thread that lives until the child was waited for: its parent-death signal is bound to the thread that forked it.
func (s *server) spawn(cmd *exec.Cmd, output io.Reader) error {
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with this goroutine
		if err := cmd.Start(); err != nil {
			started <- err
			return
		}
		s.pid = cmd.Process.Pid
		started <- nil
		s.listen(output)
		_ = cmd.Wait() // its status is in ProcessState; an exit other than 0 is no error of ours
		s.state = cmd.ProcessState
		close(s.ended)
	}()
	return <-started
}

// listen turns the server's account, JSON lines, into events until it ends.
func (s *server) listen(output io.Reader) {
	lines := bufio.NewScanner(output)
	lines.Buffer(make([]byte, 64<<10), 1<<20)
	for lines.Scan() {
		said, ok := parseSaid(lines.Bytes())
		if !ok {
			s.keep(lines.Text())
			continue
		}
		s.rec.Record(said)
		switch said.Event {
		case "listening":
			s.mu.Lock()
			s.listening = said.Fields["address"]
			s.mu.Unlock()
		case "ready":
			select {
			case <-s.ready:
			default:
				close(s.ready)
			}
		}
	}
	// A line too long for the scanner: the rest is read and dropped, or the server would block in write.
	_, _ = io.Copy(io.Discard, output)
}

// parseSaid reads one line of the server's event log.
func parseSaid(line []byte) (history.ServerSaid, bool) {
	var fields map[string]any
	if err := json.Unmarshal(line, &fields); err != nil {
		return history.ServerSaid{}, false
	}
	name, ok := fields["event"].(string)
	if !ok {
		return history.ServerSaid{}, false
	}
	said := history.ServerSaid{Event: name}
	for key, value := range fields {
		switch number, isNumber := value.(float64); {
		case key == "event" || key == "level" || key == "msg":
		case key == "worker" && isNumber:
			said.Worker = int(number)
		case key == "pid" && isNumber:
			said.PID = int(number)
		default:
			if said.Fields == nil {
				said.Fields = map[string]string{}
			}
			if isNumber {
				said.Fields[key] = strconv.FormatFloat(number, 'f', -1, 64)
			} else {
				said.Fields[key] = fmt.Sprint(value)
			}
		}
	}
	return said, true
}

const tailLines = 12

func (s *server) keep(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tail = append(s.tail, line)
	if len(s.tail) > tailLines {
		s.tail = s.tail[1:]
	}
}

func (s *server) lastWords() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.tail) == 0 {
		return ""
	}
	return "; its last words:\n  " + strings.Join(s.tail, "\n  ")
}

// stop ends the server: TERM, then QUIT, then KILL, then whatever of its workers is left. It is safe when the server has already gone.
func (s *server) stop(workers []process) {
	for _, step := range []struct {
		signal syscall.Signal
		limit  time.Duration
	}{{syscall.SIGTERM, leaveLimit}, {syscall.SIGQUIT, quitLimit}, {syscall.SIGKILL, quitLimit}} {
		if s.gone(0) {
			break
		}
		// A stopped arbiter would never see the signal.
		_ = syscall.Kill(s.pid, syscall.SIGCONT)
		_ = syscall.Kill(s.pid, step.signal)
		if s.gone(step.limit) {
			break
		}
	}
	left := endAll(workers)
	said := history.ServerStopped{Left: left}
	if s.gone(0) {
		said.Code = s.state.ExitCode()
		if status, ok := s.state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
			said.Signal = unix.SignalName(status.Signal())
		}
	}
	s.rec.Record(said)
}

func (s *server) gone(limit time.Duration) bool {
	select {
	case <-s.ended:
		return true
	default:
	}
	if limit == 0 {
		return false
	}
	t := time.NewTimer(limit)
	defer t.Stop()
	select {
	case <-s.ended:
		return true
	case <-t.C:
		return false
	}
}
