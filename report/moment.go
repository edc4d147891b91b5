package report

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/words"
)

// A Moment is what is said of a run at one moment of it, in the words of the screens: all that the page shows which
// plays a run. Its texts are printable.
type Moment struct {
	At        time.Duration // on the run's clock
	Variant   string
	Phase     string
	Clock     string // how far the phases are, of how long they are planned: "00:14/00:25"
	Condition string
	Mood      string // how the condition is to be taken: good, warn, bad, soft, or an outcome
	Facts     []Fact
	Workers   []WorkerMoment
}

// A Fact is one number with its name.
type Fact struct {
	Name, Text string
	Alert      bool // something is wrong by it
}

// A WorkerMoment is what is said of a worker.
type WorkerMoment struct {
	Place int
	State diagnose.State
	Cells [len(workerCells)]string // see workerCells
	More  string                   // what holds it up and where its threads are: lines of kind, tab, text
}

// workerCells are the columns of the page's worker table.
var workerCells = [...]string{"pid", "for", "in", "oldest", "cpu", "rss", "request", "why"}

// MomentOf is what is said of a variant now, or at its end.
func MomentOf(r *Report, v *Variant) Moment {
	now := r.endOf(v)
	c := ConditionOf(r, v)
	m := Moment{At: r.Now, Variant: words.Printable(v.Name), Phase: words.Printable(v.PhaseWords()),
		Clock:     words.Clock(v.Elapsed(now)) + "/" + words.Clock(v.Planned),
		Condition: words.Printable(c.Text), Mood: mood(r, c), Facts: factsOf(v)}
	if v.OnlyWatched() {
		m.Clock = words.Clock(now - v.From)
	}
	for i := range v.Workers {
		m.Workers = append(m.Workers, workerMoment(&v.Workers[i], now))
	}
	return m
}

func mood(r *Report, c Condition) string {
	switch {
	case c.Judged:
		return string(r.Verdict.Outcome)
	case c.Calm || c.State == diagnose.Unknown:
		return "soft"
	case c.State == diagnose.Busy:
		return "good"
	case c.State == diagnose.Hung || c.State == diagnose.Dead:
		return "bad"
	}
	return "warn"
}

// factsOf are the numbers of the load, as the screen's pane has them.
func factsOf(v *Variant) []Fact {
	if v.OnlyWatched() {
		return nil
	}
	d := v.LoadNow()
	p, known := Quantiles(&d)
	took := func(of time.Duration) string {
		if !known {
			return "-"
		}
		return words.Duration(of)
	}
	return []Fact{
		{"offered", words.Rate(d.Offered), false},
		{"achieved", words.Rate(d.Achieved), d.Offered > 0 && d.Achieved < d.Offered/2},
		{"due", words.Number(d.Due), false},
		{"ok", words.Number(d.OK), false},
		{"failed", words.Number(d.Failed), d.Failed > 0},
		{"unanswered", words.Number(Unanswered(&d)), d.Oldest >= time.Second},
		{"oldest", words.Short(d.Oldest), d.Oldest >= time.Second},
		{"in workers", words.Number(uint64(v.Inside())), false},
		{"unaccepted", words.Number(uint64(max(v.Backlog, 0))), false},
		{"tasks done", words.Number(d.Tasks.Done), false},
		{"tasks lost", words.Number(d.Tasks.Lost), d.Tasks.Lost > 0},
		{"p50", took(p.P50), false},
		{"p99", took(p.P99), false},
		{"max", took(p.Max), false},
	}
}

func workerMoment(w *diagnose.Worker, now time.Duration) WorkerMoment {
	oldest := ""
	if w.Oldest > 0 {
		oldest = words.Short(w.Oldest)
	}
	return WorkerMoment{Place: w.Place, State: ShownState(w), More: moreOf(w), Cells: [len(workerCells)]string{
		fmt.Sprint(w.PID), ShownSince(w, now), fmt.Sprint(w.Inside), oldest, words.Percent(w.CPU),
		words.ShortSize(w.RSS), words.Printable(RequestOf(w)), words.Printable(Reason(w)),
	}}
}

// mostMore is how many lines moreOf has: what is stuck comes first, and others may be hundreds of threads.
const mostMore = 150

// moreOf is what holds a worker up, what it works on, and where its threads are that do not wait for work. Ages are left
// out, for the row of the worker has them: what is said here changes when something else is known, and not always.
func moreOf(w *diagnose.Worker) string {
	var b strings.Builder
	lines := 0
	say := func(kind, text string) {
		if lines++; lines > mostMore {
			return
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(kind + "\t" + words.Printable(text))
	}
	sayCause(w, say)
	for i, one := range w.Requests {
		text, _, _ := strings.Cut(one, ", ")
		if i == 0 {
			say("head", "works on")
		}
		say("plain", text)
	}
	for i, a := range w.Awaits {
		if i == 0 {
			say("head", "waits outside of threads")
		}
		say("plain", fmt.Sprintf("%d x %s", a.Count, strings.TrimSpace(cmp.Or(a.What, "something that is not known")+" "+a.Name)))
		for _, frame := range a.Stack {
			say("frame", frame)
		}
	}
	var idle []string
	for _, t := range w.Threads {
		if t.Idle {
			idle = append(idle, threadName(t))
		} else {
			sayThread(w, t, say)
		}
	}
	if len(idle) > 0 {
		say("soft", "threads that wait for work: "+strings.Join(idle, ", "))
	}
	return b.String()
}

func sayCause(w *diagnose.Worker, say func(kind, text string)) {
	switch {
	case w.Cause != nil:
		kind := "bad"
		if !InTrouble(w.State) {
			kind = "warn"
			say(kind, "no hang, but "+LabelWords(w.Label))
		}
		say(kind, w.Cause.Sentence)
		say("soft", "how sure: "+string(w.Cause.Confidence))
		if w.Cause.Where != "" {
			say("plain", "in its code: "+w.Cause.Where)
		}
		if w.Cause.Remedy != "" {
			say("cure", "remedy: "+w.Cause.Remedy)
		}
	case InTrouble(w.State):
		say("warn", "no evidence so far says why")
	case w.Label != "":
		say("warn", "no hang, but "+LabelWords(w.Label))
	case w.State == diagnose.Unknown:
		say("warn", "cannot tell whether it makes progress: "+w.Reason)
	default:
		say("soft", "nothing holds it up")
	}
}

func sayThread(w *diagnose.Worker, t history.ThreadSample, say func(kind, text string)) {
	say("head", threadName(t)+", "+ThreadState(t.State))
	if t.Syscall != "" {
		say("call", t.Syscall+"("+Folders.ReplaceAllString(t.Args, "…/")+")")
	}
	for _, stack := range w.Stacks {
		if stack.TID != t.TID {
			continue
		}
		for _, frame := range stack.Frames {
			say("frame", frame)
		}
	}
	for _, frame := range t.Stack {
		say("kernel", frame)
	}
}

func threadName(t history.ThreadSample) string {
	return fmt.Sprintf("%s (%d)", cmp.Or(t.Name, "thread"), t.TID)
}
