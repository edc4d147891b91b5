// Package worker is one worker process of the reference server: a request side of one of three classes, and the task
// manager with its event loop. It is started by the arbiter only, and leaves when the arbiter is gone.
package worker

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/reference-server/board"
	"github.com/hangtime-dev/hangtime/reference-server/heartbeat"
	"github.com/hangtime-dev/hangtime/reference-server/settings"
	"github.com/hangtime-dev/hangtime/reference-server/tasklog"
	"github.com/hangtime-dev/hangtime/reference-server/tasks"
)

// The descriptors that a worker inherits, in the order of os.ProcAttr.Files.
const (
	fdHeartbeat   = 3 // a page of memory, always
	fdBoard       = 4
	fdAlive       = 5 // reads end of file when the arbiter is gone
	fdStatus      = 6 // lines of JSON to the arbiter
	fdTmpfile     = 7 // the heartbeat's file; the null device when the heartbeat is in memory
	fdListeners   = 8
	exitBoot      = 3 // gunicorn's WORKER_BOOT_ERROR
	exitLoad      = 4 // gunicorn's APP_LOAD_ERROR
	exitAborted   = 1
	quickExitWait = 100 * time.Millisecond // gunicorn's own pause before a quick exit
	flushLimit    = 200 * time.Millisecond // and ours for the log
)

// A Birth is what the arbiter tells a worker.
type Birth struct {
	Config      settings.Config
	Place       int
	Age         int
	Owner       uint64
	MaxRequests int // its own limit, jitter included
	Listeners   int
}

// A Worker is this process.
type Worker struct {
	pid     int64 // this process's: asking the kernel costs every request a system call
	birth   Birth
	cfg     settings.Config
	clock   heartbeat.Clock
	page    *heartbeat.Page
	tmp     *heartbeat.TempFile
	board   *board.Board
	place   *board.Place
	log     *tasklog.Log
	manager *tasks.Manager
	memory  *memory
	status  *os.File
	wake    int // eventfd: the request side looks at alive
	alive   atomic.Bool
	served  atomic.Int64
	conns   atomic.Int64
	fds     []int
}

// Main runs the worker and returns its exit code. It must be called on the process's first goroutine before anything
// else, so that requests are handled on the thread whose number is the process's.
func Main(birth string) int {
	runtime.LockOSThread()
	w := Worker{pid: int64(os.Getpid())}
	if err := json.Unmarshal([]byte(birth), &w.birth); err != nil {
		fmt.Fprintln(os.Stderr, "hangtime worker: read what the arbiter says:", err)
		return exitBoot
	}
	w.cfg = w.birth.Config
	unix.CloseOnExec(fdStatus) // the arbiter takes its end for this process's
	w.status = os.NewFile(fdStatus, "status")
	w.hook("post_fork")
	if code, err := w.load(); err != nil {
		w.tell("boot-failed", "reason", err.Error())
		w.hook("worker_exit")
		return code
	}
	w.hook("post_worker_init")
	return w.run()
}

// load makes the application: everything that can go wrong before a request can be answered.
func (w *Worker) load() (code int, err error) {
	w.nameThreads()
	if w.clock, err = heartbeat.NewClock(); err != nil {
		return exitBoot, err
	}
	if w.page, err = heartbeat.Map(os.NewFile(fdHeartbeat, heartbeat.Name)); err != nil {
		return exitBoot, err
	}
	w.page.PID.Store(uint64(w.pid))
	if w.board, err = board.Map(os.NewFile(fdBoard, board.Name)); err != nil {
		return exitBoot, err
	}
	w.place = w.board.Place(w.birth.Place)
	if w.cfg.Heartbeat == "tmpfile" {
		w.tmp = heartbeat.NewTempFile(os.NewFile(fdTmpfile, "heartbeat"))
	}
	for i := range w.birth.Listeners {
		w.fds = append(w.fds, fdListeners+i)
		unix.CloseOnExec(fdListeners + i)
	}
	if w.wake, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		return exitBoot, fmt.Errorf("make the wake-up descriptor: %w", err)
	}
	switch w.cfg.LoadApp {
	case "fail-boot":
		return exitBoot, fmt.Errorf("load-app=fail-boot: the worker was told to fail while it boots")
	case "fail-load":
		return exitLoad, fmt.Errorf("load-app=fail-load: the worker was told that its application cannot be loaded")
	}
	if w.memory, err = newMemory(w.clock); err != nil {
		return exitBoot, err
	}
	return exitBoot, w.application()
}

