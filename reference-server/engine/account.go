package engine

import (
	"encoding/json"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// An account tells the arbiter what happens, and of the NATS server's own log what is wrong.
type account struct{ to *os.File }

func (a *account) say(event string, fields map[string]any) {
	fields["event"] = event
	text, err := json.Marshal(fields)
	if err != nil {
		return
	}
	_, _ = unix.Write(int(a.to.Fd()), append(text, '\n')) // the pipe does not block: what does not fit is not said
}

// Noticef, Debugf and Tracef are of no use to anybody here; the others are server.Logger's too.
func (a *account) Noticef(string, ...any) {}

// Debugf says nothing.
func (a *account) Debugf(string, ...any) {}

// Tracef says nothing.
func (a *account) Tracef(string, ...any) {}

// Warnf tells what the engine warns of.
func (a *account) Warnf(format string, args ...any) { a.line("warning", format, args) }

// Errorf tells what went wrong.
func (a *account) Errorf(format string, args ...any) { a.line("error", format, args) }

// Fatalf tells why the engine cannot go on, and ends it, as the NATS server's own log does.
func (a *account) Fatalf(format string, args ...any) {
	a.line("critical", format, args)
	os.Exit(1)
}

func (a *account) line(level, format string, args []any) {
	a.say("engine-said", map[string]any{"level": level, "text": fmt.Sprintf(format, args...)})
}
