// Package worker is one worker process of the reference server: a request side of one of three classes, and the task
// manager with its event loop. It is started by the arbiter only, and leaves when the arbiter is gone.
package worker

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/reference-server/board"
	"github.com/hangtime-dev/hangtime/reference-server/heartbeat"
	"github.com/hangtime-dev/hangtime/reference-server/settings"
	"github.com/hangtime-dev/hangtime/reference-server/tasklog"
	"github.com/hangtime-dev/hangtime/reference-server/tasks"
)

// Exit codes of a worker that does not come to serve.
const (
	exitBoot = 3 // gunicorn's WORKER_BOOT_ERROR
	exitLoad = 4 // gunicorn's APP_LOAD_ERROR
)

// A Worker is this process.
type Worker struct {
	birth    Birth
	cfg      *settings.Config // of its birth
	clock    heartbeat.Clock
	status   *os.File // stays open as long as the process lives
	life     *life
	pulse    *pulse
	app      *application
	requests *requestSide
}

// Main runs the worker and returns its exit code. It must be called on the process's first goroutine before anything
// else, so that requests are handled on the thread whose number is the process's.
func Main(birth string) int {
	runtime.LockOSThread()
	var w Worker
	if err := json.Unmarshal([]byte(birth), &w.birth); err != nil {
		fmt.Fprintln(os.Stderr, "hangtime worker: read what the arbiter says:", err)
		return exitBoot
	}
	w.cfg = &w.birth.Config
	unix.CloseOnExec(fdStatus) // the arbiter takes its end for this process's
	w.status = os.NewFile(fdStatus, "status")
	hook("post_fork")
	if code, err := w.load(); err != nil {
		tell("boot-failed", "reason", err.Error())
		hook("worker_exit")
		return code
	}
	hook("post_worker_init")
	return w.run()
}

// load makes the application: everything that can go wrong before a request can be answered.
func (w *Worker) load() (code int, err error) {
	w.nameThreads()
	if w.clock, err = heartbeat.NewClock(); err != nil {
		return exitBoot, err
	}
	page, err := heartbeat.Map(os.NewFile(fdHeartbeat, heartbeat.Name))
	if err != nil {
		return exitBoot, err
	}
	page.PID.Store(uint64(os.Getpid()))
	b, err := board.Map(os.NewFile(fdBoard, board.Name))
	if err != nil {
		return exitBoot, err
	}
	w.pulse = &pulse{cfg: w.cfg, clock: w.clock, page: page, place: b.Workers.Place(w.birth.Place)}
	if w.cfg.Heartbeat == "tmpfile" {
		w.pulse.tmp = heartbeat.NewTempFile(os.NewFile(fdTmpfile, "heartbeat"))
	}
	var listeners []int
	for i := range w.birth.Listeners {
		listeners = append(listeners, fdListeners+i)
		unix.CloseOnExec(fdListeners + i)
	}
	if w.life, err = newLife(); err != nil {
		return exitBoot, err
	}
	switch w.cfg.LoadApp {
	case "fail-boot":
		return exitBoot, fmt.Errorf("load-app=fail-boot: the worker was told to fail while it boots")
	case "fail-load":
		return exitLoad, fmt.Errorf("load-app=fail-load: the worker was told that its application cannot be loaded")
	}
	if err := w.application(page, b); err != nil {
		return exitBoot, err
	}
	w.requests = &requestSide{birth: &w.birth, cfg: w.cfg, clock: w.clock, life: w.life, pulse: w.pulse, app: w.app,
		fds: listeners}
	return 0, nil
}

func (w *Worker) application(page *heartbeat.Page, b *board.Board) error {
	used, err := newMemory(w.clock)
	if err != nil {
		return err
	}
	log := tasklog.Off()
	if w.cfg.Monitoring == "on" {
		if log, err = tasklog.Open(w.cfg.Logging, w.cfg.LogDir, os.Getpid()); err != nil {
			return err
		}
	}
	var beat func(int64)
	if w.cfg.HeartbeatFrom == "loop" {
		beat = w.pulse.beat
	}
	unix.CloseOnExec(fdEngine)
	manager, err := tasks.NewManager(tasks.Parts{Config: *w.cfg, Board: b, Page: page, Clock: w.clock, Log: log,
		RSS: used.rss, Beat: beat, Engine: os.NewFile(fdEngine, "engine"),
		Owner: board.Owner{Number: w.birth.Owner, PID: os.Getpid(), Place: w.birth.Place}})
	if err != nil {
		return err
	}
	w.app = &application{pid: int64(os.Getpid()), place: w.birth.Place, cfg: w.cfg, clock: w.clock, page: page, board: b,
		log: log, manager: manager, memory: used}
	return manager.Start(w.cfg.Preload == "loop-before-fork")
}

// nameThreads names the first thread for its worker and those that Go's scheduler has made by now for it: they would
// be called `exe`, after the link that was started. Names are for people, so that what fails here is no failure. 15
// characters are kept, proc_pid_comm(5).
func (w *Worker) nameThreads() {
	names := map[bool]string{true: fmt.Sprintf("%s:w%d", w.cfg.ProcName, w.birth.Place), false: "go-scheduler"}
	threads, _ := os.ReadDir("/proc/self/task")
	for _, t := range threads {
		name := names[t.Name() == strconv.Itoa(os.Getpid())]
		_ = os.WriteFile("/proc/self/task/"+t.Name()+"/comm", []byte(name[:min(len(name), 15)]), 0)
	}
}

func (w *Worker) run() int {
	w.life.alive.Store(true)
	quick := make(chan int, 1)
	leaving := departure{cfg: w.cfg, log: w.app.log, life: w.life}
	stopWatch := leaving.watch(quick)
	defer stopWatch()
	w.requests.turn()
	w.pulse.page.State.Store(heartbeat.Running)
	tell("ready")
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
		err = w.requests.serveSync()
	case "gthread":
		err = w.requests.serveThreads()
	default:
		err = w.requests.serveAsync()
	}
	w.pulse.page.State.Store(heartbeat.Draining)
	w.requests.stopListening()
	code := 0
	if err != nil {
		tell("request-side-failed", "reason", err.Error())
		code = 1
	}
	leaving.shutdown(w.app.manager)
	close(ended)
	return code
}
