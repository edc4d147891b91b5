package diagnose

import (
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// State of a worker, from outside.
type State string

// The states. A worker that has work and makes no progress goes healthy → suspect (200 ms) → hung (1 s).
const (
	Booting State = "booting" // born, has not yet answered or accepted anything
	Idle    State = "idle"    // nothing asked of it
	Busy    State = "busy"    // work present, and progress
	Suspect State = "suspect" // work present, no progress for 200 ms
	Hung    State = "hung"    // work present, no progress beyond the limit
	Stopped State = "stopped" // a hang by signal or freezer: no wait needed to know
	Dead    State = "dead"    // gone, and nothing has taken its place
)

// IsHang says whether the state is a hang.
func (s State) IsHang() bool { return s == Hung || s == Stopped }

// LaneStep is the time that one cell of a worker's lane stands for.
const LaneStep = 250 * time.Millisecond

// laneCells bounds a lane: two minutes, then the oldest cells fall off.
const laneCells = 480

// A Worker is one place in the server's pool and the process that has it now.
type Worker struct {
	Place     int
	PID       int           // of the process that has, or last had, the place
	Lives     int           // how many processes have had the place
	State     State         //
	Since     time.Duration // when the state began, on the run's clock; for a hang, since when there is no progress
	Inside    int           // requests it accepted and has not answered
	Oldest    time.Duration // age of the oldest of these
	OpenTasks int           // tasks it accepted and has not ended, by the client's ledger
	CPU       float64       // share of one processor over the last second
	RSS       uint64        // bytes
	Beat      time.Duration // age of its heartbeat when last read; -1: none is known
	Cause     *Cause        // nil while nothing is wrong, or not yet known
	Lane      []State       // its states, one each LaneStep, the newest last
	Threads   []history.ThreadSample
	Waits     []history.LockWait
}

// Kinds of causes.
const (
	CauseFileLock = "file-lock" // waits for a file lock
	CauseSleeping = "sleeping"  // a blocking sleep
	CauseStopped  = "stopped"   // SIGSTOP or freezer
	CauseCPU      = "cpu-bound" // runs and runs
	CauseMutex    = "mutex"     // waits for a lock inside its process
	CauseKilled   = "killed"    // died by a signal
	CauseExited   = "exited"    // ended by itself
	CauseUnknown  = "unknown"   // no evidence says why; the raw evidence is shown
)

// Confidence in a cause.
type Confidence string

// How much the evidence proves.
const (
	Proven Confidence = "proven" // seen twice without a run between, holder found
	Likely Confidence = "likely" // one piece is missing
	Guess  Confidence = "guess"
)

// A Cause is why a worker makes no progress, or died.
type Cause struct {
	Kind       string
	Confidence Confidence
	Short      string // for a table: "flock async_tasks.log ← pid 11274"
	Sentence   string // "blocked in flock on /tmp/x/async_tasks.log, held by pid 11274 (hangtime hold-lock)"
	Remedy     string // what the guide advises
	Path       string
	Inode      uint64
	Holders    []history.LockHolder
	Evidence   []uint64 // Seqs of the records it rests on
}

// A Victim is one worker's part in an incident.
type Victim struct {
	Place int
	PID   int
	From  time.Duration // since when it made no progress (hang), or when it died (crash)
	To    time.Duration // when it moved again, or died; -1: not yet
	End   string        // "recovered", "SIGABRT by arbiter", …; empty: not yet
}

// Kinds of incidents.
const (
	KindHang  = "hang"
	KindCrash = "crash"
)

// An Incident is one story: first symptom to recovery. Many workers with one cause are one incident.
type Incident struct {
	ID        int // from 1 in its variant
	Kind      string
	Cause     Cause
	Victims   []Victim
	Fault     string        // ID of the fault that was in effect when it began; empty: none was
	Injected  time.Duration // when that fault took effect; -1: none
	Symptom   time.Duration // first suspicion, on our clock; -1: none (a crash has none)
	Began     time.Duration // since when, by the evidence
	Detected  time.Duration // when it was certain
	Ended     time.Duration // when its last victim moved again or was gone; -1: not yet
	Recovered time.Duration // when every place had a worker that makes progress again; -1: not yet
}

// Longest is the longest time that one of its victims made no progress, up to now.
func (i Incident) Longest(now time.Duration) time.Duration {
	if i.Kind != KindHang {
		return 0
	}
	var longest time.Duration
	for _, v := range i.Victims {
		to := v.To
		if to < 0 {
			to = now
		}
		longest = max(longest, to-v.From)
	}
	return longest
}

// Places is how many different workers it hit.
func (i Incident) Places() int {
	seen := map[int]bool{}
	for _, v := range i.Victims {
		seen[v.Place] = true
	}
	return len(seen)
}
