package run

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/faults"
	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/input"
	"github.com/hangtime-dev/hangtime/scenarios"
)

// bootLimit is how long a server may take until it accepts.
const bootLimit = 20 * time.Second

// A server is what is put under load: a child of hangtime, one that ran before, or only an address.
type server struct {
	pid   int    // of its arbiter; 0: its processes are not known
	base  string // the URL that all targets lie below
	dir   string // where relative paths of faults begin
	child *child // nil: it is not ours to stop
	rec   *history.Recorder
	queue *queueDoor // what the load goes to where it is the worker pool of a queue; nil: it is none
	// The process that keeps the server's tasks, as it said last; 0: it has none.
	engine *atomic.Int64
}

// enginePID is that process; any goroutine may ask.
func (s *server) enginePID() int {
	if s.engine == nil {
		return 0
	}
	return int(s.engine.Load())
}

// A launch is what it takes to make the server of a variant ready.
type launch struct {
	plan     scenarios.Scenario
	dir      string // the variant's, for logs
	self     string // hangtime's own binary, which is also the reference server
	guardian *faults.Guardian
	ground   *faults.Ground
	rec      *history.Recorder
	allow    []string // hosts other than this machine that may be loaded
}

// start makes the server of a plan ready, in the way that its kind asks for.
func (l *launch) start(ctx context.Context) (*server, error) {
	s := l.plan.Server
	if proxy := l.ground.Upstream(); proxy != "" {
		s.Upstream = proxy
	}
	start, ok := starters()[s.Kind]
	if !ok {
		return nil, fmt.Errorf("server.kind %q cannot be started", s.Kind)
	}
	return start(l, ctx, s)
}

// A starter makes a server ready.
type starter func(l *launch, ctx context.Context, s scenarios.Server) (*server, error)

// starters are how that is done for each kind of package scenarios.
func starters() map[string]starter {
	return map[string]starter{
		scenarios.Reference: (*launch).startReference,
		scenarios.Command:   (*launch).startCommand,
		scenarios.Attach:    (*launch).attach,
		scenarios.URL:       (*launch).addressOnly,
	}
}

// startReference starts `self serve …` with its logs in the variant's folder.
func (l *launch) startReference(ctx context.Context, s scenarios.Server) (*server, error) {
	args := append([]string{"serve"}, serveFlags(s)...)
	args = append(args, "--bind=127.0.0.1:0", "--log-dir="+l.dir, "--exit-with-parent")
	cmd := exec.Command(l.self, args...)
	cmd.Dir = l.dir
	cmd.Stdout = l.stdout()
	cmd.Env = append(os.Environ(), l.guardian.Mark())
	address, ready, engine := "", make(chan struct{}), new(atomic.Int64)
	said := func(event history.ServerSaid) { // on one goroutine; address is read after ready
		l.rec.Record(event)
		switch event.Event {
		case "listening":
			address = event.Fields["address"]
		case "engine-ready":
			engine.Store(int64(event.PID))
		case "engine-exited":
			engine.Store(0)
		case "ready":
			select {
			case <-ready:
			default:
				close(ready)
			}
		}
	}
	c, err := startChild(cmd, said, l.guardian.Adopt)
	if err != nil {
		return nil, fmt.Errorf("start the reference server: %w", err)
	}
	if err := c.boot(ctx, "the reference server", "accept connections", ready); err != nil {
		return nil, err
	}
	l.rec.Record(history.ServerStarted{Server: s.Kind, PID: c.pid, Address: address, Timeout: s.Timeout,
		HangAfter: l.plan.HangAfter})
	return &server{pid: c.pid, base: "http://" + address, dir: l.dir, child: c, rec: l.rec, engine: engine}, nil
}

// ofPlace are the keys whose options have a name of their own in each place where tasks wait.
var ofPlace = map[string]bool{"task_tries": true, "task_backoff": true, "task_ack_wait": true}

