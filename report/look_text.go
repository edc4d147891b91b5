package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/words"
)

// mostLookFrames is how many frames of a stack a person is shown; the JSON has all.
const mostLookFrames = 12

// mostLookThreads is how many threads of one worker a person is shown.
const mostLookThreads = 16

// mostLookRequests is how many requests of one worker a person is shown.
const mostLookRequests = 6

// Text writes the look for a person: the server, each worker with what is known of why, what could not be seen, and
// what it comes to.
func (l *Look) Text(out io.Writer) error {
	w := &strings.Builder{}
	textLine(w, l.serverLine())
	for _, one := range l.Server.Behind {
		textLine(w, "  with "+one.line())
	}
	for i := range l.Workers {
		l.Workers[i].text(w, l.alike(i))
	}
	for _, n := range l.Notices {
		textLine(w, "note: "+n.Sentence)
	}
	for _, text := range l.Unseen {
		textLine(w, text)
	}
	textLine(w, l.sentence())
	_, err := io.WriteString(out, w.String())
	return err
}

// alike is the first worker before the i-th whose code stands in the same place for the same reason; 0: none. What was said
// of it is not said again.
func (l *Look) alike(i int) (worker int) {
	c := l.Workers[i].Cause
	if c == nil || len(c.Stack) == 0 {
		return 0
	}
	for _, before := range l.Workers[:i] {
		if b := before.Cause; b != nil && b.Remedy == c.Remedy && slices.Equal(b.Stack, c.Stack) && slices.Equal(b.Chain, c.Chain) {
			return before.Worker
		}
	}
	return 0
}

func (l *Look) sentence() string {
	switch hung := l.Hung(); {
	case hung > 0:
		return fmt.Sprintf("HUNG: %d of %d workers", hung, len(l.Workers))
	case l.Blind:
		return "unknown: no hang was seen, but requests could not be"
	case l.Unknown:
		return fmt.Sprintf("unknown: cannot tell whether %d of %d workers hang", l.Unsure(), len(l.Workers))
	}
	text := "healthy: no worker hangs"
	if slow := l.waiting(func(w *Worker) float64 { return w.slow() }); slow != "" {
		text += "; slow: " + slow
	}
	if awaiting := l.waiting(func(w *Worker) float64 { return w.awaiting() }); awaiting != "" {
		text += "; awaiting: " + awaiting
	}
	return text
}

// waiting says of how many workers work is older than a moment, and how old the oldest is; empty: of none.
func (l *Look) waiting(age func(*Worker) float64) string {
	n, oldest := 0, 0.0
	for i := range l.Workers {
		if one := age(&l.Workers[i]); one > 0 {
			n++
			oldest = max(oldest, one)
		}
	}
	if n == 0 {
		return ""
	}
	return words.Count(n, "worker") + ", the oldest work " + words.Seconds(seconds(oldest))
}

func (w *Worker) slow() float64 {
	if w.Label != diagnose.Slow && w.Label != diagnose.SlowPeer && w.Label != diagnose.Relaying &&
		w.Label != diagnose.LongPoll {
		return 0
	}
	return max(w.Oldest, w.held)
}

func (w *Worker) awaiting() float64 {
	if w.Label != diagnose.Awaiting || len(w.Awaits) == 0 {
		return 0
	}
	return w.Awaits[0].Age
}

// line is "server pid 7 (gunicorn app:app) at 127.0.0.1:8000".
func (s Server) line() string {
	text := fmt.Sprintf("server pid %d", s.PID)
	if s.Command != "" {
		text += " (" + s.Command + ")"
	}
	if s.Address != "" {
		text += " at " + s.Address
	}
	return text
}

func (l *Look) serverLine() string {
	text := l.Server.line()
	if l.Backlog != nil {
		text += fmt.Sprintf(", backlog %d of %d", l.Backlog.Waiting, l.Backlog.Limit)
	}
	return text
}

// text writes a worker's line and, indented below it, the evidence; alike is a worker before it with the same stack, 0:
// none.
func (w *Worker) text(out *strings.Builder, alike int) {
	textLine(out, w.line())
	if w.Reason != "" {
		detail(out, "unknown:", w.Reason)
	}
	for i, one := range w.Requests {
		if i == mostLookRequests {
			detail(out, "", fmt.Sprintf("… %d more", len(w.Requests)-i))
			break
		}
		detail(out, "request:", one)
	}
	for i, one := range w.Awaits {
		if i == mostLookRequests {
			detail(out, "", fmt.Sprintf("… %d more", len(w.Awaits)-i))
			break
		}
		detail(out, "awaits:", one.line())
	}
	if w.Cause != nil {
		w.Cause.text(out, alike)
	}
	if w.inDoubt() {
		for i, t := range w.Threads {
			if i == mostLookThreads && len(w.Threads) > mostLookThreads+1 {
				detail(out, "", fmt.Sprintf("… %d more threads", len(w.Threads)-i))
				break
			}
			detail(out, "thread:", t.line())
		}
	}
}

// line is "12 x lock registry, in app (app.py:8), for 8.1 s".
func (a *Await) line() string {
	text := a.On
	if text == "" {
		text = "something that is not known"
	}
	if a.Name != "" {
		text += " " + a.Name
	}
	if a.Count > 1 {
		text = fmt.Sprintf("%d x %s", a.Count, text)
	}
	switch {
	case a.Where != "":
		text += ", in " + a.Where
	case len(a.Stack) > 0:
		text += ", in " + a.Stack[0]
	}
	text += ", for " + words.Seconds(seconds(a.Age))
	if a.AtLeast {
		text += " at least"
	}
	if a.Request != "" {
		text += ": " + a.Request
	}
	return text
}

// inDoubt says whether its threads and the length of its state are worth a line: it hangs, or may turn out to.
func (w *Worker) inDoubt() bool { return w.State.IsHang() || w.State == diagnose.Suspect }

func (w *Worker) line() string {
	text := fmt.Sprintf("worker %d  pid %-7d %-8s", w.Worker, w.PID, w.State)
	if w.inDoubt() {
		text += " for " + words.Seconds(seconds(w.For))
		if w.AtLeast && w.Inside == 0 {
			text += " at least"
		}
	}
	if w.Inside > 0 {
		text += fmt.Sprintf("  %d inside, oldest %s", w.Inside, words.Seconds(seconds(w.Oldest)))
		if w.AtLeast {
			text += " at least"
		}
	}
	if w.Label != "" {
		text += "  (" + string(w.Label) + ")"
	}
	return text
}

func (c *Cause) text(out *strings.Builder, alike int) {
	detail(out, "why:", fmt.Sprintf("%s (%s)", c.Sentence, c.Confidence))
	if alike > 0 {
		detail(out, "stack:", fmt.Sprintf("same as worker %d, with the same remedy", alike))
		return
	}
	for i, frame := range c.Stack {
		name := "stack:"
		if i > 0 {
			name = ""
		}
		if i == mostLookFrames && len(c.Stack) > mostLookFrames+1 {
			if slices.Index(c.Stack, c.Where) >= i {
				detail(out, name, "…")
				detail(out, name, c.Where)
			}
			detail(out, name, fmt.Sprintf("… %d in all", len(c.Stack)))
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
		text += " still " + words.Seconds(seconds(t.Still))
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
func detail(out *strings.Builder, kind, text string) {
	textLine(out, fmt.Sprintf("    %-9s %s", kind, text))
}

// textLine is the one place where a look is written: whatever others wrote stays in its line.
func textLine(out *strings.Builder, text string) { fmt.Fprintln(out, words.Printable(text)) }
