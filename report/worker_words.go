package report

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/words"
)

// Said of a worker in a few words: by the screens, and by the page that plays a run.

// byGravity are the states from the one to care least about to the gravest.
var byGravity = [...]diagnose.State{diagnose.Idle, diagnose.Busy, diagnose.Booting, diagnose.Unknown, diagnose.Suspect,
	diagnose.Dead, diagnose.Stopped, diagnose.Hung}

// Gravity orders states by how much a person should care, from 0 on. One that is not known here, as of a newer
// recording, counts as unknown.
func Gravity(s diagnose.State) int {
	if s == Active {
		s = diagnose.Busy
	}
	if i := slices.Index(byGravity[:], s); i >= 0 {
		return i
	}
	return slices.Index(byGravity[:], diagnose.Unknown)
}

// Active is what an idle worker is called that answers or computes: its requests are so short that none is inside when it is
// looked at.
const Active diagnose.State = "active"

// leastWork is the share of a processor from which on a worker is not at rest: a heartbeat takes a tenth of it.
const leastWork = 0.005

// ShownState is the state that a worker is shown in.
func ShownState(w *diagnose.Worker) diagnose.State {
	if (w.Flows || w.CPU >= leastWork) && (w.State == diagnose.Idle || w.State == diagnose.Booting && w.Flows) {
		return Active
	}
	return w.State
}

// ShownSince is how long a worker has been in its state; nothing of one that is active, which changes it all the time.
func ShownSince(w *diagnose.Worker, now time.Duration) string {
	if ShownState(w) == Active {
		return ""
	}
	return words.Short(now - w.Since)
}

// InTrouble says whether a worker in this state is what a person looks for.
func InTrouble(s diagnose.State) bool { return Gravity(s) >= Gravity(diagnose.Suspect) }

// StateText names a state, trouble in capitals, with a mark of its own where there is something to look at: nothing is
// said by colour alone.
func StateText(s diagnose.State) string {
	text, mark := string(s), stateMarks[Gravity(s)]
	if InTrouble(s) {
		text = strings.ToUpper(text)
	}
	return strings.TrimSpace(text + " " + mark)
}

// stateMarks are by gravity.
var stateMarks = [len(byGravity)]string{2: "○", 3: "?", 4: "?", 5: "†", 6: "‖", 7: "×"}

// Folders is what of a path may be left out where there is little room.
var Folders = regexp.MustCompile(`/(?:[^\s/]+/)+`)

// RequestOf is what a worker is asked for; of several the one that is explained, or the oldest.
func RequestOf(w *diagnose.Worker) string {
	if w.Cause != nil && w.Cause.Request != "" {
		return w.Cause.Request
	}
	if len(w.Requests) == 0 {
		return ""
	}
	text, _, _ := strings.Cut(w.Requests[0], ", ") // its age has a column of its own
	return text
}

// WhereOf is where a worker is in its own code: function, file and line without the folders.
func WhereOf(w *diagnose.Worker) string {
	if w.Cause == nil {
		return ""
	}
	return Folders.ReplaceAllString(w.Cause.Where, "")
}

// Reason says why a worker does not get on, with what is known: the cause, or the lock it waits for, or the call it is in.
func Reason(w *diagnose.Worker) string {
	switch {
	case w.Cause != nil && w.Cause.Short != "":
		return w.Cause.Short
	case w.Label != "":
		return LabelWords(w.Label)
	case w.State == diagnose.Unknown:
		return w.Reason
	case !InTrouble(w.State):
		return ""
	}
	if len(w.Waits) > 0 {
		wait := w.Waits[0]
		text := wait.Lock + " " + wait.Path[strings.LastIndex(wait.Path, "/")+1:]
		if len(wait.Holders) > 0 {
			text += fmt.Sprintf(" ← pid %d", wait.Holders[0].PID)
		}
		return text
	}
	for _, t := range w.Threads {
		if !t.Idle && t.Syscall != "" {
			return "in " + t.Syscall + " " + t.Args
		}
	}
	return ""
}

// LabelWords say in a few words what is the matter with a worker that does not hang.
func LabelWords(label diagnose.Label) string {
	switch label {
	case diagnose.Starved:
		return "starved: ready to run, no processor"
	case diagnose.Throttled:
		return "throttled: its processor quota is used up"
	case diagnose.Saturated:
		return "saturated: more arrives than it can answer"
	case diagnose.LongPoll:
		return "long poll: requests held open on purpose"
	case diagnose.SlowPeer:
		return "slow client: nobody waits behind it"
	case diagnose.Slow:
		return "slow: each request takes long"
	case diagnose.Awaiting:
		return "awaiting: coroutines wait, no thread does"
	case diagnose.Relaying:
		return "upstream: other servers owe it answers"
	case diagnose.Draining:
		return "draining: ends what it has, then leaves"
	}
	return string(label)
}

// ThreadState says what a letter of proc_pid_stat(5) means.
func ThreadState(letter string) string {
	switch letter {
	case "R":
		return "running"
	case "S":
		return "sleeping"
	case "D":
		return "in uninterruptible sleep"
	case "T", "t":
		return "stopped"
	case "Z":
		return "ended"
	}
	return letter
}
