package history

import "time"

// Format is the version of the recording's format; it grows when an older reader would misread a newer file. All
// before it are read as well.
//
//	1  the first
//	2  a trouble has a component, which was called room, and a weight; a look at a worker has an end, idle is proven, and a thread may wait for more
const Format = 2

// Header is the first record: all that is needed to know what was run, where, by which hangtime.
type Header struct {
	Format   int       `json:"format"`
	Tool     string    `json:"tool"` // version of hangtime
	Scenario string    `json:"scenario"`
	Text     string    `json:"text"` // the scenario as it was run, after --set and --quick, as YAML
	Seed     uint64    `json:"seed"` // of every random choice
	Host     string    `json:"host"`
	Kernel   string    `json:"kernel"`
	Cores    int       `json:"cores"`
	Started  time.Time `json:"started"` // wall clock at At = 0
}

// VariantStarted begins one setting of the scenario; all records up to its VariantEnded belong to it.
type VariantStarted struct {
	Name    string        `json:"name"`
	Expect  string        `json:"expect"` // what the world is expected to do: hang, healthy, …
	Index   int           `json:"index"`  // from 0
	Of      int           `json:"of"`
	Planned time.Duration `json:"planned"` // sum of its phases
}

// VariantEnded ends it. Reason is empty after a whole run; otherwise it says in words why it was cut short.
type VariantEnded struct {
	Name   string `json:"name"`
	Reason string `json:"reason,omitempty"`
}

// The phases of a variant, in order.
const (
	Starting = "starting" // the server boots; no load
	Before   = "before"   // load, no fault: what is normal
	During   = "during"   // load and fault
	After    = "after"    // load, fault healed: does it recover?
	Ending   = "ending"   // no new load; hits, tasks and server come to their end
)

// PhaseStarted begins a phase; the one before ends with it.
type PhaseStarted struct {
	Phase   string        `json:"phase"`
	Planned time.Duration `json:"planned"` // 0: as long as it takes
}

// Tick is recorded every 100 ms by the run itself: a hang is the absence of events, and a fold has no clock. The
// probe records one beside it where its own look came late: both can tell of the same stall.
type Tick struct {
	Late time.Duration `json:"late"` // how much later than due: hangtime's own stalls
}

// Interrupted says that a person or a signal ended the run early.
type Interrupted struct {
	By string `json:"by"` // "SIGINT", "q", …
}

// Aborted says that a check with abort did not hold for its time of grace and ended the run early.
type Aborted struct {
	Key   string `json:"key"` // where the check stands in the scenario: "checks[0]"
	Check string `json:"check"`
}

// RunEnded is the last record of a whole history.
type RunEnded struct{}

func (Header) kind() string         { return "header" }
func (VariantStarted) kind() string { return "variant-started" }
func (VariantEnded) kind() string   { return "variant-ended" }
func (PhaseStarted) kind() string   { return "phase-started" }
func (Tick) kind() string           { return "tick" }
func (Interrupted) kind() string    { return "interrupted" }
func (Aborted) kind() string        { return "aborted" }
func (RunEnded) kind() string       { return "run-ended" }