// serveFlags are the options of a scenario's server as flags of `hangtime serve`; what the scenario leaves open keeps
// the server's default.
func serveFlags(s scenarios.Server) []string {
	var flags []string
	place := scenarios.TaskPlaceOf(s.Tasks)
	v := reflect.ValueOf(s)
	for _, field := range reflect.VisibleFields(v.Type()) {
		name, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		held := v.FieldByIndex(field.Index)
		if field.Anonymous || scenarios.SaysWhichServer(name) || held.IsZero() {
			continue
		}
		flag := "--" + strings.ReplaceAll(name, "_", "-")
		if of, ok := strings.CutPrefix(name, "task_"); ok && ofPlace[name] {
			flag = "--" + place.Prefix + "-" + strings.ReplaceAll(of, "_", "-")
		}
		value := reflect.Indirect(held).Interface()
		if several, ok := value.([]string); ok {
			for _, one := range several {
				flags = append(flags, flag+"="+one)
			}
			continue
		}
		flags = append(flags, fmt.Sprintf("%s=%v", flag, value))
	}
	return flags
}

// startCommand starts a server of the user's own. It is ready when its address accepts a connection, and the worker pool
// of a queue when it takes tasks.
func (l *launch) startCommand(ctx context.Context, s scenarios.Server) (made *server, err error) {
	made = &server{base: "http://" + s.Address, rec: l.rec}
	waiting, stop := context.WithTimeout(ctx, bootLimit)
	defer stop()
	queue, err := l.freeQueue(waiting, s.Queue)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			queue.close()
		}
	}()
	made.queue = queue
	if made.queue == nil {
		if taken, err := net.DialTimeout("tcp", s.Address, time.Second); err == nil {
			_ = taken.Close()
			return nil, fmt.Errorf("server.address %s: something accepts there already; the load would go to the wrong server", s.Address)
		}
	}
	if made.dir, err = filepath.Abs(s.Dir); err != nil {
		return nil, fmt.Errorf("server.dir: %w", err)
	}
	cmd := exec.Command(s.Command[0], s.Command[1:]...)
	cmd.Dir = made.dir
	cmd.Stdout = l.stdout()
	cmd.Env = append(os.Environ(), l.guardian.Mark())
	for name, value := range s.Env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	if made.child, err = startChild(cmd, l.said, l.guardian.Adopt); err != nil {
		return nil, fmt.Errorf("start %s: %w", s.Command[0], err)
	}
	if made.queue != nil {
		err = made.child.boot(ctx, s.Command[0], "take tasks", made.queue.taken(waiting))
	} else {
		err = made.child.boot(ctx, s.Command[0], "accept connections", accepts(waiting, s.Address))
	}
	if err != nil {
		return nil, err
	}
	made.pid = made.child.pid
	l.rec.Record(history.ServerStarted{Server: s.Kind, PID: made.pid, Address: s.Address, Timeout: s.Timeout,
		HangAfter: l.plan.HangAfter})
	return made, nil
}

// stdout is where the server prints to, where a fault is about that; nil: where its errors go. exec.Cmd has an
// interface: a nil file must not get into it.
func (l *launch) stdout() io.Writer {
	if file := l.ground.Stdout(); file != nil {
		return file
	}
	return nil
}

func (l *launch) said(event history.ServerSaid) { l.rec.Record(event) }

// accepts closes the channel it returns once address accepts a connection; never when ctx ends first.
func accepts(ctx context.Context, address string) <-chan struct{} {
	ready := make(chan struct{})
	go func() {
		var d net.Dialer
		for ctx.Err() == nil {
			c, err := d.DialContext(ctx, "tcp", address)
			if err == nil {
				_ = c.Close()
				close(ready)
				return
			}
			_ = until(ctx, time.Now().Add(50*time.Millisecond))
		}
	}()
	return ready
}

