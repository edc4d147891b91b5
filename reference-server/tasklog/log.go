// Package tasklog writes the log of a worker's tasks, one JSON object a line. Where the lines go, and whether writing
// them can stop the writer, is the guide's first practice.
package tasklog

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
)

// The ways to log.
const (
	PerPID     = "per-pid"     // a file of its own for each worker, written by a thread of its own
	Shared     = "shared"      // one file for all workers, written by whoever logs
	SharedLock = "shared-lock" // the same, and flock is taken around each line
	Stdout     = "stdout"      // the pipe or terminal that all workers share
)

// A Log is one worker's. Its handler holds a mutex while it writes, as Python's logging does: in the three modes that
// write at once, a thread that is blocked in the write blocks every other thread that logs.
type Log struct {
	*slog.Logger
	sink sink
	path string
}

// A sink takes whole lines.
type sink interface {
	io.Writer
	// Reopen opens the file again by its name, after somebody renamed it. No line that was written before is lost.
	Reopen() error
	// Lost is how many lines there was no room for.
	Lost() uint64
	Close() error
}

// Open opens the log of process pid in dir.
func Open(mode, dir string, pid int) (*Log, error) {
	l := &Log{}
	var err error
	switch mode {
	case PerPID:
		l.path = filepath.Join(dir, fmt.Sprintf("async_tasks_%d.log", pid))
		l.sink, err = openBuffered(l.path)
	case Shared, SharedLock:
		l.path = filepath.Join(dir, "async_tasks.log")
		l.sink, err = openDirect(l.path, mode == SharedLock)
	case Stdout:
		l.sink = &stdout{os.Stdout}
	default:
		err = fmt.Errorf("want per-pid, shared, shared-lock or stdout, got %q", mode)
	}
	if err != nil {
		return nil, fmt.Errorf("open the task log: %w", err)
	}
	l.Logger = slog.New(slog.NewJSONHandler(l.sink, nil))
	return l, nil
}

// Off is a log that keeps nothing: no monitoring.
func Off() *Log { return &Log{Logger: slog.New(slog.DiscardHandler), sink: &stdout{}} }

// Path is the log's file; empty when it is none.
func (l *Log) Path() string { return l.path }

// Reopen opens the file again by its name.
func (l *Log) Reopen() error { return l.sink.Reopen() }

// Lost is how many lines were dropped because the disk did not keep up.
func (l *Log) Lost() uint64 { return l.sink.Lost() }

// Close writes what is buffered and closes the file.
func (l *Log) Close() error { return l.sink.Close() }
