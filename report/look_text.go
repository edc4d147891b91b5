package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/hangtime-dev/hangtime/diagnose"
)

// mostLookFrames is how many frames of a stack a person is shown; the JSON has all.
const mostLookFrames = 12

// Text writes the look for a person: the server, each worker with what is known of why, what could not be seen, and what it comes to.
func (l *Look) Text(out io.Writer) error {
	w := &strings.Builder{}
	fmt.Fprintln(w, l.serverLine())
	for i := range l.Workers {
		l.Workers[i].text(w)
	}
	for _, text := range l.Unseen {
		fmt.Fprintln(w, text)
	}
	fmt.Fprintln(w, l.sentence())
	_, err := io.WriteString(out, w.String())
	return err
}

func (l *Look) sentence() string {
	switch hung := l.Hung(); {
	case hung > 0:
		return fmt.Sprintf("HUNG: %d of %d workers", hung, len(l.Workers))
	case l.Blind:
		return "unknown: no hang was seen, but requests could not be"
	}
	return "healthy: no worker hangs"
}

func (l *Look) serverLine() string {
	text := fmt.Sprintf("server pid %d", l.Server.PID)
	if l.Server.Command != "" {
		text += " (" + l.Server.Command + ")"
	}
	if l.Server.Address != "" {
		text += " at " + l.Server.Address
	}
	if l.Backlog != nil {
		text += fmt.Sprintf(", backlog %d of %d", l.Backlog.Waiting, l.Backlog.Limit)
	}
	return text
}

// text writes a worker's line and, indented below it, the evidence.
func (w *Worker) text(out *strings.Builder) {
	fmt.Fprintln(out, w.line())
	if w.Cause != nil {
		w.Cause.text(out)
	}
	if w.inDoubt() {
		for _, t := range w.Threads {
			detail(out, "thread:", t.line())
		}
	}
}

// inDoubt says whether its threads and the length of its state are worth a line: it hangs, or may turn out to.
func (w *Worker) inDoubt() bool { return w.State.IsHang() || w.State == diagnose.Suspect }

func (w *Worker) line() string {
	text := fmt.Sprintf("worker %d  pid %-7d %-8s", w.Worker, w.PID, w.State)
	if w.inDoubt() {
		text += fmt.Sprintf(" for %.1f s", w.For)
	}
	if w.Inside > 0 {
		text += fmt.Sprintf("  %d inside, oldest %.1f s", w.Inside, w.Oldest)
	}
	if w.Label != "" {
		text += "  (" + string(w.Label) + ")"
	}
	return text
}

func (c *Cause) text(out *strings.Builder) {
	detail(out, "why:", fmt.Sprintf("%s (%s)", c.Sentence, c.Confidence))
	for i, frame := range c.Stack {
		name := "stack:"
		if i > 0 {
			name = ""
		}
		if i == mostLookFrames {
			detail(out, name, fmt.Sprintf("… %d more", len(c.Stack)-i))
			break
		}
		detail(out, name, frame)
	}
	for _, link := range c.Chain {
		detail(out, "chain:", link)
	}
	if c.Remedy != "" {
		detail(out, "remedy:", c.Remedy)
	}
}

func (t *Thread) line() string {
	text := fmt.Sprintf("%d %-15s %s", t.TID, t.Name, t.State)
	if t.Still > 0 {
		text += fmt.Sprintf(" still %.1f s", t.Still)
	}
	if t.Syscall != "" {
		text += " in " + t.Syscall
		if t.Args != "" {
			text += "(" + t.Args + ")"
		}
	}
	if t.Wchan != "" {
		text += " [" + t.Wchan + "]"
	}
	if t.Idle {
		text += " idle"
	}
	return text
}

// detail is one line of evidence below a worker's: its kind in a column of its own.
func detail(out *strings.Builder, kind, text string) { fmt.Fprintf(out, "    %-9s %s\n", kind, text) }
