package worker

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/reference-server/settings"
	"github.com/hangtime-dev/hangtime/reference-server/tasklog"
	"github.com/hangtime-dev/hangtime/reference-server/tasks"
)

const (
	exitAborted   = 1
	quickExitWait = 100 * time.Millisecond // gunicorn's own pause before a quick exit
	flushLimit    = 200 * time.Millisecond // and ours for the log
)

// A departure is how the worker leaves: when, and what it does before.
type departure struct {
	cfg  *settings.Config
	log  *tasklog.Log
	life *life
}

// watch listens to signals and to the arbiter's end; stop ends it.
func (d *departure) watch(quick chan<- int) (stop func()) {
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, unix.SIGTERM, unix.SIGINT, unix.SIGQUIT, unix.SIGABRT, unix.SIGUSR1)
	signal.Ignore(unix.SIGHUP, unix.SIGTTIN, unix.SIGTTOU, unix.SIGWINCH, unix.SIGUSR2)
	orphaned := make(chan struct{})
	if err := unix.SetNonblock(fdAlive, true); err != nil {
		tell("watch-failed", "reason", err.Error())
	}
	alive := os.NewFile(fdAlive, "alive")
	go func() {
		_, _ = io.Copy(io.Discard, alive) // until the arbiter's end of the pipe is closed, however it died
		close(orphaned)
	}()
	done := make(chan struct{})
	go func() {
		for {
			select {
			case s := <-signals:
				d.signalled(s, quick)
			case <-orphaned:
				d.life.leave()
				orphaned = nil
				// Nobody is left to kill it should it not get to its end.
				time.AfterFunc(d.cfg.GracefulTimeout, func() { quickly(quick, exitAborted) })
			case <-done:
				return
			}
		}
	}()
	return func() { close(done) }
}

func (d *departure) signalled(s os.Signal, quick chan<- int) {
	switch s {
	case unix.SIGTERM:
		d.life.leave()
	case unix.SIGINT, unix.SIGQUIT:
		hook("worker_int")
		if d.cfg.Signals == "arbiter" {
			time.Sleep(quickExitWait)
			d.flush()
		}
		hook("worker_exit")
		quickly(quick, 0)
	case unix.SIGABRT:
		hook("worker_abort")
		d.dump()
		d.flush()
		hook("worker_exit")
		quickly(quick, exitAborted)
	case unix.SIGUSR1:
		// A thread that is blocked in the log holds its mutex: the signals that follow must not wait behind it.
		go func() {
			if err := d.log.Reopen(); err != nil {
				tell("log-reopen-failed", "reason", err.Error())
			}
			if d.cfg.CaptureOutput {
				if err := reopenOutput(d.cfg.LogDir); err != nil {
					tell("log-reopen-failed", "reason", err.Error())
				}
			}
		}()
	}
}

// flush writes the log lines that wait for the disk, as long as the disk takes them soon: a quick end does not hang
// on one that does not.
func (d *departure) flush() {
	if d.cfg.Cleanup == "none" {
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := d.log.Close(); err != nil {
			tell("log-failed", "reason", err.Error())
		}
	}()
	t := time.NewTimer(flushLimit)
	defer t.Stop()
	select {
	case <-done:
	case <-t.C:
		tell("log-not-flushed")
	}
}

func quickly(quick chan<- int, code int) {
	select {
	case quick <- code:
	default:
	}
}

// dump writes the stacks of all goroutines to stacks_<pid>.log beside the task log; not into the task log itself,
// whose writer may be what hangs.
func (d *departure) dump() {
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	path := filepath.Join(d.cfg.LogDir, fmt.Sprintf("stacks_%d.log", os.Getpid()))
	if err := os.WriteFile(path, stacks, 0o644); err != nil {
		tell("aborted", "reason", err.Error())
		return
	}
	tell("aborted", "stacks", path)
}

// shutdown is the end in good order, within what graceful_timeout leaves.
func (d *departure) shutdown(manager *tasks.Manager) {
	ctx, cancel := context.WithTimeout(context.Background(), d.cfg.GracefulTimeout)
	defer cancel()
	if err := manager.Shutdown(ctx); err != nil {
		tell("shutdown-failed", "reason", err.Error())
	}
	hook("worker_exit")
	if d.cfg.Cleanup == "drain" {
		if err := d.log.Close(); err != nil {
			tell("log-failed", "reason", err.Error())
		}
	}
}
