package arbiter

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/reference-server/board"
	taskengine "github.com/hangtime-dev/hangtime/reference-server/engine"
	"github.com/hangtime-dev/hangtime/reference-server/heartbeat"
	"github.com/hangtime-dev/hangtime/reference-server/jetstream"
	"github.com/hangtime-dev/hangtime/reference-server/settings"
)

// Times of an engine. One that dies young is started again after a pause that doubles.
const (
	engineBootLimit = 30 * time.Second
	engineEndLimit  = 3 * time.Second
	engineYoung     = 2 * time.Second
	enginePause     = 50 * time.Millisecond
	enginePauseMost = 5 * time.Second
)

// An engine is where tasks wait when not in the workers: its process, if it is our own, and what is lent from it. A nil
// engine is none.
type engine struct {
	cfg      *settings.Config
	account  *Account
	launcher *launcher
	board    *board.Board
	clock    heartbeat.Clock

	lender  Lender
	news    chan engineNews
	birth   taskengine.Birth
	pid     int // 0: it does not run, or is not ours
	process *os.Process
	started int64
	due     int64 // when it is started again
	pause   time.Duration
}

// An engineNews is a line that the engine said or, after all of these, how it ended.
type engineNews struct {
	fields map[string]any
	ended  bool
	state  *os.ProcessState
}

// openEngine makes the queue ready before the first worker is started; nil: tasks wait in the workers.
func openEngine(cfg *settings.Config, account *Account, launcher *launcher, b *board.Board, clock heartbeat.Clock) (*engine, error) {
	e := &engine{cfg: cfg, account: account, launcher: launcher, board: b, clock: clock, news: make(chan engineNews, 16)}
	parts := LenderParts{Queue: &cfg.Queue, Board: b, Now: clock.Now, Vanished: e.vanished}
	if open, ok := lenders[cfg.Tasks]; ok {
		var err error
		e.lender, err = open(parts)
		return e, err
	}
	if cfg.Tasks != jetstream.Name {
		return nil, nil
	}
	access := jetstream.External(jetstream.Of(&cfg.Queue))
	err := error(nil)
	if jetstream.OwnEngine(&cfg.Queue) {
		access, err = e.boot()
	} else {
		err = access.Check()
	}
	if err == nil {
		e.lender, access.Batch, err = lendFromJetStream(access, parts)
	}
	if err == nil {
		launcher.access, err = access.Hide()
	}
	if err != nil {
		return nil, errors.Join(err, e.close())
	}
	return e, nil
}

// boot starts our own engine for the first time, and waits until it has a port, which it keeps for as long as the
// arbiter lives.
func (e *engine) boot() (access jetstream.Access, err error) {
	own := jetstream.Of(&e.cfg.Queue)
	store := cmp.Or(own.Dir, filepath.Join(e.cfg.LogDir, "tasks"))
	if store, err = filepath.Abs(store); err != nil {
		return access, fmt.Errorf("tasks-dir: %w", err)
	}
	seed, public, err := jetstream.NewKey()
	if err != nil {
		return access, err
	}
	e.birth = taskengine.Birth{Store: store, Key: public, SyncAlways: own.Sync == "always", Grace: e.cfg.GracefulTimeout}
	if err := e.start(e.clock.Now()); err != nil {
		return access, err
	}
	limit := time.NewTimer(engineBootLimit)
	defer limit.Stop()
	reason := "it said nothing"
	for {
		select {
		case n := <-e.news:
			if text, ok := n.fields["reason"].(string); ok {
				reason = text
			}
			e.heard(n, e.clock.Now())
			if e.birth.Port != 0 {
				return jetstream.Access{URL: fmt.Sprintf("nats://127.0.0.1:%d", e.birth.Port), Seed: seed}, nil
			}
			if n.ended {
				return access, fmt.Errorf("start the task engine: %s", reason)
			}
		case <-limit.C:
			return access, fmt.Errorf("start the task engine: it was not ready within %v", engineBootLimit)
		}
	}
}

// vanished has the loop tell that the queue was gone and was made anew, unless ctx ends before it listens.
func (e *engine) vanished(ctx context.Context, lost int) {
	said := map[string]any{"event": "task-queue-vanished", "level": "error", "tasks_lost": lost}
	select {
	case e.news <- engineNews{fields: said}:
	case <-ctx.Done():
	}
}

