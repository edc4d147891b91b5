package history

import "time"

// LoadStarted says what sends the hits and what bounds it.
type LoadStarted struct {
	Engine      string `json:"engine"` // "fast" or "net/http", with the reason where it was not the first choice
	Reason      string `json:"reason,omitempty"`
	URL         string `json:"url"`
	Pattern     string `json:"pattern"`     // in words: "200/s constant"
	Senders     int    `json:"senders"`     // most hits in flight at once
	Connections int    `json:"connections"` // most connections at once
}

// LoadWindow is 100 ms of sending, recorded when the window ends.
type LoadWindow struct {
	From        time.Duration `json:"from"`
	To          time.Duration `json:"to"`
	Due         uint64        `json:"due"`     // hits that the schedule asked for
	Sent        uint64        `json:"sent"`    // hits that left
	Late        uint64        `json:"late"`    // of these, left more than 1 ms after they were due
	Dropped     uint64        `json:"dropped"` // due, and given up before they were sent
	Ended       uint64        `json:"ended"`   // answered or failed, in this window
	InFlight    int           `json:"in_flight"`
	Waiting     int           `json:"waiting"`     // due, not yet sent
	Oldest      time.Duration `json:"oldest"`      // age, from due, of the oldest hit in flight or waiting
	Connections int           `json:"connections"` // open now
	Lag         time.Duration `json:"lag"`         // longest of our own delay, due → sent while a sender was free
	// Of the late ones, those for which a sender was free: the generator's own fault.
	Lagged uint64 `json:"lagged"`
	// Processor time that the generator used in the window: its thread's; with net/http, the whole process's.
	CPU time.Duration `json:"cpu"`
}

// GeneratorBound says that the load generator itself, not the server, was what limited the load: over the last
// second, or (Final) over the whole attack. Figures that were measured then are partly its own.
type GeneratorBound struct {
	// Share of hits that left more than 1 ms late although a sender was free; above 0.01 its p99 of lag is above 1 ms.
	Lagged float64 `json:"lagged"`
	Busy   float64 `json:"busy"`            // share of the time that it was on a processor, of all that it could use
	Text   string  `json:"text"`            // in words, for a person
	Over   bool    `json:"over,omitempty"`  // it is no longer so
	Final  bool    `json:"final,omitempty"` // it was so over the whole attack
}

// HitWindow is what became of hits that were due in one window; the same window comes again when more of its hits end.
// Every ended hit is in exactly one HitWindow.
type HitWindow struct {
	Tag    string            `json:"tag,omitempty"`
	Due    time.Duration     `json:"due"`   // start of the window in which the hits were due
	Width  time.Duration     `json:"width"` // its length: 100 ms
	OK     uint64            `json:"ok"`    // answered with an expected status
	Status map[string]uint64 `json:"status,omitempty"`
	Errors map[string]uint64 `json:"errors,omitempty"` // by class: see the Err constants
	// HDR histogram (V2, compressed, base64), microseconds from due, of the OK ones.
	Response string `json:"response,omitempty"`
	// The same, of all the others, with the age at which they failed or were given up.
	Failed  string `json:"failed,omitempty"`
	Service string `json:"service,omitempty"` // microseconds from sent, of all that were sent
	Wait    string `json:"wait,omitempty"`    // microseconds from due to sent, of all that were sent
	Connect string `json:"connect,omitempty"` // microseconds that a new connection took, of those that made one
	// Microseconds from sent, or from the new connection, to the first byte of the answer.
	First string `json:"first,omitempty"`
	Body  string `json:"body,omitempty"` // microseconds from the first byte to the last
}

// Classes of failed hits. A status that the target does not expect is "status".
const (
	ErrTimeout    = "timeout"    // the hit's own time limit ran out
	ErrRefused    = "refused"    // connection refused
	ErrReset      = "reset"      // connection reset by the other side
	ErrClosed     = "closed"     // closed before or within the answer
	ErrMalformed  = "malformed"  // the answer is not HTTP
	ErrStatus     = "status"     // a whole answer with an unexpected status
	ErrResent     = "resent"     // the client library sent it a second time: the first was lost
	ErrDropped    = "dropped"    // due, never sent
	ErrUnanswered = "unanswered" // no answer when the run ended
	ErrOther      = "other"
)

