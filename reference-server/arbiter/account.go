package arbiter

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync/atomic"
	"time"
)

// accountLimit bounds the lines that wait to be written; beyond it they are dropped and counted, for an arbiter must not stand still because nobody reads what it says.
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
	a := &Account{lines: make(chan []byte, accountLimit), done: make(chan struct{}), least: max(0, slices.Index(levels, level))}
	go func() {
		defer close(a.done)
		for line := range a.lines {
			if n := a.dropped.Swap(0); n > 0 {
				line = fmt.Appendf(line, `{"event":"account-dropped","lines":%d}`+"\n", n)
			}
			_, _ = w.Write(line) // nobody is left to be told
		}
	}()
	return a
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
