package report

import (
	"encoding/json"
	"io"
	"slices"
	"time"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/words"
)

// LookVersion grows when a reader of an older look would misread a newer one.
const LookVersion = 1

// A Look is a running server as it is found at one moment: what `diagnose --json` prints, and docs/diagnosis.md
// describes. Keys that end in _seconds are seconds.
type Look struct {
	Version   int        `json:"version"`
	Tool      string     `json:"tool"`
	Time      time.Time  `json:"time"`
	Server    Server     `json:"server"`
	Healthy   bool       `json:"healthy"`
	Backlog   *Backlog   `json:"backlog,omitempty"`
	Workers   []Worker   `json:"workers"`
	Incidents []Incident `json:"incidents"`
	Notices   []Cause    `json:"notices,omitempty"` // what harms the server and is no hang of a worker
	Unseen    []string   `json:"unseen,omitempty"`  // what may not be read, and what would allow it; troubles of hangtime
	Blind     bool       `json:"blind,omitempty"`   // too little may be read to call it healthy
	Unknown   bool       `json:"unknown,omitempty"` // of a worker it cannot be said whether it hangs

	stands float64 // seconds for which connections have waited to be accepted while no worker answered anything
	young  bool    // the server was started a moment ago
}

// A Server is the one that is looked at.
type Server struct {
	PID     int      `json:"pid"` // of the arbiter
	Command string   `json:"command,omitempty"`
	Address string   `json:"address,omitempty"`
	Behind  []Server `json:"behind,omitempty"` // that it started, and that are looked at with it
}

// A Backlog is how many connections wait to be accepted, and how many may.
type Backlog struct {
	Waiting int `json:"waiting"`
	Limit   int `json:"limit"`
}

// A Worker is one place of the server's pool and the process that has it.
type Worker struct {
	Worker  int            `json:"worker"`
	PID     int            `json:"pid"`
	State   diagnose.State `json:"state"`
	Label   diagnose.Label `json:"label,omitempty"`
	For     float64        `json:"for_seconds"`
	Inside  int            `json:"inside"`
	Oldest  float64        `json:"oldest_seconds"`
	CPU     float64        `json:"cpu_share"` // of one processor
	RSS     uint64         `json:"rss_bytes"`
	Cause   *Cause         `json:"cause,omitempty"`
	Threads []Thread       `json:"threads,omitempty"`
	Stacks  []Stack        `json:"stacks,omitempty"`

	Requests []string `json:"requests,omitempty"` // what it works on, as far as its code says so: "GET /pay, 3.2 s"
	Awaits   []Await  `json:"awaits,omitempty"`   // work that waits outside of any thread: coroutines, greenlets, goroutines
	Reason   string   `json:"reason,omitempty"`   // of the state unknown: why
	AtLeast  bool     `json:"at_least,omitempty"` // oldest_seconds counts from when the connections were first seen, or for_seconds of a hang may be longer

	unsettled
}

// unsettled is what says whether a longer look at a worker could say more; it is not in the JSON.
type unsettled struct {
	fresh     bool // it may be on its way to serve, or to its end
	flows     bool // it has answered others while it was looked at
	held      float64
	old       bool // it may be called hung in a moment
	blank     bool // no look at its threads was whole yet
	undecided bool // it may be said in a moment that nobody can know whether it works
}

// An Await is work that waits outside of any thread.
type Await struct {
	Count   int      `json:"count"`
	Age     float64  `json:"age_seconds"`
	AtLeast bool     `json:"at_least,omitempty"` // age_seconds counts from when it was first seen
	On      string   `json:"on,omitempty"`       // "lock", "future", "sleep", …
	Name    string   `json:"name,omitempty"`
	Where   string   `json:"where,omitempty"` // the application's line
	Request string   `json:"request,omitempty"`
	Stack   []string `json:"stack,omitempty"`
}

// A Thread is what one thread of a worker did when it was last looked at.
type Thread struct {
	TID     int      `json:"tid"`
	Name    string   `json:"name"`
	State   string   `json:"state"` // the letter of /proc/PID/stat
	Still   float64  `json:"still_seconds"`
	Syscall string   `json:"syscall,omitempty"`
	Args    string   `json:"args,omitempty"`
	Wchan   string   `json:"wchan,omitempty"`
	Kernel  []string `json:"kernel_stack,omitempty"`
	Idle    bool     `json:"idle,omitempty"`
}

// A Stack is what a thread did in its language's words, innermost first.
type Stack struct {
	TID      int      `json:"tid"`
	Language string   `json:"language"`
	Frames   []string `json:"frames"`
	HoldsGIL bool     `json:"holds_interpreter_lock,omitempty"`
	Kind     string   `json:"kind,omitempty"`  // of what no thread runs: "task", "greenlet", "goroutine"
	Idle     bool     `json:"idle,omitempty"`  // it waits for its next piece of work
	On       string   `json:"on,omitempty"`    // what it waits for, by its runtime's account
	Where    string   `json:"where,omitempty"` // the application's line
}