// Hit is a single hit. Of those that ended in one window of 100 ms the first 20 that failed are recorded, the first 5
// that were answered as expected after 500 ms or more, and one other as a sample; what a hit's answer says of a task
// is in the Ledger alone.
type Hit struct {
	Seq    uint64        `json:"seq"`
	Tag    string        `json:"tag,omitempty"`
	Due    time.Duration `json:"due"`
	Sent   time.Duration `json:"sent"`
	Took   time.Duration `json:"took"` // from sent to the end of the answer, or to the failure
	Status int           `json:"status,omitempty"`
	Error  string        `json:"error,omitempty"`  // class
	Detail string        `json:"detail,omitempty"` // its text, cut at 200 bytes
	Port   int           `json:"port,omitempty"`   // our local port: joins the hit to the worker that has the other end
}

// Ledger is what became of all accepted tasks of the variant so far.
// Accepted = Done + Failed + TimedOut + DeadLettered + Lost + Open, always; Open is 0 in the final one.
type Ledger struct {
	Accepted uint64 `json:"accepted"`
	Done     uint64 `json:"done"`
	Failed   uint64 `json:"failed"`
	TimedOut uint64 `json:"timed_out"`
	// DeadLettered were tried as often as the server tries a task, and put aside.
	DeadLettered uint64 `json:"dead_lettered,omitempty"`
	Lost         uint64 `json:"lost"`
	Open         uint64 `json:"open"`
	// Workers has those with open tasks, by process: work that is present, seen from the client's side.
	Workers []OpenTasks `json:"workers,omitempty"`
	Final   bool        `json:"final,omitempty"`
	// LostBy says how many of the lost tasks each process had accepted.
	LostBy []LostTasks `json:"lost_by,omitempty"`
	// Unfollowed counts accepted tasks whose end could not be asked for; they are counted as lost only when the
	// server says so, else under Failed.
	Unfollowed uint64 `json:"unfollowed,omitempty"`
	// Stuck counts, of the unfollowed, those that the server still had when the ledger stopped asking: they waited or ran
	// by its word.
	Stuck uint64 `json:"stuck,omitempty"`
	// Queue is what the server said last of its queue; nil: it has none that is the same for all its workers.
	Queue *TaskQueue `json:"queue,omitempty"`
}

// TaskQueue is how a queue is that all workers of a server take their tasks from, in the server's own words.
type TaskQueue struct {
	Depth        int           `json:"depth"`                 // tasks that wait
	InFlight     int           `json:"in_flight"`             // tasks that workers hold
	Oldest       time.Duration `json:"oldest"`                // age of the oldest that has not ended
	Redelivered  *uint64       `json:"redelivered,omitempty"` // times that a task was given out again; nil: nobody counts
	DeadLettered uint64        `json:"dead_lettered"`         // tasks that were put aside
	DoneTwice    uint64        `json:"done_twice"`            // times that a task was done that had been done before
}

// LostTasks are those that one process accepted and nobody will end.
type LostTasks struct {
	PID  int    `json:"pid"`
	Lost uint64 `json:"lost"`
}

// OpenTasks are the tasks that one process accepted and has not ended.
type OpenTasks struct {
	PID    int           `json:"pid"`
	Open   int           `json:"open"`
	Oldest time.Duration `json:"oldest"` // age since accepted
}

// TaskLog is what the task logs of the reference server hold once it has stopped: one JSON object a line.
type TaskLog struct {
	Files      int    `json:"files"`
	Lines      uint64 `json:"lines"`
	Torn       uint64 `json:"torn"`       // lines that are no whole JSON object
	Started    uint64 `json:"started"`    // tasks with a line that they began
	Ended      uint64 `json:"ended"`      // tasks with a line that they ended, well or badly
	Duplicated uint64 `json:"duplicated"` // tasks that began more than once
}

// RateChanged says that a person changed the rate while it ran.
type RateChanged struct {
	Rate float64 `json:"rate"` // hits a second; 0 is a pause
}

func (LoadStarted) kind() string    { return "load-started" }
func (LoadWindow) kind() string     { return "load-window" }
func (GeneratorBound) kind() string { return "generator-bound" }
func (HitWindow) kind() string      { return "hit-window" }
func (Hit) kind() string            { return "hit" }
func (Ledger) kind() string         { return "ledger" }
func (TaskLog) kind() string        { return "task-log" }
func (RateChanged) kind() string    { return "rate-changed" }
