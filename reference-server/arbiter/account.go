package arbiter

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"sync/atomic"
	"time"
)

// accountLimit bounds the lines that wait to be written; beyond it they are dropped and counted, for an arbiter must
// not stand still because nobody reads what it says.
const accountLimit = 1024

// An Account is the server's own telling of what happens: one JSON object a line.
type Account struct {
	lines   chan []byte
	done    chan struct{}
	least   int
	dropped atomic.Uint64
	closed  bool
}

// Fields are what a line says beside its event.
type Fields map[string]any

var levels = []string{"debug", "info", "warning", "error", "critical"}

// NewAccount writes lines of at least the given level to w.
func NewAccount(w io.Writer, level string) *Account {
	a := &Account{lines: make(chan []byte, accountLimit), done: make(chan struct{}),
		least: max(0, slices.Index(levels, level))}
	go func() {
		defer close(a.done)
		for line := range a.lines {
			if line == nil {
				line = reopen(w)
			}
			if n := a.dropped.Swap(0); n > 0 {
				line = fmt.Appendf(line, `{"event":"account-dropped","lines":%d}`+"\n", n)
			}
			_, _ = w.Write(line) // nobody is left to be told
		}
	}()
	return a
}

// A LogFile is an account in a file that may be renamed under it.
type LogFile struct {
	path string
	file *os.File
}

// OpenLog opens the file, or makes it.
func OpenLog(path string) (*LogFile, error) {
	l := &LogFile{path: path}
	if err := l.open(); err != nil {
		return nil, fmt.Errorf("error-logfile: %w", err)
	}
	return l, nil
}

func (l *LogFile) open() error {
	file, err := os.OpenFile(l.path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	if l.file != nil {
		err = l.file.Close()
	}
	l.file = file
	return err
}

// Write is called by the account's goroutine alone.
func (l *LogFile) Write(line []byte) (int, error) { return l.file.Write(line) }

// reopen opens w again by its name, if it is a file, and gives the line that says what became of it; when it fails
// the old file goes on being written.
func reopen(w io.Writer) []byte {
	l, ok := w.(*LogFile)
	if !ok {
		return nil
	}
	fields := Fields{"event": "log-reopened", "level": "info", "time": time.Now().Format(time.RFC3339Nano), "path": l.path}
	if err := l.open(); err != nil {
		fields["event"], fields["level"], fields["reason"] = "log-not-reopened", "error", err.Error()
	}
	text, err := json.Marshal(fields)
	if err != nil {
		return nil
	}
	return append(text, '\n')
}

// Reopen makes the account go on in a new file after somebody renamed the old one. It does not wait for the disk:
// what was said before is written before.
func (a *Account) Reopen() {
	if a.closed {
		return
	}
	select {
	case a.lines <- nil:
	default:
		a.dropped.Add(1)
	}
}

// Say writes an event of a level. Only the arbiter's goroutine calls it.
func (a *Account) Say(level, event string, fields Fields) {
	if slices.Index(levels, level) < a.least || a.closed {
		return
	}
	line := map[string]any{"event": event, "level": level, "time": time.Now().Format(time.RFC3339Nano)}
	maps.Copy(line, fields)
	text, err := json.Marshal(line)
	if err != nil {
		return
	}
	select {
	case a.lines <- append(text, '\n'):
	default:
		a.dropped.Add(1)
	}
}

// Close waits for what was said to be written, but not for ever.
func (a *Account) Close() {
	a.closed = true
	close(a.lines)
	t := time.NewTimer(time.Second)
	defer t.Stop()
	select {
	case <-a.done:
	case <-t.C:
	}
}