// start makes the process. It inherits no listener of the server's, and its place in the system is that of a worker.
func (e *engine) start(now int64) error {
	text, err := json.Marshal(e.birth)
	if err != nil {
		return err
	}
	fd, err := unix.MemfdCreate("hangtime-engine-birth", unix.MFD_CLOEXEC)
	if err != nil {
		return fmt.Errorf("tell the task engine its settings: %w", err)
	}
	birth := os.NewFile(uintptr(fd), "birth")
	defer func() { _ = birth.Close() }() // the child has its own
	if _, err := birth.WriteAt(text, 0); err != nil {
		return fmt.Errorf("tell the task engine its settings: %w", err)
	}
	status, write, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("make the task engine's status pipe: %w", err)
	}
	defer func() { _ = write.Close() }()
	attr := &os.ProcAttr{Files: []*os.File{e.launcher.null, os.Stdout, os.Stderr, birth, e.launcher.alive, write},
		Env: append(cleanEnv(), RoleVar+"="+EngineRole), Sys: &syscall.SysProcAttr{Setpgid: true}}
	err = unix.SetNonblock(int(write.Fd()), true)
	if err == nil {
		e.launcher.spawner.do(func() {
			e.process, err = os.StartProcess(runningProgram, []string{e.cfg.ProcName + ": engine"}, attr)
		})
	}
	if err != nil {
		_ = status.Close()
		return fmt.Errorf("start the task engine: %w", err)
	}
	e.pid, e.started = e.process.Pid, now
	e.account.Say("info", "engine-started", Fields{"pid": e.pid, "store": e.birth.Store})
	go follow(e.process, status, e.news)
	return nil
}

// follow passes on what the engine says, and then how it ended.
func follow(process *os.Process, status *os.File, to chan<- engineNews) {
	lines := bufio.NewScanner(status)
	for lines.Scan() {
		var fields map[string]any
		if json.Unmarshal(lines.Bytes(), &fields) == nil {
			to <- engineNews{fields: fields}
		}
	}
	_ = status.Close()         // it was only read
	state, _ := process.Wait() // without a state it is gone all the same
	to <- engineNews{ended: true, state: state}
}

// told gives the engine's news; nil, and so never, when it is not ours.
func (e *engine) told() <-chan engineNews {
	if e == nil {
		return nil
	}
	return e.news
}

// heard is told what the engine said, or that it has ended.
func (e *engine) heard(n engineNews, now int64) {
	fields := Fields{"pid": e.pid}
	if !n.ended {
		maps.Copy(fields, n.fields)
		event, _ := fields["event"].(string)
		level, ok := fields["level"].(string)
		if port, is := fields["port"].(float64); is && event == "engine-ready" {
			e.birth.Port = int(port)
		}
		delete(fields, "event")
		delete(fields, "level")
		if !ok {
			level = "info"
		}
		e.account.Say(level, event, fields)
		return
	}
	tellExit(fields, n.state)
	e.account.Say("warning", "engine-exited", fields)
	e.pid, e.process = 0, nil
	if time.Duration(now-e.started) < engineYoung {
		e.pause = min(max(2*e.pause, enginePause), enginePauseMost)
	} else {
		e.pause = 0
	}
	e.due = now + int64(e.pause)
}

// manage starts our own engine again when it has died, on the same store and port: the workers' connections find it.
func (e *engine) manage(now int64) {
	if e == nil || e.pid != 0 || !jetstream.OwnEngine(&e.cfg.Queue) || now < e.due {
		return
	}
	if err := e.start(now); err != nil {
		e.account.Say("error", "engine-not-started", Fields{"reason": err.Error()})
		e.pause = min(max(2*e.pause, enginePause), enginePauseMost)
		e.due = now + int64(e.pause)
	}
}

// runs says whether the process is the engine.
func (e *engine) runs(pid int) bool { return e != nil && e.pid == pid }

// takeBack gives the engine back what a worker that has ended still held, and says how many tasks those were.
func (e *engine) takeBack(owner uint64) int {
	if e == nil {
		return 0
	}
	loans := e.board.Leases.Release(owner, e.clock.Now())
	if err := e.lender.GiveBack(owner, loans); err != nil {
		e.account.Say("warning", "tasks-not-given-back", Fields{"reason": err.Error()})
	}
	open := 0
	for _, loan := range loans {
		if !loan.Ended {
			open++
		}
	}
	return open
}

// close ends what there is of the engine, once every worker has left.
func (e *engine) close() error {
	if e == nil {
		return nil
	}
	var err error
	if e.lender != nil {
		err = e.lender.Close()
	}
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		if e.pid != 0 {
			_ = e.process.Signal(signal) // one that has gone meanwhile is heard of below
			e.awaitEnd()
		}
	}
	return err
}

func (e *engine) awaitEnd() {
	limit := time.NewTimer(engineEndLimit)
	defer limit.Stop()
	for e.pid != 0 {
		select {
		case n := <-e.news:
			e.heard(n, e.clock.Now())
		case <-limit.C:
			return
		}
	}
}
