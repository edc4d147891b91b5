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
)

// watch listens to signals and to the arbiter's end; stop ends it.
func (w *Worker) watch(quick chan<- int) (stop func()) {
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, unix.SIGTERM, unix.SIGINT, unix.SIGQUIT, unix.SIGABRT, unix.SIGUSR1)
	signal.Ignore(unix.SIGHUP, unix.SIGTTIN, unix.SIGTTOU, unix.SIGWINCH, unix.SIGUSR2)
	orphaned := make(chan struct{})
	if err := unix.SetNonblock(fdAlive, true); err != nil {
		w.tell("watch-failed", "reason", err.Error())
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
				w.signalled(s, quick)
			case <-orphaned:
				w.leave()
				orphaned = nil
				// Nobody is left to kill it should it not get to its end.
				time.AfterFunc(w.cfg.GracefulTimeout, func() { quickly(quick, exitAborted) })
			case <-done:
				return
			}
		}
	}()
	return func() { close(done) }
}

func (w *Worker) signalled(s os.Signal, quick chan<- int) {
	switch s {
	case unix.SIGTERM:
		w.leave()
	case unix.SIGINT, unix.SIGQUIT:
		w.hook("worker_int")
		if w.cfg.Signals == "arbiter" {
			time.Sleep(quickExitWait)
			w.flush()
		}
		w.hook("worker_exit")
		quickly(quick, 0)
	case unix.SIGABRT:
		w.hook("worker_abort")
		w.dump()
		w.flush()
		w.hook("worker_exit")
		quickly(quick, exitAborted)
	case unix.SIGUSR1:
		// A thread that is blocked in the log holds its mutex: the signals that follow must not wait behind it.
		go func() {
			if err := w.log.Reopen(); err != nil {
				w.tell("log-reopen-failed", "reason", err.Error())
			}
			if w.cfg.CaptureOutput {
				if err := w.reopenOutput(); err != nil {
					w.tell("log-reopen-failed", "reason", err.Error())
				}
			}
		}()
	}
}

// flush writes the log lines that wait for the disk, as long as the disk takes them soon: a quick end does not hang
// on one that does not.
func (w *Worker) flush() {
	if w.cfg.Cleanup == "none" {
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := w.log.Close(); err != nil {
			w.tell("log-failed", "reason", err.Error())
		}
	}()
	t := time.NewTimer(flushLimit)
	defer t.Stop()
	select {
	case <-done:
	case <-t.C:
		w.tell("log-not-flushed")
	}
}

func quickly(quick chan<- int, code int) {
	select {
	case quick <- code:
	default:
	}
}

// leave makes the request side end after what it is doing.
func (w *Worker) leave() {
	w.alive.Store(false)
	one := [8]byte{1}
	_, _ = unix.Write(w.wake, one[:]) // it fails only when the counter is full, and then the request side is awake
}

// dump writes the stacks of all goroutines to stacks_<pid>.log beside the task log; not into the task log itself,
// whose writer may be what hangs.
func (w *Worker) dump() {
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	path := filepath.Join(w.cfg.LogDir, fmt.Sprintf("stacks_%d.log", os.Getpid()))
	if err := os.WriteFile(path, stacks, 0o644); err != nil {
		w.tell("aborted", "reason", err.Error())
		return
	}
	w.tell("aborted", "stacks", path)
}

// shutdown is the end in good order, within what graceful_timeout leaves.
func (w *Worker) shutdown() {
	ctx, cancel := context.WithTimeout(context.Background(), w.cfg.GracefulTimeout)
	defer cancel()
	if err := w.manager.Shutdown(ctx); err != nil {
		w.tell("shutdown-failed", "reason", err.Error())
	}
	w.hook("worker_exit")
	if w.cfg.Cleanup == "drain" {
		if err := w.log.Close(); err != nil {
			w.tell("log-failed", "reason", err.Error())
		}
	}
}
