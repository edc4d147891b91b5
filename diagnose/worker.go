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
	Unknown State = "unknown" // what would show whether it works cannot be seen
)

// IsHang says whether the state is a hang.
func (s State) IsHang() bool { return s == Hung || s == Stopped }

// LaneStep is the time that one cell of a worker's lane stands for.
const LaneStep = 250 * time.Millisecond

// laneCells bounds a lane: two minutes, then the oldest cells fall off.
const laneCells = 480

// A Worker is one place in the server's pool and the process that has it now.
type Worker struct {
	Identity
	Condition
	Load
	Resources
	Snapshot
}

// An Identity says which worker it is.
type Identity struct {
	Place int
	PID   int  // of the process that has, or last had, the place
	Lives int  // how many processes have had the place
	Fresh bool // born a moment ago (Limits.Young), and it has no listening socket
}

// A Condition says how a worker is.
type Condition struct {
	State     State
	Since     time.Duration // when the state began, on the run's clock; for a hang, since when there is no progress
	Lane      []State       // its states, one each LaneStep, the newest last
	Cause     *Cause        // nil while nothing is wrong, or not yet known
	Label     Label         // what is the matter with it although it is no hang; empty: nothing
	Reason    string        // why nobody can say whether it works, where its state is unknown
	Undecided bool          // whether it works or rests cannot be seen: a longer look would say so
	Old       bool          // its work is older than HangAfter, and it is not called hung (yet)
	Held      time.Duration // of one that is slow: the age of what it is at; 0: not known
	// What lasts may have lasted longer: the age in Oldest counts since its connections were first seen, for the kernel
	// keeps none for unix sockets; or it hangs for at least so long.
	Least bool
}

// A Load says what is asked of a worker.
type Load struct {
	Inside     int           // requests it accepted and has not answered
	Oldest     time.Duration // age of the oldest of these
	Requests   []string      // what it works on, as far as its code says so: "GET /pay, 3.2 s"
	Ports      []int         // the clients' ports of the requests inside, at most 16
	Served     int           // connections that it has accepted, whatever they wait for
	Silent     int           // of these, those whose client never sent a byte
	Flows      bool          // it was seen to answer within the last seconds (Limits.Pool)
	OpenTasks  int           // tasks it accepted and has not ended, by the client's ledger
	OldestTask time.Duration // age of the oldest open task; 0: none is open
}

// Resources are what a worker's process takes of the machine.
type Resources struct {
	CPU       float64 // share of one processor over the last second
	RSS       uint64  // bytes
	Files     int     // descriptors that it has open, when last read: under suspicion, or near its limit; 0: not read
	FilesMost int     // its limit of these
}

// A Snapshot is what a worker's threads, and its work without a thread, were at when they were last read.
type Snapshot struct {
	Looked  bool // a look at its threads was whole
	Threads []history.ThreadSample
	Stacks  []history.Stack // what its threads did in their language's words
	Waits   []history.LockWait
	Awaits  []Await       // pieces of work that wait outside of any thread, the oldest first
	Beat    time.Duration // age of its heartbeat when last read; -1: none is known
}

// A Label says what is the matter with a worker that is not hung.
type Label string

// The labels. None of them is an incident.
const (
	Starved   Label = "starved"     // ready to run most of the time, and no processor to run on
	Throttled Label = "throttled"   // its group's quota of processor time is used up
	Saturated Label = "saturated"   // it answers, and more arrives than it can answer
	LongPoll  Label = "long-poll"   // requests are held open on purpose: its loop waits for events
	SlowPeer  Label = "slow-client" // a client keeps it waiting, and nobody waits behind that one
	// Work stands still, nobody is seen to wait behind it, and it is not older than work may be.
	Slow     Label = "slow"
	Awaiting Label = "awaiting" // coroutines wait outside of any thread, and what for was read
	Relaying Label = "upstream" // other servers owe it the answers that it owes
	Draining Label = "draining" // it was told to leave and ends what it has
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
	Prevention string   // what would have prevented it, as a setting or a habit
	// The application's own line, or where there is none the innermost: "pay (app.py:12)"; empty: not read.
	Where   string
	Stack   []string // with its callers, innermost first
	Request string   // what it was asked for: "GET /pay"; empty: not known
	Chain   []string // who waits for whom, a line a link; empty where there is only one
	Graph   Graph    // who waits for whom
	Cycle   bool     // the chain ends where it began: it will never end by itself
	Remote  string   // the other end of the socket it waits for
	Session uint64   // of the database in which it waits, that keeps the others; 0: it waits in none, or that has no number
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
	Cost      Cost
}

// Cost is what an incident cost, as far as it is over.
type Cost struct {
	Inside  int           // requests that were inside its victims while they stood still, or when they died
	Failed  uint64        // hits due between its beginning and its end that failed, wherever they were
	Slowest time.Duration // of the hits that were joined to a victim by their port: longest time from due to the end
	Joined  int           // how many hits that were
	Tasks   int           // open tasks of the victims when they died, by the client's ledger
	Lost    uint64        // tasks that the ledger counted as lost from its beginning until a while after its end
	Dropped uint64        // connections that the kernel dropped meanwhile because nobody accepted them
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

// An Await is a piece of work that waits outside of any thread: a coroutine, a greenlet, a goroutine.
type Await struct {
	Count   int           // how many are at the same place and wait for the same
	Age     time.Duration // of the oldest; since it was asked for where that is known, else since it was first seen
	Least   bool          // it may be older
	What    string        // "lock", "future", "sleep"; empty: not known
	Name    string        // what the application calls that
	Where   string        // the application's line: "app (app.py:8)"
	Stack   []string      // innermost first
	Request string        // "GET /pay"; empty: not known
}
