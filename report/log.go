package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/history"
)

// mostLogged bounds the lines that are kept of a server's log.
const mostLogged = 400

// A serverLog is the newest lines. Reports share them: a line never changes, and what is left of the older ones is in
// an array of its own.
type serverLog struct{ lines []LogLine }

func (s *serverLog) add(r history.Record) {
	ev, ok := r.Event.(history.ServerSaid)
	if !ok {
		return
	}
	if len(s.lines) >= mostLogged {
		s.lines = append(make([]LogLine, 0, mostLogged), s.lines[mostLogged/2:]...)
	}
	s.lines = append(s.lines, LogLine{At: r.At, Worker: ev.Worker, PID: ev.PID, Text: logText(ev)})
}

// logText writes an event as a line; the time in it is that of the report.
func logText(ev history.ServerSaid) string {
	if ev.Event == history.SaidLine {
		return ev.Fields["text"]
	}
	text := ev.Event
	for _, name := range slices.Sorted(maps.Keys(ev.Fields)) {
		value := ev.Fields[name]
		switch {
		case name == "time":
		case strings.ContainsAny(value, " \t"):
			text += fmt.Sprintf(" %s=%q", name, value)
		default:
			text += " " + name + "=" + value
		}
	}
	return text
}

// LogOf are the newest lines of the server's log about one worker, at most so many, the newest last; those of whoever
// had its place before too.
func (v *Variant) LogOf(w *diagnose.Worker, most int) []LogLine {
	var found []LogLine
	for _, line := range slices.Backward(v.Log) {
		if len(found) == most {
			break
		}
		if line.Worker == w.Place || line.PID == w.PID {
			found = append(found, line)
		}
	}
	slices.Reverse(found)
	return found
}