// boot waits until the child is ready to do what it is for; a child that is not ready in time is ended.
func (c *child) boot(ctx context.Context, name, does string, ready <-chan struct{}) error {
	limit := time.NewTimer(bootLimit)
	defer limit.Stop()
	select {
	case <-ready:
		return nil
	case <-c.ended:
		c.hush()
		return fmt.Errorf("%s ended before it could %s (%s)%s", name, does, c.state, c.lastWords())
	case <-limit.C:
		c.end()
		c.hush()
		return fmt.Errorf("%s did not %s within %v%s", name, does, bootLimit, c.lastWords())
	case <-ctx.Done():
		c.end()
		c.hush()
		return context.Cause(ctx)
	}
}

// addressOnly takes a server of which only the address is known.
func (l *launch) addressOnly(_ context.Context, s scenarios.Server) (*server, error) {
	l.rec.Record(history.ServerStarted{Server: s.Kind, Address: s.URL, Timeout: s.Timeout, HangAfter: l.plan.HangAfter})
	return &server{base: strings.TrimSuffix(s.URL, "/"), rec: l.rec}, nil
}

// mostPidfile is far above what a process number takes.
const mostPidfile = 4096

// attach takes a server that runs already. It will not be stopped, and broken only with leave.
func (l *launch) attach(ctx context.Context, s scenarios.Server) (*server, error) {
	pid := s.PID
	if s.PIDFile != "" {
		text, err := input.ReadFile(s.PIDFile, mostPidfile)
		if err != nil {
			return nil, fmt.Errorf("server.pidfile: %w", err)
		}
		if pid, err = strconv.Atoi(strings.TrimSpace(string(text))); err != nil || pid < 2 {
			return nil, fmt.Errorf("server.pidfile: %s holds %q; want the pid of the server's arbiter", s.PIDFile,
				fmt.Sprintf("%.40s", strings.TrimSpace(string(text))))
		}
	}
	if pid == 0 {
		return nil, errors.New("server: kind attach wants pid or pidfile")
	}
	info, err := os.Stat(fmt.Sprintf("/proc/%d", pid))
	if err != nil {
		return nil, fmt.Errorf("server.pid: no process %d runs", pid)
	}
	if len(l.plan.Faults) > 0 {
		owner, ok := info.Sys().(*syscall.Stat_t)
		if !ok || int(owner.Uid) != os.Geteuid() {
			return nil, fmt.Errorf("faults: process %d belongs to another user; only your own can be broken", pid)
		}
	}
	dir, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid))
	if err != nil {
		dir = "" // not ours to read: faults on files are refused then
	}
	queue, err := l.takenQueue(ctx, s.Queue)
	if err != nil {
		return nil, err
	}
	l.rec.Record(history.ServerStarted{Server: s.Kind, PID: pid, Address: s.Address, Timeout: s.Timeout,
		HangAfter: l.plan.HangAfter})
	return &server{pid: pid, base: "http://" + s.Address, dir: dir, queue: queue, rec: l.rec}, nil
}

// watched is the address of the listening socket, as the probe takes it; workers of a queue have none.
func (s *server) watched() string { return strings.TrimPrefix(s.base, "http://") }

// ended is closed when a server of ours has ended; nil, and so never, for any other.
func (s *server) ended() <-chan struct{} {
	if s.child == nil {
		return nil
	}
	return s.child.ended
}

// stop ends a server of ours and then whatever of its workers is left.
func (s *server) stop(workers []faults.Worker) {
	s.queue.close()
	if s.child == nil {
		return
	}
	s.child.end()
	said := history.ServerStopped{Left: faults.EndAll(workers)}
	s.child.hush()
	if s.child.gone(0) {
		said.Code = s.child.state.ExitCode() // -1 where nobody learned it
		if s.child.state != nil {
			if status, ok := s.child.state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
				said.Signal = unix.SignalName(status.Signal())
			}
		}
	}
	s.rec.Record(said)
}