// Undecided says whether a worker may yet turn out to hang: a longer look would tell. So it would where work is old and
// nothing is known of it yet, where connections wait and nobody says why, and where no worker is there that has come so
// far as to serve. A server that has run for a while without one is not waited for.
func (l *Look) Undecided() bool {
	if len(l.Workers) == 0 {
		return l.young
	}
	if l.stands > oldWork && l.Hung() == 0 {
		return true
	}
	for _, w := range l.Workers {
		blank := w.blank && w.State != diagnose.Dead && w.State != diagnose.Stopped
		if w.State == diagnose.Suspect || w.unexplained(oldWork) || w.starves() || w.old || blank ||
			w.undecided {
			return true
		}
	}
	return !l.anySettled() && len(l.Incidents) == 0
}

// anySettled says whether a worker lives that has come so far as to serve.
func (l *Look) anySettled() bool {
	return slices.ContainsFunc(l.Workers, func(w Worker) bool {
		return w.State != diagnose.Dead && w.State != diagnose.Booting && !w.fresh
	})
}

// anyLives says whether a worker lives.
func (l *Look) anyLives() bool {
	return slices.ContainsFunc(l.Workers, func(w Worker) bool { return w.State != diagnose.Dead })
}

const (
	oldWork = 1.0 // seconds: as long as a loop may stand still
	veryOld = 5.0 // seconds: from then on what is not known of a request is said
)

// unexplained says whether a worker has work older than so many seconds, and no look says what it is at.
func (w *Worker) unexplained(than float64) bool {
	unknown := w.Label == "" || w.Label == diagnose.Saturated && !w.flows
	return w.State == diagnose.Busy && unknown && w.Cause == nil && w.Inside > 0 && w.Oldest >= than
}

// starves says whether a worker with old work was ready to run, and others had its processor: what it would do with one is
// not known.
func (w *Worker) starves() bool {
	return w.State == diagnose.Busy && w.Label == diagnose.Starved && !w.flows && w.Inside > 0 && w.Oldest >= veryOld
}

// doubt says why it cannot be said whether a worker hangs; empty: it can. What would show it cannot be seen, or the look
// was too short.
func (w *Worker) doubt() string {
	switch {
	case w.State == diagnose.Unknown && w.Reason == "":
		return "what would show it cannot be seen"
	case w.State == diagnose.Unknown:
		return w.Reason
	case w.State == diagnose.Suspect && (!w.flows || w.For >= veryOld):
		return "it has stood still for " + words.Seconds(seconds(w.For)) + ", and the look was too short to say whether it hangs"
	case w.State == diagnose.Busy && w.old && !w.flows && w.Cause != nil && w.Cause.Kind == diagnose.CauseUnknown:
		return words.Count(w.Inside, "request") + " inside, the oldest for " + words.Seconds(seconds(w.Oldest)) +
			", older than work may be, and what keeps it was not seen"
	case w.unexplained(veryOld):
		return words.Count(w.Inside, "request") + " inside, the oldest for " + words.Seconds(seconds(w.Oldest)) +
			", and no thread was seen to be blocked"
	case w.starves():
		return words.Count(w.Inside, "request") + " inside, the oldest for " + words.Seconds(seconds(w.Oldest)) +
			", and others have the processor that it needs"
	case w.undecided:
		return "the look did not show whether it is working or idle"
	}
	return ""
}

// Unsure is of how many workers it cannot be said whether they hang.
func (l *Look) Unsure() int {
	if !l.anyLives() {
		return len(l.Workers)
	}
	n := 0
	for i := range l.Workers {
		if l.Workers[i].doubt() != "" {
			n++
		}
	}
	return n
}

// Hung is how many workers hang.
func (l *Look) Hung() int {
	n := 0
	for _, w := range l.Workers {
		if w.State.IsHang() {
			n++
		}
	}
	return n
}

// JSON writes the look, indented.
func (l *Look) JSON(out io.Writer) error { return writeJSON(out, l) }

func writeJSON(out io.Writer, v any) error {
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

func newWorker(w diagnose.Worker, now time.Duration) Worker {
	out := Worker{
		Worker: w.Place, PID: w.PID, State: w.State, Label: w.Label, For: (now - w.Since).Seconds(), Inside: w.Inside,
		Oldest: w.Oldest.Seconds(),
		CPU:    w.CPU, RSS: w.RSS,
		unsettled: unsettled{fresh: w.Fresh, flows: w.Flows, held: w.Held.Seconds(), old: w.Old, undecided: w.Undecided,
			blank: !w.Looked},
	}
	if w.Cause != nil {
		c := newCause(*w.Cause)
		out.Cause = &c
	}
	for _, t := range w.Threads {
		out.Threads = append(out.Threads, Thread{t.TID, t.Name, t.State, t.Still.Seconds(), t.Syscall, t.Args, t.Wchan,
			t.Stack, t.Idle})
	}
	for _, s := range w.Stacks {
		one := Stack{TID: s.TID, Language: s.Language, Frames: s.Frames, HoldsGIL: s.Holds, Kind: s.Kind, Idle: s.Idle}
		if s.Wait != nil {
			one.On = s.Wait.On
		}
		if s.Own > 0 && s.Own <= len(s.Frames) {
			one.Where = s.Frames[s.Own-1]
		}
		out.Stacks = append(out.Stacks, one)
	}
	for _, a := range w.Awaits {
		out.Awaits = append(out.Awaits, Await{Count: a.Count, Age: a.Age.Seconds(), AtLeast: a.Least, On: a.What,
			Name: a.Name, Where: a.Where, Request: a.Request, Stack: a.Stack})
	}
	out.Requests, out.Reason, out.AtLeast = w.Requests, w.Reason, w.Least
	return out
}