func (w *Worker) application() error {
	w.log = tasklog.Off()
	if w.cfg.Monitoring == "on" {
		var err error
		if w.log, err = tasklog.Open(w.cfg.Logging, w.cfg.LogDir, os.Getpid()); err != nil {
			return err
		}
	}
	var beat func(int64)
	if w.cfg.HeartbeatFrom == "loop" {
		beat = w.beat
	}
	w.manager = tasks.NewManager(tasks.Parts{Config: w.cfg, Board: w.board, Page: w.page, Clock: w.clock, Log: w.log,
		RSS: w.memory.rss, Beat: beat,
		Owner: board.Owner{Number: w.birth.Owner, PID: os.Getpid(), Place: w.birth.Place}})
	return w.manager.Start(w.cfg.Preload == "loop-before-fork")
}

// nameThreads names the first thread for its worker and those that Go's scheduler has made by now for it: they would
// be called `exe`, after the link that was started. Names are for people, so that what fails here is no failure. 15
// characters are kept, proc_pid_comm(5).
func (w *Worker) nameThreads() {
	names := map[bool]string{true: fmt.Sprintf("%s:w%d", w.cfg.ProcName, w.birth.Place), false: "go-scheduler"}
	threads, _ := os.ReadDir("/proc/self/task")
	for _, t := range threads {
		name := names[t.Name() == strconv.FormatInt(w.pid, 10)]
		_ = os.WriteFile("/proc/self/task/"+t.Name()+"/comm", []byte(name[:min(len(name), 15)]), 0)
	}
}

// beat is the sign of life that the arbiter goes by. One thread calls it: the request side's or the loop's.
func (w *Worker) beat(now int64) {
	if w.tmp != nil {
		if err := w.tmp.Beat(now); err != nil {
			w.tell("heartbeat-failed", "reason", err.Error())
		}
	}
	w.page.Beat.Store(uint64(now))
}

// turn is called by the request side at each turn.
func (w *Worker) turn() int64 {
	now := w.clock.Now()
	w.page.RequestBeat.Store(uint64(now))
	w.place.Beat.Store(uint64(now))
	w.place.LoopBeat.Store(w.page.LoopBeat.Load())
	w.place.InFlight.Store(uint64(w.manager.InFlight()))
	if w.cfg.HeartbeatFrom == "request" {
		w.beat(now)
	}
	return now
}

// idleWait is how long the request side waits for work before it turns, so that an idle worker gives a sign of life.
func (w *Worker) idleWait() time.Duration {
	wait := time.Second
	if w.cfg.Timeout > 0 {
		wait = min(wait, w.cfg.Timeout/4)
	}
	return max(wait, 10*time.Millisecond)
}

func (w *Worker) run() int {
	w.alive.Store(true)
	quick := make(chan int, 1)
	stopWatch := w.watch(quick)
	defer stopWatch()
	w.turn()
	w.page.State.Store(heartbeat.Running)
	w.tell("ready")
	ended := make(chan struct{})
	go func() {
		// A quick end does not wait for the request side, which may be stuck.
		select {
		case code := <-quick:
			os.Exit(code)
		case <-ended:
		}
	}()
	var err error
	switch w.cfg.Class() {
	case "sync":
		err = w.serveSync()
	case "gthread":
		err = w.serveThreads()
	default:
		err = w.serveAsync()
	}
	w.page.State.Store(heartbeat.Draining)
	w.stopListening()
	code := 0
	if err != nil {
		w.tell("request-side-failed", "reason", err.Error())
		code = 1
	}
	w.shutdown()
	close(ended)
	return code
}

// tell writes a line to the arbiter; it never waits: when the arbiter does not read, the line is lost.
func (w *Worker) tell(event string, fields ...any) {
	line := map[string]any{"event": event}
	for i := 0; i+1 < len(fields); i += 2 {
		line[fmt.Sprint(fields[i])] = fields[i+1]
	}
	text, err := json.Marshal(line)
	if err != nil {
		return
	}
	_, _ = unix.Write(fdStatus, append(text, '\n'))
}
